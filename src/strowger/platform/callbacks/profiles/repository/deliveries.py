"""Queries of a profile's deliveries and figures, always of one account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection, Queryable
from strowger.foundation.ids import uuid_floor
from strowger.platform.reports.types import cursor_batches

OF_PROFILE = """account_id = $1 AND profile_id = $2 AND state = ANY($3::smallint[]) AND created_at >= $4
    AND ($5::timestamptz IS NULL OR created_at < $5)"""
QUEUED = f"""
SELECT id, request_id, n, event, target ->> 'url' AS url, target ->> 'method' AS method, state,
    attempts + coalesce((target ->> 'earlier')::integer, 0) AS attempts, due_at, last_error, created_at
FROM callback WHERE {OF_PROFILE} ORDER BY id DESC LIMIT $6 OFFSET $7
"""  # noqa: S608
COUNT = f"SELECT count(*) FROM callback WHERE {OF_PROFILE}"  # noqa: S608
DELIVERED = """
SELECT callback_id AS id, request_id, n, event, url, method, attempt AS attempts, at, http_status, duration_ms
FROM callback_attempt
WHERE account_id = $1 AND profile_id = $2 AND callback_id >= $3 AND at >= $4 AND outcome = 1
  AND ($5::timestamptz IS NULL OR at < $5)
ORDER BY callback_id DESC LIMIT $6 OFFSET $7
"""
KNOWN = """
SELECT EXISTS (SELECT FROM callback
    WHERE account_id = $1 AND id = $2 AND profile_id IS NOT NULL AND state IN (2, 3) AND created_at >= $3)
"""
STORED = "SELECT EXISTS (SELECT FROM callback_profile WHERE account_id = $1 AND id = $2)"
# One microsecond apart, so that they leave in the order in which they were made.
REPLAY = f"""
WITH chosen AS (
    SELECT id, row_number() OVER (ORDER BY created_at, id) AS place FROM callback
    WHERE {OF_PROFILE} AND state IN (2, 3) AND (cardinality($6::uuid[]) = 0 OR id = ANY($6::uuid[]))
)
UPDATE callback c SET state = 0, claimed_by = NULL, last_error = NULL, attempts = 0,
    due_at = $7::timestamptz - interval '1 second' + chosen.place * interval '1 microsecond',
    target = (target::jsonb || jsonb_build_object('earlier', coalesce((target->>'earlier')::integer, 0) + attempts))::json
FROM chosen WHERE c.account_id = $1 AND c.id = chosen.id
"""  # noqa: S608
TALLY = """
SELECT t.profile_id, p.pod, p.title, (t.hour AT TIME ZONE $4)::date AS day, t.host, t.outcome, t.http_status, t.bucket,
    sum(t.number)::bigint AS number, sum(t.ms)::bigint AS ms
FROM callback_tally t JOIN callback_profile p ON p.account_id = t.account_id AND p.id = t.profile_id
WHERE t.account_id = $1 AND t.hour >= $2 AND t.hour < $3 AND ($5::uuid IS NULL OR t.profile_id = $5)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
# The last attempt of each request; those that never got one are still in the queue.
REQUESTS = """
WITH last AS (
    SELECT DISTINCT ON (callback_id) callback_id, profile_id, event, request_id, n, method, url, attempt, http_status, error,
        outcome FROM callback_attempt
    WHERE account_id = $1 AND callback_id >= $2 AND callback_id < $3 AND profile_id IS NOT NULL
    ORDER BY callback_id, attempt DESC, at DESC
)
SELECT l.*, p.title, q.state FROM last l JOIN callback_profile p ON p.account_id = $1 AND p.id = l.profile_id
LEFT JOIN callback q ON q.account_id = $1 AND q.id = l.callback_id
UNION ALL
SELECT q.id, q.profile_id, q.event, q.request_id, q.n, q.target ->> 'method', q.target ->> 'url', q.attempts, NULL, q.last_error,
    NULL, p.title, q.state
FROM callback q JOIN callback_profile p ON p.account_id = $1 AND p.id = q.profile_id
WHERE q.account_id = $1 AND q.id >= $2 AND q.id < $3 AND q.profile_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM last l WHERE l.callback_id = q.id)
ORDER BY 1
"""
# scope: upkeep of the whole installation
PURGE_TALLY = "DELETE FROM callback_tally WHERE hour < $1"


def requests(connection: Connection, account_id: int, start: datetime, end: datetime) -> AsyncIterator[list[Any]]:
    """What became of the requests of profiles that were made between two moments, through a cursor."""
    return cursor_batches(connection, REQUESTS, account_id, uuid_floor(start), uuid_floor(end))


async def queued(
    connection: Queryable,
    account_id: int,
    profile_id: UUID,
    states: Sequence[int],
    since: datetime,
    until: datetime | None,
    limit: int,
    offset: int,
) -> list[Any]:
    """Rows of the queue, newest first."""
    return await connection.fetch(QUEUED, account_id, profile_id, list(states), since, until, limit, offset)


async def count(
    connection: Queryable,
    account_id: int,
    profile_id: UUID,
    states: Sequence[int],
    since: datetime,
    until: datetime | None,
) -> int:
    """How many rows of the queue fit."""
    return int(await connection.fetchval(COUNT, account_id, profile_id, list(states), since, until))


async def delivered(
    connection: Queryable,
    account_id: int,
    profile_id: UUID,
    since: datetime,
    until: datetime | None,
    limit: int,
    offset: int,
) -> list[Any]:
    """Attempts that succeeded, newest first."""
    return await connection.fetch(DELIVERED, account_id, profile_id, uuid_floor(since), since, until, limit, offset)


async def is_of_a_profile(connection: Queryable, account_id: int, callback_id: UUID, since: datetime) -> bool:
    """Whether a failed or dropped callback made since then belongs to a profile of the account."""
    return bool(await connection.fetchval(KNOWN, account_id, callback_id, since))


async def is_stored(connection: Queryable, account_id: int, profile_id: UUID) -> bool:
    """Whether the account has such a profile."""
    return bool(await connection.fetchval(STORED, account_id, profile_id))


async def replay(
    connection: Queryable,
    account_id: int,
    profile_id: UUID,
    states: Sequence[int],
    since: datetime,
    until: datetime | None,
    ids: Sequence[UUID],
    now: datetime,
) -> int:
    """Begin a new series for what fits (and is among ``ids``, when there are any); returns how many."""
    tag = await connection.execute(REPLAY, account_id, profile_id, list(states), since, until, list(ids), now)
    return int(tag.rsplit(" ", 1)[-1])


async def tally(
    connection: Queryable, account_id: int, start: datetime, end: datetime, zone: str, profile_id: UUID | None
) -> list[Any]:
    """Figures by profile, day in the zone, host, outcome, status and class of duration."""
    return await connection.fetch(TALLY, account_id, start, end, zone, profile_id)


async def purge_tally(connection: Queryable, before: datetime) -> None:
    """Forget figures of hours before that moment."""
    await connection.execute(PURGE_TALLY, before)
