"""Erasing texts of messages that an account keeps for less long than the messages themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection
from strowger.foundation.ids import uuid_floor
from strowger.messaging.statuses import Status

# scope: upkeep of the whole installation
WANTED = """
SELECT r.account_id, r.days, e.until FROM retention r LEFT JOIN text_erasure e ON e.account_id = r.account_id
WHERE r.kind = 'texts'
"""
# Not what may still leave: what waits in a queue, and a scheduled message until its own time is long over (ERASE_SCHEDULED).
ERASE = f"""
WITH due AS MATERIALIZED (
    SELECT request_id, n FROM message
    WHERE account_id = $1 AND request_id >= $2 AND request_id < $3 AND body <> '' AND status <> {int(Status.SCHEDULED)}
      AND NOT EXISTS (SELECT FROM submission s WHERE s.account_id = $1 AND s.request_id = message.request_id
                      AND s.n = message.n)
    ORDER BY request_id, n LIMIT $4
), bare AS (
    UPDATE callback_attempt c SET request_body = NULL FROM due
    WHERE c.account_id = $1 AND c.request_id = due.request_id AND c.n = due.n AND c.request_body IS NOT NULL
)
UPDATE message m SET body = '' FROM due
WHERE m.account_id = $1 AND m.request_id = due.request_id AND m.n = due.n AND m.body <> ''
"""  # noqa: S608
ERASE_SCHEDULED = f"""
WITH due AS MATERIALIZED (
    UPDATE scheduled_request SET body = '' WHERE account_id = $1 AND last_due_at < $2 AND body <> '' RETURNING request_id
), bare AS (
    UPDATE callback_attempt c SET request_body = NULL FROM due
    WHERE c.account_id = $1 AND c.request_id = due.request_id AND c.request_body IS NOT NULL
)
UPDATE message m SET body = '' FROM due
WHERE m.account_id = $1 AND m.request_id = due.request_id AND m.body <> '' AND m.status <> {int(Status.SCHEDULED)}
"""  # noqa: S608
DONE = """
INSERT INTO text_erasure AS e (account_id, until) VALUES ($1, $2)
ON CONFLICT (account_id) DO UPDATE SET until = greatest(e.until, excluded.until)
"""


async def wanted(connection: Connection) -> list[Any]:
    """The accounts that keep texts for ``days``, and until when theirs are erased (None: not yet)."""
    return await connection.fetch(WANTED)


async def erase(connection: Connection, account_id: int, since: datetime, until: datetime, limit: int) -> int:
    """Erase texts of messages accepted from ``since`` until ``until``, and the bodies of their callbacks; returns how many."""
    low, high = _bounds(since, until)
    return _count(await connection.execute(ERASE, account_id, low, high, limit))


async def erase_scheduled(connection: Connection, account_id: int, until: datetime) -> int:
    """Erase texts of scheduled requests whose last message left before ``until``; returns how many messages."""
    return _count(await connection.execute(ERASE_SCHEDULED, account_id, until))


async def note_erased(connection: Connection, account_id: int, until: datetime) -> None:
    """Remember that an account's texts until a moment are erased."""
    await connection.execute(DONE, account_id, until)


def _bounds(since: datetime, until: datetime) -> tuple[UUID, UUID]:
    return uuid_floor(since), uuid_floor(until)


def _count(tag: str) -> int:
    return int(tag.rsplit(" ", 1)[-1])
