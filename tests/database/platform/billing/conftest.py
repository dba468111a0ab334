"""Accounts with wallets, and what must be true of every ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from strowger.foundation.database import Database
from strowger.platform.billing.repository import open_wallet
from strowger.platform.billing.service import recharge

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
Open = Callable[..., Awaitable[int]]


@pytest.fixture
def open_account(database: Database) -> Open:
    """Make an account with a wallet: ``await open_account(credit, limit=, payer=, **wallet columns)``."""
    count = 0

    async def make(
        credit: Any = 0, *, limit: Any = 0, payer: int | None = None, parent: int | None = None, **wallet: Any
    ) -> int:
        nonlocal count
        count += 1
        account: int = await database.pool.fetchval(
            "INSERT INTO account (sid, name, country, currency, parent_id) VALUES ($1, 'T', 'DE', 'EUR', $2) RETURNING id",
            f"HXEU{count:010d}DE", parent or payer,
        )  # fmt: skip
        kind = "shared" if payer else None
        await database.run(lambda c: open_wallet(c, account, Decimal(limit), kind, payer))
        for name, value in wallet.items():
            await database.pool.execute(f"UPDATE wallet SET {name} = $2 WHERE account_id = $1", account, value)
        if credit:
            await database.run(lambda c: recharge(c, account, Decimal(credit), "opening", NOW))
        return account

    return make


async def check_books(database: Database, open_reservations: Decimal = Decimal(0)) -> None:
    """The ledger sums: wallets to their entries, transfers to nothing, reservations to what is open, days to their use."""
    fetch = database.pool.fetch
    for row in await fetch(
        "SELECT w.account_id, w.balance, w.credit_limit, coalesce(sum(e.amount), 0) AS sum FROM wallet w"
        " LEFT JOIN ledger_entry e USING (account_id) GROUP BY w.account_id"
    ):
        assert row["balance"] == row["sum"]
        assert row["balance"] >= -row["credit_limit"]
    books = {r["contra"]: r["sum"] for r in await fetch(
        "SELECT contra, -sum(amount + reserved) AS sum FROM ledger_entry GROUP BY contra"
    )}  # fmt: skip
    totals = await database.pool.fetchrow("SELECT sum(amount) AS balances, sum(reserved) AS reserved FROM ledger_entry")
    assert totals["balances"] + totals["reserved"] + sum(books.values()) == 0
    assert totals["reserved"] == open_reservations
    assert books.get("transfers", 0) == 0
    for row in await fetch(
        "SELECT account_id, amount, balance_after, lag(balance_after) OVER (PARTITION BY account_id ORDER BY id) AS before"
        " FROM ledger_entry WHERE balance_after IS NOT NULL"
    ):
        assert row["balance_after"] == (row["before"] or 0) + row["amount"]
    assert await database.pool.fetchval(
        "SELECT coalesce(sum(amount), 0) FROM usage_day"
    ) == -(await database.pool.fetchval(
        "SELECT coalesce(sum(amount), 0) FROM ledger_entry WHERE kind IN ('reserve', 'release', 'refund')"
    ))  # fmt: skip
