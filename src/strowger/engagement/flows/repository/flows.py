"""The rows of flows, their revisions and the sealed values of their headers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, String, Text, cast, func, or_, select

from strowger.console.sql_source import SqlSource, contains
from strowger.engagement.flows.models import Flow as FlowRow
from strowger.engagement.flows.schemas import Flow, Revision, flow_of
from strowger.foundation.database import Connection, Database, change_row

ADD = """
INSERT INTO flow (account_id, name, draft, triggers, created_by, created_at, modified_by, modified_at)
VALUES ($1, $2, $3, $4, $5, $6, $5, $6) ON CONFLICT (account_id, name) DO NOTHING RETURNING id
"""
FIND = "SELECT * FROM flow WHERE account_id = $1 AND id = $2"
LOCK = FIND + " FOR UPDATE"  # scope: FIND names account_id
DELETE = "DELETE FROM flow WHERE account_id = $1 AND id = $2"
COUNT = "SELECT count(*) FROM flow WHERE account_id = $1"
TAKEN = "SELECT name FROM flow WHERE account_id = $1 AND starts_with(name, $2)"
NAMES = "SELECT id, name, state = 'published' AS open FROM flow WHERE account_id = $1 ORDER BY lower(name), id"
ADD_REVISION = """
INSERT INTO flow_revision (account_id, flow_id, revision, definition, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
# Executions under way stay on their revision, so it is kept for them.
FORGET_REVISIONS = """
DELETE FROM flow_revision v WHERE v.account_id = $1 AND v.flow_id = $2 AND v.revision <= $3 AND NOT EXISTS (
    SELECT FROM flow_run r WHERE r.account_id = $1 AND r.at_flow = $2 AND r.at_revision = v.revision AND r.ended_at IS NULL
)
"""
REVISIONS = """
SELECT revision, created_by, created_at, jsonb_array_length(definition -> 'widgets') AS widgets
FROM flow_revision WHERE account_id = $1 AND flow_id = $2 ORDER BY revision DESC LIMIT 100
"""
LAST_REVISION = "SELECT coalesce(max(revision), 0) FROM flow_revision WHERE account_id = $1 AND flow_id = $2"
REVISION = "SELECT definition FROM flow_revision WHERE account_id = $1 AND flow_id = $2 AND revision = $3"
START_OF = """
SELECT f.revision, jsonb_path_query_first(v.definition, '$.widgets[*] ? (@.type == "start")') ->> 'id' AS start
FROM flow f JOIN flow_revision v ON v.account_id = f.account_id AND v.flow_id = f.id AND v.revision = f.revision
WHERE f.account_id = $1 AND f.id = $2 AND f.state = 'published'
"""
LISTENING = """
SELECT f.account_id, f.id, f.name, f.revision, s.start ->> 'id' AS start, s.start -> 'config' -> 'sms' ->> 'number' AS number,
    coalesce(s.start -> 'config' -> 'sms' ->> 'keyword', '') AS keyword
FROM flow f JOIN flow_revision v ON v.account_id = f.account_id AND v.flow_id = f.id AND v.revision = f.revision
CROSS JOIN LATERAL (SELECT jsonb_path_query_first(v.definition, '$.widgets[*] ? (@.type == "start")') AS start) s
WHERE f.account_id = ANY ($1::bigint[]) AND f.state = 'published' AND s.start -> 'config' -> 'sms' ->> 'enabled' = 'true'
ORDER BY f.account_id, f.id
"""
KEEP = "INSERT INTO flow_secret (account_id, flow_id, id, value_sealed, created_at) VALUES ($1, $2, $3, $4, $5)"
SECRETS = "SELECT id FROM flow_secret WHERE account_id = $1 AND flow_id = $2"
SECRET = "SELECT value_sealed FROM flow_secret WHERE account_id = $1 AND flow_id = $2 AND id = $3"  # noqa: S105 - a query
COPY_SECRETS = """
INSERT INTO flow_secret (account_id, flow_id, id, value_sealed, created_at)
SELECT account_id, $3, id, value_sealed, created_at FROM flow_secret WHERE account_id = $1 AND flow_id = $2
"""
# scope: upkeep of the whole installation
FORGET_SECRETS = """
DELETE FROM flow_secret s WHERE s.created_at < $1 AND NOT EXISTS (
    SELECT FROM flow f WHERE f.account_id = s.account_id AND f.id = s.flow_id AND strpos(f.draft::text, s.id::text) > 0
) AND NOT EXISTS (
    SELECT FROM flow_revision v WHERE v.account_id = s.account_id AND v.flow_id = s.flow_id
        AND strpos(v.definition::text, s.id::text) > 0
)
"""
CHANGEABLE = frozenset(
    {
        "name", "state", "draft", "version", "published_version", "revision", "triggers", "token_sealed", "modified_by",
        "modified_at", "published_at",
    }
)  # fmt: skip


async def add(
    connection: Connection, account_id: int, name: str, draft: Mapping[str, Any], triggers: list[str], by: str, now: datetime
) -> int | None:  # fmt: skip
    """Add a draft; None when the account has a flow of that name."""
    made: int | None = await connection.fetchval(ADD, account_id, name, draft, triggers, by, now)
    return made


async def find(connection: Connection, account_id: int, flow_id: int) -> Flow | None:
    """A flow of an account."""
    return flow_of(await connection.fetchrow(FIND, account_id, flow_id))


async def lock(connection: Connection, account_id: int, flow_id: int) -> Flow | None:
    """A flow that stays as it is until the transaction ends."""
    return flow_of(await connection.fetchrow(LOCK, account_id, flow_id))


async def change(connection: Connection, account_id: int, flow_id: int, **values: Any) -> None:
    """Set columns of a flow. Raises UniqueViolationError for a name that is taken."""
    await change_row(connection, "flow", CHANGEABLE, account_id, flow_id, values)


async def delete(connection: Connection, account_id: int, flow_id: int) -> None:
    """Remove a flow with its revisions; its executions stay in the log."""
    await connection.execute(DELETE, account_id, flow_id)


async def count(connection: Connection, account_id: int) -> int:
    """How many flows an account has."""
    return int(await connection.fetchval(COUNT, account_id))


async def taken(connection: Connection, account_id: int, beginning: str) -> set[str]:
    """The names that begin with a text."""
    return {row["name"] for row in await connection.fetch(TAKEN, account_id, beginning)}


async def names(connection: Connection, account_id: int) -> dict[int, tuple[str, bool]]:
    """The account's flows: name, and whether it is published."""
    return {row["id"]: (row["name"], row["open"]) for row in await connection.fetch(NAMES, account_id)}


async def add_revision(
    connection: Connection, account_id: int, flow_id: int, definition: Mapping[str, Any], by: str, now: datetime, keep: int
) -> int:  # fmt: skip
    """Store what is being published; returns its number. All but the last ``keep`` are forgotten."""
    revision = int(await connection.fetchval(LAST_REVISION, account_id, flow_id)) + 1
    await connection.execute(ADD_REVISION, account_id, flow_id, revision, definition, by, now)
    await connection.execute(FORGET_REVISIONS, account_id, flow_id, revision - keep)
    return revision


async def revisions(connection: Connection, account_id: int, flow_id: int) -> list[Revision]:
    """What was published, newest first."""
    return [Revision(**dict(row)) for row in await connection.fetch(REVISIONS, account_id, flow_id)]


async def revision(connection: Connection, account_id: int, flow_id: int, number: int) -> dict[str, Any] | None:
    """The definition of a revision."""
    found: dict[str, Any] | None = await connection.fetchval(REVISION, account_id, flow_id, number)
    return found


async def start_of(connection: Connection, account_id: int, flow_id: int) -> tuple[int, str] | None:
    """The revision and Start widget of a published flow."""
    row = await connection.fetchrow(START_OF, account_id, flow_id)
    return (row["revision"], row["start"]) if row else None


async def listening(connection: Connection, accounts: Collection[int]) -> dict[int, list[asyncpg.Record]]:
    """The published flows that an SMS begins, by account."""
    found: dict[int, list[asyncpg.Record]] = {}
    for row in await connection.fetch(LISTENING, list(accounts)):
        found.setdefault(row["account_id"], []).append(row)
    return found


async def add_secret(
    connection: Connection, account_id: int, flow_id: int, secret_id: UUID, sealed: bytes, now: datetime
) -> None:
    """Keep a header's value."""
    await connection.execute(KEEP, account_id, flow_id, secret_id, sealed, now)


async def secrets(connection: Connection, account_id: int, flow_id: int) -> set[str]:
    """The ids of a flow's sealed values."""
    return {str(row["id"]) for row in await connection.fetch(SECRETS, account_id, flow_id)}


async def secret(connection: Connection, account_id: int, flow_id: int, secret_id: UUID) -> bytes | None:
    """A sealed value of a flow."""
    found: bytes | None = await connection.fetchval(SECRET, account_id, flow_id, secret_id)
    return found


async def copy_secrets(connection: Connection, account_id: int, old: int, new: int) -> None:
    """Give a flow the sealed values of another one of the account."""
    await connection.execute(COPY_SECRETS, account_id, old, new)


async def forget_secrets(connection: Connection, before: datetime) -> None:
    """Delete sealed values that no definition names any more."""
    await connection.execute(FORGET_SECRETS, before)


def source(database: Database) -> SqlSource:
    """The flows of an account, the newest first."""
    c = FlowRow.__table__.c
    chosen = select(
        c.id, c.name, c.state, c.triggers, c.revision, c.modified_by, c.modified_at, c.created_at, c.published_at,
        func.jsonb_array_length(c.draft["widgets"]).label("widgets"),
        (c.revision.is_not(None) & (c.version != c.published_version)).label("changed"),
    )  # fmt: skip
    return SqlSource(
        database, chosen, c.account_id, ("id",), nullable=frozenset({"published_at"}),
        search=lambda text: or_(contains(c.name, text), cast(c.id, String) == text.strip()),
        filters={"trigger": _with_trigger},
    )  # fmt: skip


def _with_trigger(wanted: Collection[str] | str) -> Any:
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    return FlowRow.__table__.c.triggers.op("&&", is_comparison=True)(cast(names, ARRAY(Text)))
