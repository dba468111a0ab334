"""All queries of callbacks: the queue, the attempts, the signing secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from strowger.foundation.database import Queryable, columns, json_text
from strowger.platform.callbacks.profiles.recording import note_results
from strowger.platform.callbacks.rendering import endpoint_of
from strowger.platform.callbacks.schemas import (
    Attempt,
    AttemptOutcome,
    CallbackState,
    Job,
    NewCallback,
    QueuedCallback,
    Result,
)

NEW_ROOM = 20  # rows claimed of an endpoint that the engine does not know yet
PAGE = 200  # endpoints looked at by one claim

INSERT = """
INSERT INTO callback (id, account_id, request_id, n, event, endpoint, target, variables, due_at, created_at, claimed_by)
SELECT id, account_id, request_id, n, event, endpoint, target, variables, due_at, created_at, $2
FROM json_to_recordset($1::text::json) AS t(id uuid, account_id bigint, request_id uuid, n smallint, event text,
    endpoint text, target json, variables json, due_at timestamptz, created_at timestamptz)
"""
# The endpoints that have waiting rows, one index probe each, however many rows wait behind the first.
# scope: the engine serves every account; an endpoint belongs to one
ENDPOINTS = """
WITH RECURSIVE e AS (
    (SELECT endpoint FROM callback WHERE state = 0 AND endpoint > $1 ORDER BY endpoint LIMIT 1)
    UNION ALL
    SELECT (SELECT c.endpoint FROM callback c WHERE c.state = 0 AND c.endpoint > e.endpoint ORDER BY c.endpoint LIMIT 1)
    FROM e WHERE e.endpoint IS NOT NULL
)
SELECT endpoint FROM e WHERE endpoint IS NOT NULL LIMIT $2
"""
# A message's events go in order while their first attempts succeed, and wait for one another at most until $4.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT d.id FROM unnest($1::text[], $2::integer[]) AS e(endpoint, room) CROSS JOIN LATERAL (
        SELECT c.id FROM callback c
        WHERE c.state = 0 AND c.endpoint = e.endpoint AND c.due_at <= $3 AND c.claimed_by IS NULL
          AND (c.created_at <= $4 OR NOT EXISTS (
              SELECT FROM callback o
              WHERE o.account_id = c.account_id AND o.request_id = c.request_id AND o.n = c.n
                AND o.id < c.id AND o.state = 0 AND o.attempts = 0))
        ORDER BY c.due_at LIMIT e.room FOR UPDATE SKIP LOCKED
    ) d
)
UPDATE callback c SET claimed_by = $5 FROM due WHERE c.id = due.id
RETURNING c.id, c.account_id, c.request_id, c.n, c.event, c.endpoint, c.target, c.variables, c.attempts, c.last_error,
          c.due_at
"""
# scope: the worker finishes the rows that it claimed itself, of whatever account
RELEASE = "UPDATE callback SET claimed_by = NULL WHERE id = ANY($1::uuid[]) AND claimed_by = $2"
# scope: upkeep of the whole installation
RELEASE_DEAD = "UPDATE callback SET claimed_by = NULL WHERE state = 0 AND claimed_by <> ALL($1::integer[])"
# scope: the worker finishes the rows that it claimed itself, of whatever account
CLAIMED = "SELECT id FROM callback WHERE state = 0 AND claimed_by = $1"
# scope: the worker finishes the rows that it claimed itself, of whatever account
DELETE = "DELETE FROM callback WHERE id = ANY($1::uuid[])"
# scope: the worker finishes the rows that it claimed itself, of whatever account
PUT_OFF = """
UPDATE callback c SET attempts = t.attempts, due_at = coalesce(t.due_at, c.due_at), state = t.state,
    last_error = t.last_error, claimed_by = NULL
FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::smallint[], $5::text[])
    AS t(id, attempts, due_at, state, last_error)
WHERE c.id = t.id AND c.state = 0 AND c.claimed_by = $6
"""
# One JSON text instead of an array per column: a third of the client's work for the same work of the server.
INSERT_ATTEMPTS = """
INSERT INTO callback_attempt (account_id, request_id, n, callback_id, event, attempt, at, duration_ms, outcome, http_status,
    error, method, url, request_headers, request_body, response_headers, response_body, profile_id)
SELECT * FROM json_to_recordset($1::text::json) AS t(account_id bigint, request_id uuid, n smallint, callback_id uuid,
    event text, attempt smallint, at timestamptz, duration_ms integer, outcome smallint, http_status smallint,
    error text, method text, url text, request_headers json, request_body text, response_headers json, response_body text,
    profile_id uuid)
"""
# scope: completed below, each time with account_id
REPLAY = """
UPDATE callback SET state = 0, claimed_by = NULL, due_at = $3, last_error = NULL, attempts = 0,
    target = (target::jsonb || jsonb_build_object('earlier', coalesce((target->>'earlier')::integer, 0) + attempts))::json
"""
REPLAY_IDS = REPLAY + "WHERE account_id = $1 AND id = ANY($2::uuid[]) AND state IN (2, 3)"
# One microsecond apart, so that they leave in the order in which they were made.
REPLAY_SINCE = """
WITH failed AS (
    SELECT id, row_number() OVER (ORDER BY created_at, id) AS place FROM callback
    WHERE account_id = $1 AND created_at >= $2 AND state = 2
)
UPDATE callback c SET state = 0, claimed_by = NULL, last_error = NULL, attempts = 0,
    due_at = $3::timestamptz - interval '1 second' + failed.place * interval '1 microsecond',
    target = (target::jsonb || jsonb_build_object('earlier', coalesce((target->>'earlier')::integer, 0) + attempts))::json
FROM failed WHERE c.id = failed.id
"""
DROP_WAITING = (
    "UPDATE callback SET state = 3, last_error = $3 WHERE account_id = $1 AND id = ANY($2::uuid[]) AND state = 0"
)
# scope: upkeep of the whole installation
PURGE = "DELETE FROM callback WHERE id IN (SELECT id FROM callback WHERE state IN (2, 3) AND due_at < $1 LIMIT $2)"
# scope: completed below, each time with account_id
QUEUED = """
SELECT id, request_id, n, event, endpoint, target->>'url' AS url, target->>'method' AS method,
    coalesce(variables->>'status', '') AS status, state,
    attempts + coalesce((target->>'earlier')::integer, 0) AS attempts, due_at, last_error, created_at
FROM callback
"""
OF_MESSAGE = QUEUED + "WHERE account_id = $1 AND request_id = $2 AND n = $3 ORDER BY id"
FAILED = (
    QUEUED + "WHERE account_id = $1 AND state = 2 AND ($2::uuid IS NULL OR id < $2) AND created_at >= $3"
    " ORDER BY id DESC LIMIT $4"
)
COUNTS = "SELECT state, count(*) AS number FROM callback WHERE account_id = $1 GROUP BY state"
ATTEMPTS = """
SELECT account_id, request_id, n, callback_id, event, attempt, at, duration_ms, outcome, http_status, error, method, url,
    request_headers, request_body, response_headers, response_body, profile_id
FROM callback_attempt WHERE account_id = $1 AND request_id = $2 AND n = $3 ORDER BY at, callback_id, attempt
"""
OF_MESSAGES = """
SELECT request_id, state, 0 AS attempts FROM callback
WHERE account_id = $1 AND request_id = ANY($2::uuid[]) AND event = $3
UNION ALL
SELECT request_id, NULL, count(*) FROM callback_attempt
WHERE account_id = $1 AND request_id = ANY($2::uuid[]) AND event = $3 GROUP BY request_id
"""
SECRET = "SELECT secret_sealed, previous_sealed, previous_until FROM callback_secret WHERE account_id = $1"  # noqa: S105
CREATE_SECRET = (
    "INSERT INTO callback_secret (account_id, secret_sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"  # noqa: S105
)
ROTATE_SECRET = """
UPDATE callback_secret SET previous_sealed = secret_sealed, previous_until = $4, secret_sealed = $2, created_at = $3
WHERE account_id = $1
"""  # noqa: S105


def _count(tag: str) -> int:
    return int(tag.rsplit(" ", 1)[-1])


async def insert_callbacks(connection: Queryable, rows: Sequence[NewCallback], claimed_by: int | None) -> None:
    """Queue callbacks, within the caller's transaction; ``claimed_by`` is the worker that will send them at once."""
    values = [
        {
            "id": r.id,
            "account_id": r.account_id,
            "request_id": r.request_id,
            "n": r.n,
            "event": r.event,
            "endpoint": endpoint_of(r.account_id, r.target["url"]),
            "target": r.target,
            "variables": r.variables,
            "due_at": r.due_at,
            "created_at": r.created_at,
        }
        for r in rows
    ]
    await connection.execute(INSERT, json_text(values), claimed_by)


async def waiting_endpoints(connection: Queryable, after: str = "", limit: int = PAGE) -> list[str]:
    """Endpoints that have callbacks waiting, in order, from ``after`` on."""
    return [row["endpoint"] for row in await connection.fetch(ENDPOINTS, after, limit)]


async def claim(
    connection: Queryable, rooms: Mapping[str, int], now: datetime, ordered_since: datetime, worker_id: int
) -> list[Job]:
    """Claim due callbacks, of each endpoint as many as there is room for, in order of their due time."""
    rows = await connection.fetch(CLAIM, list(rooms), list(rooms.values()), now, ordered_since, worker_id)
    rows.sort(key=lambda row: (row["due_at"], row["id"]))
    return [
        Job(
            id=row["id"], account_id=row["account_id"], request_id=row["request_id"], n=row["n"], event=row["event"],
            endpoint=row["endpoint"], target=row["target"], variables=row["variables"], attempts=row["attempts"],
            last_error=row["last_error"],
        )
        for row in rows
    ]  # fmt: skip


async def release(connection: Queryable, ids: Sequence[UUID], worker_id: int) -> None:
    """Give claimed callbacks back to the queue."""
    await connection.execute(RELEASE, list(ids), worker_id)


async def claimed(connection: Queryable, worker_id: int) -> set[UUID]:
    """What the table says that a worker holds."""
    return {row["id"] for row in await connection.fetch(CLAIMED, worker_id)}


async def release_dead(connection: Queryable, live: Sequence[int]) -> int:
    """Release what workers hold that are not among the live ones; returns how many."""
    return _count(await connection.execute(RELEASE_DEAD, list(live)))


async def write_results(connection: Queryable, results: Sequence[Result], worker_id: int) -> None:
    """Write attempts and what follows from them, within the caller's transaction.

    Delivered callbacks leave the queue. Others are put off or end as failed, unless another worker holds them by now.
    """
    await insert_attempts(connection, [result.attempt for result in results if result.settled is None])
    delivered = [r.job.id for r in results if r.attempt.outcome is AttemptOutcome.DELIVERED]
    if delivered:
        await delete(connection, delivered)
    await put_off(connection, [r for r in results if r.attempt.outcome is not AttemptOutcome.DELIVERED], worker_id)
    await note_results(connection, results)


async def delete(connection: Queryable, ids: Sequence[UUID]) -> None:
    """Take delivered callbacks out of the queue."""
    await connection.execute(DELETE, list(ids))


async def defer_durability(connection: Queryable) -> None:
    """Let this transaction not wait for the disk: what a power cut loses of it is sent again, never forgotten."""
    await connection.execute("SET LOCAL synchronous_commit = off")


async def put_off(connection: Queryable, results: Sequence[Result], worker_id: int) -> None:
    """Write when the next attempts come, or that there is none."""
    rows = [
        (
            r.job.id,
            r.job.attempts + (r.settled is None),
            r.due_at,
            r.settled or (CallbackState.PENDING if r.due_at else CallbackState.FAILED),
            r.attempt.error,
        )
        for r in results
    ]
    if rows:
        await connection.execute(PUT_OFF, *columns(rows, 5), worker_id)


async def insert_attempts(connection: Queryable, attempts: Sequence[Attempt]) -> None:
    """Append attempts."""
    await connection.execute(INSERT_ATTEMPTS, json_text(attempts))


async def replay(connection: Queryable, account_id: int, ids: Sequence[UUID], now: datetime) -> int:
    """Begin a new series of attempts for failed callbacks; returns how many."""
    return _count(await connection.execute(REPLAY_IDS, account_id, list(ids), now))


async def replay_failed_since(connection: Queryable, account_id: int, since: datetime, now: datetime) -> int:
    """Begin a new series for all callbacks made since then that failed, in order of creation; returns how many."""
    return _count(await connection.execute(REPLAY_SINCE, account_id, since, now))


async def drop(connection: Queryable, account_id: int, ids: Sequence[UUID], reason: str) -> int:
    """Take waiting callbacks out of the queue without sending them; returns how many."""
    return _count(await connection.execute(DROP_WAITING, account_id, list(ids), reason))


async def purge(connection: Queryable, before: datetime, limit: int) -> int:
    """Delete failed and dropped callbacks whose last attempt was due before that moment; returns how many."""
    return _count(await connection.execute(PURGE, before, limit))


def _queued(row: Any) -> QueuedCallback:
    return QueuedCallback(**{**row, "state": CallbackState(row["state"])})


async def of_message(connection: Queryable, account_id: int, request_id: UUID, n: int) -> list[QueuedCallback]:
    """The waiting, failed and dropped callbacks of a message, oldest first."""
    return [_queued(row) for row in await connection.fetch(OF_MESSAGE, account_id, request_id, n)]


async def failed(
    connection: Queryable, account_id: int, since: datetime, limit: int, before: UUID | None = None
) -> list[QueuedCallback]:
    """Failed callbacks made since then, newest first; ``before`` is the id at which the last page ended."""
    return [_queued(row) for row in await connection.fetch(FAILED, account_id, before, since, limit)]


async def counts(connection: Queryable, account_id: int) -> dict[CallbackState, int]:
    """Callbacks in the queue by state."""
    found = {CallbackState(row["state"]): row["number"] for row in await connection.fetch(COUNTS, account_id)}
    return {state: found.get(state, 0) for state in CallbackState}


async def outcomes_of_messages(
    connection: Queryable, account_id: int, request_ids: Sequence[UUID], event: str
) -> dict[UUID, tuple[CallbackState | None, int]]:
    """What the callbacks of one event have come to, by request: the state (None: delivered) and the number of attempts."""
    states: dict[UUID, CallbackState] = {}
    attempts: dict[UUID, int] = {}
    for row in await connection.fetch(OF_MESSAGES, account_id, list(request_ids), event):
        if row["state"] is None:
            attempts[row["request_id"]] = row["attempts"]
        else:
            states[row["request_id"]] = CallbackState(row["state"])
    return {key: (states.get(key), attempts.get(key, 0)) for key in states.keys() | attempts.keys()}


async def attempts_of_message(connection: Queryable, account_id: int, request_id: UUID, n: int) -> list[Attempt]:
    """All attempts of a message's callbacks, oldest first."""
    rows = await connection.fetch(ATTEMPTS, account_id, request_id, n)
    return [Attempt(**{**row, "outcome": AttemptOutcome(row["outcome"])}) for row in rows]


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A row of ``callback_secret``: the sealed secret, and the one before while it is still valid."""

    current: bytes
    previous: bytes | None
    previous_until: datetime | None


async def signing_secret(connection: Queryable, account_id: int) -> SealedSecret | None:
    """The account's sealed signing secrets, if it has any."""
    row = await connection.fetchrow(SECRET, account_id)
    return SealedSecret(row[0], row[1], row[2]) if row else None


async def create_signing_secret(connection: Queryable, account_id: int, sealed: bytes, now: datetime) -> SealedSecret:
    """Store the account's first secret; returns the one that counts, which may be another process's."""
    await connection.execute(CREATE_SECRET, account_id, sealed, now)
    found = await signing_secret(connection, account_id)
    assert found is not None
    return found


async def rotate_signing_secret(
    connection: Queryable, account_id: int, sealed: bytes, now: datetime, previous_until: datetime
) -> None:
    """Make ``sealed`` the secret; the present one stays valid until ``previous_until``."""
    await connection.execute(ROTATE_SECRET, account_id, sealed, now, previous_until)
