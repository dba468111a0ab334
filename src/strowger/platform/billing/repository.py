"""Queries of wallets, ledger and tariffs. Every change of a balance appends its ledger entry in the same statement set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg

from strowger.foundation.database import columns
from strowger.foundation.ids import new_uuid

LOCK = "SELECT account_id, balance, credit_limit FROM wallet WHERE account_id = ANY($1::bigint[]) ORDER BY account_id FOR UPDATE"
MOVE = """
WITH t AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::numeric[], $5::integer[], $6::text[], $7::timestamptz[])
        AS t(id, account_id, kind, amount, messages, reference, at)
), moved AS (
    UPDATE wallet w SET balance = w.balance + t.amount FROM t WHERE w.account_id = t.account_id
    RETURNING w.account_id, w.balance
)
INSERT INTO ledger_entry (id, account_id, kind, amount, balance_after, messages, reference, created_at)
SELECT t.id, t.account_id, t.kind, t.amount, moved.balance, t.messages, t.reference, t.at FROM t JOIN moved USING (account_id)
"""
OPEN = "INSERT INTO wallet (account_id, credit_limit) VALUES ($1, $2)"
BALANCE = "SELECT w.balance, a.currency FROM wallet w JOIN account a ON a.id = w.account_id WHERE w.account_id = $1"
TARIFFS = "SELECT account_id, channel, country, currency, unit_price FROM tariff"
ADD_TARIFF = "INSERT INTO tariff (account_id, channel, country, currency, unit_price) VALUES ($1, $2, $3, $4, $5)"
ENTRIES = """
SELECT id, kind, amount, balance_after, messages, reference, created_at FROM ledger_entry
WHERE account_id = $1 ORDER BY id DESC LIMIT $2
"""
Movement = tuple[int, str, Decimal, int, str | None]  # account, kind, amount, messages, reference


async def lock_balances(connection: asyncpg.Connection[Any], accounts: Sequence[int]) -> dict[int, Decimal]:
    """Lock wallets in a fixed order; returns what each account may still spend."""
    rows = await connection.fetch(LOCK, sorted(set(accounts)))
    return {row["account_id"]: row["balance"] + row["credit_limit"] for row in rows}


async def move(connection: asyncpg.Connection[Any], movements: Sequence[Movement], now: datetime) -> None:
    """Book movements, at most one for each account and call.

    Raises asyncpg.CheckViolationError when a balance would fall under its limit.
    """
    rows: list[tuple[Any, ...]] = [(new_uuid(), *movement, now) for movement in movements]
    await connection.execute(MOVE, *columns(rows, 7))


async def open_wallet(connection: asyncpg.Connection[Any], account_id: int, credit_limit: Decimal) -> None:
    """Open the wallet of a new account."""
    await connection.execute(OPEN, account_id, credit_limit)


async def balance(connection: asyncpg.Connection[Any], account_id: int) -> tuple[Decimal, str] | None:
    """Balance and currency of an account."""
    row = await connection.fetchrow(BALANCE, account_id)
    return (row["balance"], row["currency"]) if row else None


async def tariffs(connection: asyncpg.Connection[Any]) -> list[Mapping[str, Any]]:
    """Every tariff."""
    return await connection.fetch(TARIFFS)


async def add_tariff(
    connection: asyncpg.Connection[Any],
    account_id: int | None,
    channel: str,
    country: str | None,
    currency: str,
    price: Decimal,
) -> None:
    """Add a price."""
    await connection.execute(ADD_TARIFF, account_id, channel, country, currency, price)


async def latest_entries(connection: asyncpg.Connection[Any], account_id: int, limit: int) -> list[Mapping[str, Any]]:
    """The latest ledger entries of an account, newest first."""
    return await connection.fetch(ENTRIES, account_id, limit)
