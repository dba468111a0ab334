"""What a parent's server is told about its sub-accounts: events of callback profiles (platform.md 7.7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from strowger.platform.callbacks.profiles.telling import tell_default
from strowger.platform.subaccounts import repository

STATUS, LOW_BALANCE = "subaccount_status", "subaccount_low_balance"


def variables(row: Mapping[str, Any], now: datetime, balance: Decimal | None = None) -> dict[str, Any]:
    """The variables of both events; a shared account has no balance of its own."""
    shared = row["credit_type"] == "shared"
    balance = row["balance"] if balance is None else balance
    return {
        "sid": row["sid"],
        "account_name": row["name"],
        "balance": None if shared else float(balance),
        "limit": None if row["low_at"] is None else float(row["low_at"]),
        "status": row["status"],
        "timestamp": now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
    }


async def tell_status(connection: Any, parent_id: int, row: Mapping[str, Any], now: datetime) -> None:
    """Tell that a sub-account has another status, within the transaction that gave it."""
    await tell_default(connection, parent_id, STATUS, variables(row, now), now)


async def hear(connection: Any, notice: Mapping[str, Any], now: datetime) -> None:
    """Of what accounts are told about their money: tell the parent that a sub-account's balance fell under its limit."""
    if notice["kind"] != "low":
        return
    row = await repository.of_account(connection, notice["account_id"], now)
    if row is not None:
        balance = Decimal(str(notice["detail"].get("balance", row["balance"])))
        await tell_default(connection, row["parent_id"], LOW_BALANCE, variables(row, now, balance), now)
