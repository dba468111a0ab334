"""The submission queue: claiming, moving between lanes, giving back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from strowger.foundation.database import Connection, json_text
from strowger.messaging.schemas import Submission
from strowger.messaging.statuses import Status

INTAKE = 0  # the lane of messages that have no carrier yet

MESSAGE_COLUMNS = """
    q.account_id, q.request_id, q.n, q.lane, q.priority, q.attempts, m.created_at, q.expires_at, m.type, m.sender,
    m.recipient, m.body, m.options, m.callback, m.source, m.campaign_name, q.price, q.tried, m.country, m.units,
    m.length, m.encoding, m.status
"""
DUE = """
    SELECT d.* FROM unnest(ARRAY[0, 1, 2]::smallint[]) AS p(priority) CROSS JOIN LATERAL (
        SELECT * FROM submission s
        WHERE s.lane = $1 AND s.priority = p.priority AND s.due_at <= $2 AND s.claimed_by IS NULL
        ORDER BY s.due_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ) d LIMIT $3
"""
JOIN_MESSAGE = "JOIN message m ON m.account_id = q.account_id AND m.request_id = q.request_id AND m.n = q.n"

LOCK_DUE = f"WITH q AS MATERIALIZED ({DUE}) SELECT {MESSAGE_COLUMNS} FROM q {JOIN_MESSAGE}"  # noqa: S608
CLAIM = f"""
WITH due AS MATERIALIZED ({DUE}), q AS (
    UPDATE submission s SET claimed_by = $4 FROM due
    WHERE s.request_id = due.request_id AND s.n = due.n AND due.expires_at > $2 RETURNING s.*
)
SELECT {MESSAGE_COLUMNS} FROM q {JOIN_MESSAGE} ORDER BY q.priority, q.due_at
"""  # noqa: S608
MOVE = """
UPDATE submission s SET lane = t.lane, claimed_by = t.claimed_by, price = t.price, due_at = t.due_at, reason = NULL
FROM json_to_recordset($1::text::json) AS t(request_id uuid, n smallint, lane integer, claimed_by integer, price numeric,
    due_at timestamptz)
WHERE s.request_id = t.request_id AND s.n = t.n
"""
RELEASE = """
UPDATE submission s SET claimed_by = NULL
FROM unnest($1::uuid[], $2::smallint[]) AS t(request_id, n)
WHERE s.request_id = t.request_id AND s.n = t.n AND s.claimed_by = $3
"""
EXPIRED = f"""
WITH q AS MATERIALIZED (
    SELECT * FROM submission WHERE expires_at <= $1 AND claimed_by IS NULL LIMIT $2 FOR UPDATE SKIP LOCKED
)
SELECT {MESSAGE_COLUMNS} FROM q {JOIN_MESSAGE}
"""  # noqa: S608
WAITING = f"""
WITH q AS MATERIALIZED (
    SELECT * FROM submission s WHERE s.account_id = $1 AND s.claimed_by IS NULL
        AND (s.request_id, s.n) IN (SELECT * FROM unnest($2::uuid[], $3::smallint[]))
    FOR UPDATE SKIP LOCKED
)
SELECT {MESSAGE_COLUMNS} FROM q {JOIN_MESSAGE}
"""  # noqa: S608
REROUTE = """
UPDATE submission SET lane = 0, due_at = least(due_at, $2) WHERE (request_id, n) IN (
    SELECT request_id, n FROM submission WHERE lane = $1 AND claimed_by IS NULL LIMIT $3 FOR UPDATE SKIP LOCKED
)
"""
WAITING_LANES = "SELECT DISTINCT lane FROM submission WHERE lane <> 0"
RELEASE_DEAD = (
    "UPDATE submission SET claimed_by = NULL WHERE claimed_by IS NOT NULL AND NOT claimed_by = ANY($1::integer[])"
)

CLAIMED = "SELECT request_id, n FROM submission WHERE claimed_by = $1"


def _submission(row: Any) -> Submission:
    return Submission(
        account_id=row["account_id"],
        request_id=row["request_id"],
        n=row["n"],
        lane=row["lane"],
        priority=row["priority"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        type=row["type"],
        sender=row["sender"],
        recipient=row["recipient"],
        body=row["body"],
        options=row["options"] or {},
        callback=row["callback"],
        source=row["source"],
        campaign_name=row["campaign_name"],
        price=row["price"],
        tried=row["tried"],
        country=row["country"],
        units=row["units"],
        length=row["length"],
        encoding=row["encoding"],
        status=Status(row["status"]),
    )


def _keys(submissions: Sequence[Submission]) -> tuple[list[UUID], list[int]]:
    return [s.request_id for s in submissions], [s.n for s in submissions]


async def lock_due(connection: Connection, lane: int, now: datetime, limit: int) -> list[Submission]:
    """Lock due submissions of a lane for the length of the transaction, highest priority first."""
    return [_submission(row) for row in await connection.fetch(LOCK_DUE, lane, now, limit)]


async def claim(connection: Connection, lane: int, worker_id: int, now: datetime, limit: int) -> list[Submission]:
    """Claim due submissions of a lane that have not expired, highest priority first."""
    return [_submission(row) for row in await connection.fetch(CLAIM, lane, now, limit, worker_id)]


async def move(connection: Connection, moves: list[tuple[Submission, int, int | None]], now: datetime) -> None:
    """Move submissions to lanes: (submission, lane, worker that keeps it claimed or None)."""
    rows = [
        {"request_id": s.request_id, "n": s.n, "lane": lane, "claimed_by": worker, "price": s.price, "due_at": now}
        for s, lane, worker in moves
    ]
    if rows:
        await connection.execute(MOVE, json_text(rows))


async def release(connection: Connection, submissions: Sequence[Submission], worker_id: int) -> None:
    """Give claimed submissions back."""
    await connection.execute(RELEASE, *_keys(submissions), worker_id)


async def claimed(connection: Connection, worker_id: int) -> set[tuple[UUID, int]]:
    """What the table says that a worker holds."""
    return {(row["request_id"], row["n"]) for row in await connection.fetch(CLAIMED, worker_id)}


async def release_keys(connection: Connection, keys: Sequence[tuple[UUID, int]], worker_id: int) -> None:
    """Give claimed submissions back by their keys."""
    await connection.execute(RELEASE, [key[0] for key in keys], [key[1] for key in keys], worker_id)


async def lock_expired(connection: Connection, now: datetime, limit: int) -> list[Submission]:
    """Lock submissions whose validity has ended and that nobody holds."""
    return [_submission(row) for row in await connection.fetch(EXPIRED, now, limit)]


async def lock_waiting(connection: Connection, account_id: int, keys: Sequence[tuple[UUID, int]]) -> list[Submission]:
    """Lock those of an account's messages that nobody has begun to hand over."""
    rows = await connection.fetch(WAITING, account_id, [key[0] for key in keys], [key[1] for key in keys])
    return [_submission(row) for row in rows]


async def reroute(connection: Connection, lane: int, now: datetime, limit: int) -> int:
    """Send waiting submissions of a lane back to intake; returns how many."""
    return int((await connection.execute(REROUTE, lane, now, limit)).rsplit(" ", 1)[-1])


async def waiting_lanes(connection: Connection) -> list[int]:
    """Carriers that have messages waiting."""
    return [row["lane"] for row in await connection.fetch(WAITING_LANES)]


async def release_dead(connection: Connection, live: Sequence[int]) -> int:
    """Release what workers hold that are no longer alive; returns how many."""
    return int((await connection.execute(RELEASE_DEAD, list(live))).rsplit(" ", 1)[-1])


def encode_json(value: dict[str, Any] | None) -> str | None:
    """JSON text for a ``::jsonb`` cast inside unnest."""
    return None if value is None else msgspec.json.encode(value).decode()
