"""Executions: begun in sets, claimed in sets, saved in sets; and their log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import String, cast, select

from strowger.console.sql_source import SqlSource, equals
from strowger.engagement.flows.models import FlowRun
from strowger.engagement.flows.schemas import Run, Step
from strowger.foundation.database import Connection, Database, json_text
from strowger.foundation.notify import notify, tell_live
from strowger.messaging.repository.accepting import insert_requests
from strowger.messaging.schemas import NewRequest

CHANNEL = "flow_run"
CHUNK = 1_000
TOLD = 100  # of one account, in one notice
COLUMNS = """r.account_id, r.id, r.flow_id, r.flow_name, r.revision, r.trigger, r.vars, r.at_flow, r.at_revision, r.at_widget,
    r.steps, r.attempts, r.started_at"""
ADD = """
INSERT INTO flow_run (account_id, id, flow_id, flow_name, revision, trigger, vars, at_flow, at_revision, at_widget, started_at)
SELECT account_id, id, flow_id, flow_name, revision, trigger, vars, flow_id, revision, at_widget, started_at
FROM json_to_recordset($1::text::json) AS t(account_id bigint, id uuid, flow_id bigint, flow_name text, revision integer,
    trigger text, vars jsonb, at_widget text, started_at timestamptz)
"""
# scope: workers serve every account, each of which has so many places; the oldest come first
CLAIM = f"""
WITH waiting AS (
    SELECT DISTINCT account_id FROM flow_run WHERE ended_at IS NULL AND claimed_by IS NULL
), room AS (
    SELECT w.account_id, greatest(0, $3 - coalesce(b.busy, 0)) AS places
    FROM waiting w LEFT JOIN unnest($4::bigint[], $5::integer[]) AS b(account_id, busy) ON b.account_id = w.account_id
), chosen AS (
    SELECT n.account_id, n.id FROM room CROSS JOIN LATERAL (
        SELECT r.account_id, r.id FROM flow_run r
        WHERE r.account_id = room.account_id AND r.ended_at IS NULL AND r.claimed_by IS NULL ORDER BY r.id LIMIT room.places
    ) n ORDER BY n.id LIMIT $2
), held AS (
    SELECT f.account_id, f.id FROM flow_run f JOIN chosen c ON c.account_id = f.account_id AND c.id = f.id
    WHERE f.ended_at IS NULL AND f.claimed_by IS NULL FOR UPDATE OF f SKIP LOCKED
)
UPDATE flow_run r SET claimed_by = $1, attempts = r.attempts + 1
FROM held h WHERE r.account_id = h.account_id AND r.id = h.id
RETURNING {COLUMNS}
"""  # noqa: S608
# scope: workers of the whole installation; one that comes back from an outage frees what it has let go itself
RELEASE = """
UPDATE flow_run SET claimed_by = NULL
WHERE claimed_by IS NOT NULL AND (claimed_by <> ALL ($1::integer[]) OR claimed_by = $2 AND id <> ALL ($3::uuid[]))
"""
# Whoever has lost an execution to another worker, or whose last save did arrive, changes nothing.
SAVE = """
UPDATE flow_run r SET state = t.state, reason = t.reason, vars = t.vars, at_flow = t.at_flow, at_revision = t.at_revision,
    at_widget = t.at_widget, steps = t.steps, ended_at = t.ended_at,
    claimed_by = CASE WHEN t.ended_at IS NULL THEN r.claimed_by END
FROM json_to_recordset($1::text::json) AS t(account_id bigint, id uuid, state text, reason text, vars jsonb, at_flow bigint,
    at_revision integer, at_widget text, steps integer, saved integer, ended_at timestamptz)
WHERE r.account_id = t.account_id AND r.id = t.id AND r.claimed_by = $2 AND r.steps = t.saved AND r.ended_at IS NULL
RETURNING r.id
"""
ADD_STEPS = """
INSERT INTO flow_step (account_id, run_id, n, flow_id, revision, widget, type, name, status, branch, data, entered_at, left_at)
SELECT account_id, run_id, n, flow_id, revision, widget, type, name, status, branch, data, entered_at, left_at
FROM json_to_recordset($1::text::json) AS t(account_id bigint, run_id uuid, n smallint, flow_id bigint, revision integer,
    widget text, type text, name text, status text, branch text, data jsonb, entered_at timestamptz, left_at timestamptz)
"""
FIND = "SELECT * FROM flow_run WHERE account_id = $1 AND id = $2"
STEPS = "SELECT * FROM flow_step WHERE account_id = $1 AND run_id = $2 ORDER BY n"
# scope: upkeep of the whole installation
FORGET = """
WITH old AS (
    DELETE FROM flow_run r WHERE (r.account_id, r.id) IN (
        SELECT account_id, id FROM flow_run WHERE ended_at < $1 ORDER BY ended_at LIMIT $2
    ) RETURNING r.account_id, r.id
), steps AS (
    DELETE FROM flow_step s USING old o WHERE s.account_id = o.account_id AND s.run_id = o.id
)
SELECT count(*) FROM old
"""


@dataclass(slots=True)
class NewRun:
    """An execution that begins; ``at_widget`` is the Start widget."""

    account_id: int
    id: UUID
    flow_id: int
    flow_name: str
    revision: int
    trigger: str
    vars: dict[str, Any]
    at_widget: str
    started_at: datetime


@dataclass(slots=True)
class Save:
    """What an execution has come to since it was saved last, and the messages of its last step."""

    run: Run
    ended_at: datetime | None = None
    requests: list[NewRequest] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


async def add(connection: Connection, runs: Sequence[NewRun]) -> None:
    """Begin executions and wake the workers."""
    await connection.execute(ADD, json_text(list(runs)))
    await notify(connection, CHANNEL)
    await _tell(connection, [(run.account_id, run.id) for run in runs])


async def claim(connection: Connection, worker_id: int, limit: int, share: int, busy: Mapping[int, int]) -> list[Run]:
    """Take executions, of each account at most ``share`` at a time."""
    rows = await connection.fetch(CLAIM, worker_id, limit, share, list(busy), list(busy.values()))
    return [Run(**dict(row), saved=row["steps"]) for row in rows]


async def release(connection: Connection, live: Collection[int], worker_id: int, running: Collection[UUID]) -> int:
    """Free what dead workers have, and what this one has without working on it; returns how many."""
    done: str = await connection.execute(RELEASE, list(live), worker_id, list(running))
    return int(done.rsplit(" ", 1)[-1])


async def save(connection: Connection, worker_id: int, saves: Sequence[Save]) -> set[UUID]:
    """Store steps, positions and messages in the caller's transaction; returns those that are this worker's still."""
    rows = [_row(one) for one in saves]
    mine = {row["id"] for row in await connection.fetch(SAVE, json_text(rows), worker_id)}
    kept = [one for one in saves if one.run.id in mine]
    steps = [_step(one.run, step) for one in kept for step in one.steps]
    if steps:
        await connection.execute(ADD_STEPS, json_text(steps))
    requests = [request for one in kept for request in one.requests]
    if requests:
        await insert_requests(connection, requests)
        await notify(connection, "submission")
    await _tell(connection, [(one.run.account_id, one.run.id) for one in kept if one.ended_at])
    return mine


async def _tell(connection: Connection, changed: Sequence[tuple[int, UUID]]) -> None:
    """Renew the logs that somebody is looking at."""
    ids: dict[int, list[UUID]] = {}
    for account_id, run_id in changed:
        ids.setdefault(account_id, []).append(run_id)
    for account_id, runs in ids.items():
        await tell_live(connection, "flow_runs", account_id, *runs[:TOLD])


def _row(one: Save) -> dict[str, Any]:
    run = one.run
    return {
        "account_id": run.account_id, "id": run.id, "state": run.state, "reason": run.reason, "vars": run.vars,
        "at_flow": run.at_flow, "at_revision": run.at_revision, "at_widget": run.at_widget, "steps": run.steps,
        "saved": run.saved, "ended_at": one.ended_at,
    }  # fmt: skip


def _step(run: Run, step: Step) -> dict[str, Any]:
    return {
        "account_id": run.account_id, "run_id": run.id,
        **{name: getattr(step, name) for name in step.__struct_fields__},
    }  # fmt: skip


async def find(connection: Connection, account_id: int, run_id: UUID) -> asyncpg.Record | None:
    """An execution of an account."""
    return await connection.fetchrow(FIND, account_id, run_id)


async def steps(connection: Connection, account_id: int, run_id: UUID) -> list[asyncpg.Record]:
    """The steps of an execution, in order."""
    return await connection.fetch(STEPS, account_id, run_id)


async def forget(connection: Connection, before: datetime) -> int:
    """Delete a chunk of executions that ended before a moment, with their steps; returns how many."""
    return int(await connection.fetchval(FORGET, before, CHUNK))


def source(database: Database) -> SqlSource:
    """The executions of an account, the newest first."""
    c = FlowRun.__table__.c
    chosen = select(
        c.id, c.flow_id, c.flow_name, c.revision, c.trigger, c.state, c.reason, c.steps, c.started_at, c.ended_at
    )
    return SqlSource(
        database, chosen, c.account_id, ("id",), nullable=frozenset({"ended_at"}),
        search=lambda text: cast(c.id, String).startswith(text.strip().lower(), autoescape=True),
        filters={"flow_id": lambda text: cast(c.flow_id, String) == text.strip(), "trigger": equals(c.trigger)},
    )  # fmt: skip
