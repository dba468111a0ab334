"""Scheduled requests: written with their messages, listed, moved and cancelled. Always of one account, always in sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, select

from strowger.foundation.database import Connection, columns
from strowger.messaging.models import Message, ScheduledRequest
from strowger.messaging.repository.journaling import Key
from strowger.messaging.schemas import NewRequest
from strowger.messaging.statuses import Status

ADD = """
INSERT INTO scheduled_request (account_id, request_id, channel, type, sender, body, source, campaign_name, total, due_at,
                               last_due_at, created_at)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::integer[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[])
"""
FIND = "SELECT * FROM scheduled_request WHERE account_id = $1 AND request_id = $2"
KNOWN = "SELECT EXISTS (SELECT FROM scheduled_request WHERE account_id = $1 AND request_id = $2)"
# Only what waits for its own time: neither what a worker holds, nor what is about to be taken. Locked, so that of two
# changes at the same time the second finds what the first has left.
LOCK_WAITING = f"""
SELECT s.n FROM submission s
JOIN message m ON m.account_id = s.account_id AND m.request_id = s.request_id AND m.n = s.n
WHERE s.account_id = $1 AND s.request_id = $2 AND ($3::smallint IS NULL OR s.n = $3) AND s.due_at > $4 AND s.lane = 0
  AND s.claimed_by IS NULL AND m.status = {int(Status.SCHEDULED)}
ORDER BY s.n FOR UPDATE OF s
"""  # noqa: S608
MOVE = """
WITH moved AS (
    UPDATE submission SET expires_at = expires_at + ($4 - due_at), due_at = $4
    WHERE account_id = $1 AND request_id = $2 AND n = ANY($3::smallint[]) RETURNING n, expires_at
)
UPDATE message m SET valid_until = moved.expires_at FROM moved
WHERE m.account_id = $1 AND m.request_id = $2 AND m.n = moved.n
"""
NOTE_CHANGE = f"""
UPDATE scheduled_request r SET changed_at = $3, due_at = coalesce(w.first, r.due_at), last_due_at = coalesce(w.last, r.last_due_at)
FROM (
    SELECT min(s.due_at) AS first, max(s.due_at) AS last FROM submission s
    JOIN message m ON m.account_id = s.account_id AND m.request_id = s.request_id AND m.n = s.n
    WHERE s.account_id = $1 AND s.request_id = $2 AND m.status = {int(Status.SCHEDULED)}
) w WHERE r.account_id = $1 AND r.request_id = $2
"""  # noqa: S608
# scope: upkeep of the whole installation
FORGET = "DELETE FROM scheduled_request WHERE last_due_at < $1"
# scope: upkeep of the whole installation; what left late has an id of the day on which it was accepted
STALE_SENT = f"""
SELECT m.account_id, m.request_id, m.n FROM scheduled_request r
JOIN message m ON m.account_id = r.account_id AND m.request_id = r.request_id
WHERE r.due_at < $2 AND r.last_due_at >= $1 AND m.status = {int(Status.SENT)} AND m.final_at IS NULL AND m.sent_at < $2 LIMIT $3
"""  # noqa: S608


def schedule_row(request: NewRequest) -> list[tuple[Any, ...]]:
    """The row of a request of which some messages leave later, in a list; empty when all leave at once."""
    each = request.each or [None] * len(request.recipients)
    moments = [moment for own in each if (moment := own.due_at if own else request.due_at)]
    if not moments:
        return []
    return [
        (
            request.account_id, request.request_id, int(request.channel), request.type, request.sender, request.body,
            request.source, request.campaign_name, len(moments), min(moments), max(moments), request.created_at,
        )
    ]  # fmt: skip


async def add_schedules(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Write scheduled requests, as ``schedule_row`` makes them."""
    await connection.execute(ADD, *columns(rows, 12))


async def is_known(connection: Connection, account_id: int, request_id: UUID) -> bool:
    """Whether the account has scheduled this request."""
    return bool(await connection.fetchval(KNOWN, account_id, request_id))


async def lock_waiting(
    connection: Connection, account_id: int, request_id: UUID, n: int | None, after: datetime
) -> list[int]:
    """Lock the messages of a request (or one of them) that leave after ``after``; returns their numbers."""
    return [row["n"] for row in await connection.fetch(LOCK_WAITING, account_id, request_id, n, after)]


async def move_waiting(
    connection: Connection, account_id: int, request_id: UUID, numbers: Sequence[int], due_at: datetime
) -> None:
    """Let messages leave at another moment; their validity moves with it."""
    await connection.execute(MOVE, account_id, request_id, list(numbers), due_at)


async def note_change(connection: Connection, account_id: int, request_id: UUID, now: datetime) -> None:
    """Bring a scheduled request's row up to date with what still waits."""
    await connection.execute(NOTE_CHANGE, account_id, request_id, now)


async def forget_old(connection: Connection, before: datetime) -> None:
    """Delete the rows of requests whose last message left before ``before``."""
    await connection.execute(FORGET, before)


async def stale_sent(connection: Connection, low: datetime, high: datetime, limit: int) -> list[Key]:
    """Messages that left between two moments by schedule, are SENT and wait for a receipt."""
    return [tuple(row) for row in await connection.fetch(STALE_SENT, low, high, limit)]


# scope: completed by SqlSource, which adds the account; messages are those of the row's own account
def schedule_rows() -> Select[Any]:
    """The rows of the console's list, with how many of their messages still wait, and how many were sent (``left``)."""
    return select(
        *ScheduledRequest.__table__.columns,
        _count(Message.status == Status.SCHEDULED).label("waiting"),
        _count(Message.status.not_in([Status.SCHEDULED, Status.CANCELLED])).label("left"),
    )


def _count(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    own = and_(
        Message.account_id == ScheduledRequest.account_id, Message.request_id == ScheduledRequest.request_id, condition
    )
    return select(func.count()).select_from(Message).where(own).correlate(ScheduledRequest).scalar_subquery()


async def find_schedule(connection: Connection, account_id: int, request_id: UUID) -> Any | None:
    """A scheduled request; None when the account has no such one."""
    return await connection.fetchrow(FIND, account_id, request_id)
