"""Queries of auto-recharge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection

ONE = "SELECT * FROM auto_recharge WHERE account_id = $1"
# scope: the payment service names a set-up by its reference
BY_SETUP = "SELECT * FROM auto_recharge WHERE setup_reference = $1 FOR UPDATE"  # account_id follows from it
SAVE = """
INSERT INTO auto_recharge (account_id, method, threshold, amount, month_limit, enabled, by_user, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (account_id) DO UPDATE SET method = excluded.method, threshold = excluded.threshold, amount = excluded.amount,
    month_limit = excluded.month_limit, enabled = excluded.enabled, by_user = excluded.by_user, changed_at = excluded.changed_at,
    failures = 0, next_at = NULL, last_error = NULL,
    stored = CASE WHEN auto_recharge.method = excluded.method THEN auto_recharge.stored END,
    label = CASE WHEN auto_recharge.method = excluded.method THEN auto_recharge.label ELSE '' END
RETURNING stored IS NOT NULL
"""
SETUP = "UPDATE auto_recharge SET setup_reference = $2, setup_id = $3, setup_url = $4 WHERE account_id = $1"
STORED = """
UPDATE auto_recharge SET stored = $2, label = $3, setup_reference = NULL, setup_id = NULL, setup_url = NULL, failures = 0,
    next_at = NULL, last_error = NULL WHERE account_id = $1
"""
FORGET = "DELETE FROM auto_recharge WHERE account_id = $1 RETURNING account_id"
# Prepaid main accounts whose balance has fallen under their mark, of which no payment is under way.
# scope: a worker looks at every account
DUE = """
SELECT t.account_id, t.method, t.amount, t.month_limit, t.stored, t.failures, t.by_user, a.name, a.currency, a.time_zone
FROM auto_recharge t JOIN wallet w ON w.account_id = t.account_id JOIN account a ON a.id = t.account_id
WHERE t.enabled AND t.stored IS NOT NULL AND w.kind = 'prepaid' AND a.parent_id IS NULL AND a.state IN ('active', 'trial')
  AND w.balance < t.threshold AND (t.next_at IS NULL OR t.next_at <= $1)
  AND NOT EXISTS (SELECT FROM recharge r WHERE r.account_id = t.account_id AND r.auto AND r.status = 'pending')
ORDER BY t.account_id LIMIT $2 FOR UPDATE OF t SKIP LOCKED
"""
TAKEN = "UPDATE auto_recharge SET next_at = $2 WHERE account_id = $1"
SPENT = """
SELECT coalesce(sum(amount), 0) FROM recharge WHERE account_id = $1 AND auto AND status <> 'failed' AND created_at >= $2
"""
MARK = "UPDATE recharge SET auto = true WHERE account_id = $1 AND id = $2"
RESULT = """
UPDATE auto_recharge SET failures = $2, last_error = $3, next_at = $4, enabled = enabled AND $5 WHERE account_id = $1
"""
# scope: a worker gives up what no service has answered, whoever's it is
LOST = """
UPDATE recharge SET status = 'failed', settled_at = $1, note = $3 WHERE auto AND status = 'pending' AND created_at < $2
RETURNING account_id
"""
NOTICE = "INSERT INTO billing_notice (account_id, kind, detail, created_at) VALUES ($1, $2, $3, $4)"
ACTIVE = "SELECT EXISTS (SELECT FROM auto_recharge WHERE account_id = $1 AND enabled AND stored IS NOT NULL)"


async def one(connection: Connection, account_id: int) -> Mapping[str, Any] | None:
    """The auto-recharge of an account."""
    return await connection.fetchrow(ONE, account_id)


async def active(connection: Connection, account_id: int) -> bool:
    """Whether an account is recharged by itself."""
    return bool(await connection.fetchval(ACTIVE, account_id))


async def by_setup(connection: Connection, reference: str) -> Mapping[str, Any] | None:
    """The auto-recharge whose payment method is being stored under a reference; locked."""
    return await connection.fetchrow(BY_SETUP, reference)


async def save(connection: Connection, *values: Any) -> bool:
    """Save method, threshold, amount, limit, switch, who and when; whether a payment method is stored."""
    return bool(await connection.fetchval(SAVE, *values))


async def setup(connection: Connection, account_id: int, reference: str, provider_id: str | None, url: str) -> None:
    """Note where the payment method is being stored."""
    await connection.execute(SETUP, account_id, reference, provider_id, url)


async def stored(connection: Connection, account_id: int, sealed: bytes, label: str) -> None:
    """Keep a payment method."""
    await connection.execute(STORED, account_id, sealed, label)


async def forget(connection: Connection, account_id: int) -> bool:
    """Forget the payment method and everything else."""
    return await connection.fetchval(FORGET, account_id) is not None


async def due(connection: Connection, now: datetime, limit: int, until: datetime) -> list[Mapping[str, Any]]:
    """Take accounts that are to be recharged; nobody else takes them before ``until``."""
    rows = await connection.fetch(DUE, now, limit)
    for row in rows:
        await connection.execute(TAKEN, row["account_id"], until)
    return rows


async def spent(connection: Connection, account_id: int, since: datetime) -> Decimal:
    """What was recharged by itself since a moment."""
    found: Decimal = await connection.fetchval(SPENT, account_id, since)
    return found


async def mark(connection: Connection, account_id: int, recharge: UUID) -> None:
    """Note that a recharge came by itself."""
    await connection.execute(MARK, account_id, recharge)


async def result(
    connection: Connection, account_id: int, failures: int, error: str | None, next_at: datetime | None, goes_on: bool
) -> None:
    """Note how the last recharge went; ``goes_on`` False switches it off."""
    await connection.execute(RESULT, account_id, failures, error, next_at, goes_on)


async def give_up(connection: Connection, now: datetime, before: datetime, note: str) -> list[int]:
    """Fail recharges that nobody has settled; returns whose they were. A later word that they were paid still counts."""
    return [row["account_id"] for row in await connection.fetch(LOST, now, before, note)]


async def notice(connection: Connection, account_id: int, kind: str, detail: Mapping[str, Any], now: datetime) -> None:
    """Tell an account; the mail follows."""
    await connection.execute(NOTICE, account_id, kind, dict(detail), now)
