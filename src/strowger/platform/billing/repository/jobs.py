"""Queries of the background work on money, over all accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.database import Connection

TAKE_NOTICES = text("""
UPDATE billing_notice n SET mailed_at = :now FROM account a JOIN wallet w ON w.account_id = a.id
WHERE a.id = n.account_id AND n.id IN (
    SELECT id FROM billing_notice WHERE mailed_at IS NULL ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
)
RETURNING n.account_id, n.kind, n.detail, a.name, w.alert_emails, (
    SELECT coalesce(array_agg(u.email), '{}') FROM app_user u WHERE u.account_id = a.id AND u.role = 'owner' AND u.state = 'active'
) AS owners
""")
# scope: upkeep of the whole installation
MARGINS = """
SELECT w.account_id, a.parent_id, w.margin, w.margin_booked FROM wallet w JOIN account a ON a.id = w.account_id
WHERE w.margin > 0 AND w.kind = 'prepaid' AND a.parent_id IS NOT NULL
"""
CHARGED_SINCE = """
SELECT coalesce(sum(CASE WHEN kind = 'charge' THEN -reserved ELSE -amount END), 0) AS amount,
       (array_agg(id ORDER BY id DESC))[1] AS last
FROM ledger_entry WHERE account_id = $1 AND kind IN ('charge', 'refund') AND ($2::uuid IS NULL OR id > $2) AND id < $3
"""
BOOKED = "UPDATE wallet SET margin_booked = $2 WHERE account_id = $1 AND margin_booked IS NOT DISTINCT FROM $3 RETURNING account_id"
# scope: upkeep of the whole installation
POSTPAID = """
SELECT w.account_id, a.currency, a.time_zone FROM wallet w JOIN account a ON a.id = w.account_id WHERE w.kind = 'postpaid'
"""
FIRST_SUM_SECONDS = 600  # the first sum of an old installation reads its whole ledger
LOCK_SUMS = "SELECT pg_try_advisory_xact_lock(727868)"
# scope: upkeep of the whole installation
ADD_UP = """
WITH last AS (SELECT id FROM ledger_entry WHERE id < $1 ORDER BY id DESC LIMIT 1), fresh AS (
    SELECT account_id, sum(reserved) AS reserved FROM ledger_entry
    WHERE id <= (SELECT id FROM last) AND id > coalesce(
        (SELECT upto FROM ledger_sum ORDER BY upto DESC LIMIT 1), '00000000-0000-0000-0000-000000000000'
    ) GROUP BY account_id
)
INSERT INTO ledger_sum AS s (account_id, upto, reserved) SELECT account_id, (SELECT id FROM last), reserved FROM fresh
ON CONFLICT (account_id) DO UPDATE SET upto = excluded.upto, reserved = s.reserved + excluded.reserved
RETURNING account_id
"""
HAS_INVOICE = "SELECT EXISTS (SELECT 1 FROM invoice WHERE account_id = $1 AND month = $2)"
OWED = """
SELECT coalesce(-sum(amount), 0) FROM ledger_entry
WHERE account_id = $1 AND created_at >= $2 AND created_at < $3 AND kind NOT IN ('statement', 'recharge')
"""


async def take_notices(session: AsyncSession, now: datetime, most: int) -> list[dict[str, Any]]:
    """Notices that nobody has mailed yet, with whom they are for; they count as mailed when the session commits."""
    found = await session.execute(TAKE_NOTICES, {"now": now, "most": most})
    return [dict(row) for row in found.mappings()]


async def margins(connection: Connection) -> list[Mapping[str, Any]]:
    """Sub-accounts with a margin."""
    return await connection.fetch(MARGINS)


async def charged_since(
    connection: Connection, account_id: int, since: UUID | None, before: UUID
) -> tuple[Decimal, UUID | None]:
    """What an account was charged, less refunds, after one entry and before another; and the last entry of it."""
    row = await connection.fetchrow(CHARGED_SINCE, account_id, since, before)
    return (row["amount"], row["last"]) if row else (Decimal(0), None)


async def book_margin(connection: Connection, account_id: int, last: UUID, since: UUID | None) -> bool:
    """Note how far a margin is booked; False when another worker was faster."""
    return await connection.fetchval(BOOKED, account_id, last, since) is not None


async def add_up(connection: Connection, before: UUID) -> int:
    """Add the entries before one to the sums of their accounts; returns how many changed. None while another worker does."""
    if not await connection.fetchval(LOCK_SUMS):
        return 0
    return len(await connection.fetch(ADD_UP, before, timeout=FIRST_SUM_SECONDS))


async def postpaid(connection: Connection) -> list[Mapping[str, Any]]:
    """Postpaid accounts."""
    return await connection.fetch(POSTPAID)


async def has_invoice(connection: Connection, account_id: int, month: date) -> bool:
    """Whether a month was invoiced."""
    return bool(await connection.fetchval(HAS_INVOICE, account_id, month))


async def owed(connection: Connection, account_id: int, start: datetime, end: datetime) -> Decimal:
    """What an account used between two moments."""
    return Decimal(await connection.fetchval(OWED, account_id, start, end))
