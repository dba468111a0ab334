"""Queries of wallets and the ledger. Every change of a balance appends its ledger entries in the same statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection, columns
from strowger.platform.billing.purse import Purse
from strowger.platform.billing.repository.prices import add_tariff, tariffs, terms

__all__ = [
    "add_tariff",
    "apply",
    "balance",
    "latest_entries",
    "lock_purses",
    "open_wallet",
    "read_purses",
    "settle",
    "tariffs",
    "terms",
]
PURSES = """
SELECT w.account_id, w.balance, w.credit_limit, w.kind, w.payer_id, w.day, w.day_spent, w.day_cap, w.month, w.month_spent,
       w.month_limit, w.low_at, w.told, a.time_zone, a.currency
FROM wallet w JOIN account a ON a.id = w.account_id
WHERE w.account_id = ANY($1::bigint[]) OR w.account_id IN (SELECT payer_id FROM wallet WHERE account_id = ANY($1::bigint[]))
ORDER BY w.account_id
"""
LOCK = f"{PURSES} FOR UPDATE OF w"
APPLY = """
WITH entries AS (
    INSERT INTO ledger_entry (id, account_id, kind, amount, reserved, contra, balance_after, messages, service, reference,
                              used_by, counter_id, by_user, created_at)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::numeric[], $5::numeric[], $6::text[], $7::numeric[],
                         $8::integer[], $9::text[], $10::text[], $11::bigint[], $12::uuid[], $13::text[], $14::timestamptz[])
), used AS (
    INSERT INTO usage_day AS u (account_id, day, service, amount, messages)
    SELECT * FROM unnest($15::bigint[], $16::date[], $17::text[], $18::numeric[], $19::integer[])
    ON CONFLICT (account_id, day, service) DO UPDATE
    SET amount = u.amount + excluded.amount, messages = u.messages + excluded.messages
), notices AS (
    INSERT INTO billing_notice (account_id, kind, detail, created_at)
    SELECT account_id, kind, detail::jsonb, at
    FROM unnest($20::bigint[], $21::text[], $22::text[], $23::timestamptz[]) AS t(account_id, kind, detail, at)
)
UPDATE wallet w SET balance = t.balance, day = t.day, day_spent = t.day_spent, month = t.month, month_spent = t.month_spent,
    told = string_to_array(t.told, ',')
FROM unnest($24::bigint[], $25::numeric[], $26::date[], $27::numeric[], $28::date[], $29::numeric[], $30::text[])
    AS t(account_id, balance, day, day_spent, month, month_spent, told)
WHERE w.account_id = t.account_id
"""
# No wallet changes: what was reserved becomes revenue. So no lock is waited for.
SETTLE = """
INSERT INTO ledger_entry (id, account_id, kind, amount, reserved, contra, messages, service, reference, used_by, created_at)
SELECT t.id, coalesce(w.payer_id, t.account_id), 'charge', 0, -t.amount, 'revenue', t.messages, t.service, 'final',
       CASE WHEN w.payer_id IS NOT NULL THEN t.account_id END, t.at
FROM unnest($1::uuid[], $2::bigint[], $3::numeric[], $4::integer[], $5::text[], $6::timestamptz[])
    AS t(id, account_id, amount, messages, service, at)
JOIN wallet w ON w.account_id = t.account_id
"""
OPEN = "INSERT INTO wallet (account_id, credit_limit, kind, payer_id) VALUES ($1, $2, $3, $4)"
BALANCE = "SELECT w.balance, a.currency FROM wallet w JOIN account a ON a.id = w.account_id WHERE w.account_id = $1"
ENTRIES = """
SELECT id, kind, amount, balance_after, messages, reference, created_at FROM ledger_entry
WHERE account_id = $1 ORDER BY id DESC LIMIT $2
"""
LedgerRow = tuple[UUID, int, str, Decimal, Decimal, str, Decimal | None, int, str | None, str | None, int | None, UUID | None,
                  str | None, datetime]  # fmt: skip
UsageRow = tuple[int, date, str, Decimal, int]
NoticeRow = tuple[int, str, str, datetime]


async def lock_purses(connection: Connection, accounts: Sequence[int]) -> dict[int, Purse]:
    """Lock the wallets of accounts, and of those that pay for them, in a fixed order."""
    return _purses(await connection.fetch(LOCK, sorted(set(accounts))))


async def read_purses(connection: Connection, accounts: Sequence[int]) -> dict[int, Purse]:
    """The same wallets as they are now, without waiting for whoever changes them."""
    return _purses(await connection.fetch(PURSES, sorted(set(accounts))))


def _purses(rows: Sequence[Mapping[str, Any]]) -> dict[int, Purse]:
    return {row["account_id"]: Purse(**{**row, "told": set(row["told"])}) for row in rows}


async def apply(
    connection: Connection,
    entries: Sequence[LedgerRow],
    usage: Sequence[UsageRow],
    notices: Sequence[NoticeRow],
    purses: Sequence[Purse],
) -> None:
    """Write locked wallets with all that changed them, as one statement.

    Raises asyncpg.CheckViolationError when a balance would fall under its limit.
    """
    wallets: list[tuple[Any, ...]] = [
        (p.account_id, p.balance, p.day, p.day_spent, p.month, p.month_spent, ",".join(sorted(p.told))) for p in purses
    ]
    await connection.execute(
        APPLY,
        *columns(list(entries), 14),
        *columns(list(usage), 5),
        *columns(list(notices), 4),
        *columns(wallets, 7),
    )


async def settle(connection: Connection, rows: Sequence[tuple[UUID, int, Decimal, int, str, datetime]]) -> None:
    """Turn reservations into charges: (entry id, account, amount, messages, service, at)."""
    await connection.execute(SETTLE, *columns(list(rows), 6))


async def open_wallet(
    connection: Connection,
    account_id: int,
    credit_limit: Decimal,
    kind: str | None = None,
    payer_id: int | None = None,
) -> None:
    """Open the wallet of a new account: postpaid when it has a limit, unless ``kind`` says otherwise."""
    await connection.execute(
        OPEN, account_id, credit_limit, kind or ("postpaid" if credit_limit else "prepaid"), payer_id
    )


async def balance(connection: Connection, account_id: int) -> tuple[Decimal, str] | None:
    """Balance and currency of an account."""
    row = await connection.fetchrow(BALANCE, account_id)
    return (row["balance"], row["currency"]) if row else None


async def latest_entries(connection: Connection, account_id: int, limit: int) -> list[Mapping[str, Any]]:
    """The latest ledger entries of an account, newest first."""
    return await connection.fetch(ENTRIES, account_id, limit)
