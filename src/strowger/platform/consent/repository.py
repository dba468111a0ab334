"""All queries of consent and opt-outs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from strowger.console.sql_source import SqlSource
from strowger.foundation.database import Connection, Database, columns
from strowger.platform.consent.models import OptOut
from strowger.platform.consent.schemas import Statement

FIELDS = "account_id, channel, sender, contact, category, topic, status, source, source_identifier"
# The newest statement wins; an older one changes nothing and is told by its absence from the answer.
STATE = f"""
INSERT INTO consent AS c ({FIELDS}, stated_at, created_at, updated_at)
SELECT {FIELDS}, stated_at, $11, $11 FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::smallint[], $8::text[], $9::text[], $10::timestamptz[]) AS t({FIELDS}, stated_at) ORDER BY 1, 2, 4, 3, 5, 6
ON CONFLICT (account_id, channel, contact, sender, category, topic) DO UPDATE
SET status = excluded.status, source = excluded.source, source_identifier = excluded.source_identifier,
    stated_at = excluded.stated_at, updated_at = excluded.updated_at
WHERE excluded.stated_at >= c.stated_at
RETURNING c.account_id, c.channel, c.sender, c.contact, c.category, c.topic
"""  # noqa: S608
NOTE = f"""
INSERT INTO consent_history ({FIELDS}, stated_at, inbound_message_identifier, request_identifier, applied, at)
SELECT {FIELDS}, stated_at, inbound, request, applied, $14 FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[],
    $5::text[], $6::text[], $7::smallint[], $8::text[], $9::text[], $10::timestamptz[], $11::text[], $12::text[],
    $13::boolean[]) AS t({FIELDS}, stated_at, inbound, request, applied)
"""  # noqa: S608
ANY = "SELECT EXISTS (SELECT FROM consent WHERE account_id = $1) OR EXISTS (SELECT FROM opt_out WHERE account_id = $1)"
STATUSES = """
SELECT c.contact, c.status, c.updated_at FROM consent c
WHERE c.account_id = $1 AND c.channel = $2 AND c.sender = $3 AND c.contact = ANY($4::text[]) AND c.category = $5 AND c.topic = $6
"""
LIST = """
SELECT channel, sender, contact, category, topic, status, source, source_identifier, stated_at, created_at, updated_at
FROM consent WHERE account_id = $1 AND channel = $2 AND ($3::smallint IS NULL OR status = $3)
  AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::timestamptz IS NULL OR created_at < $5)
  AND ($6::text IS NULL OR sender = $6) AND ($7::text IS NULL OR contact = $7)
ORDER BY {sort} {order}, contact, sender, category, topic LIMIT $8 OFFSET $9
"""
COUNT = """
SELECT count(*) FROM consent WHERE account_id = $1 AND channel = $2 AND ($3::smallint IS NULL OR status = $3)
  AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::timestamptz IS NULL OR created_at < $5)
  AND ($6::text IS NULL OR sender = $6) AND ($7::text IS NULL OR contact = $7)
"""
OPT_OUT = """
INSERT INTO opt_out (account_id, channel, address, sender, via, created_at)
SELECT account_id, channel, address, sender, via, $6
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) AS t(account_id, channel, address, sender, via)
ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING RETURNING account_id, address, sender
"""
OPT_IN = """
DELETE FROM opt_out o USING unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS t(account_id, channel, address, sender)
WHERE o.account_id = t.account_id AND o.channel = t.channel AND o.address = t.address AND o.sender IN (t.sender, '*')
RETURNING o.account_id, o.address, t.sender
"""
DECLARATION = "SELECT name, email, statements, ip, at FROM opt_in_declaration WHERE account_id = $1 AND channel = $2"
DECLARE = """
INSERT INTO opt_in_declaration (account_id, channel, name, email, statements, ip, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (account_id, channel) DO NOTHING
"""
SORTS = {"created_at": "created_at", "updated_at": "updated_at", "contact_identifier": "contact", "status": "status"}
Pair = tuple[int, str, str]  # account, address, sender


async def is_empty(connection: Connection, account_id: int) -> bool:
    """Whether an account has neither consent nor opt-outs on record."""
    return not await connection.fetchval(ANY, account_id)


async def state(connection: Connection, statements: Sequence[Statement], now: datetime) -> list[bool]:
    """Record statements, at most one for each contact, sender and topic; returns which were the newest."""
    rows: list[tuple[Any, ...]] = [s.row() for s in statements]
    found = await connection.fetch(STATE, *columns(rows, 10), now)
    applied = {tuple(row) for row in found}
    flags = [(s.account_id, s.channel, s.sender, s.contact, s.category, s.topic) in applied for s in statements]
    history = [(*row, s.inbound, s.request, flag) for row, s, flag in zip(rows, statements, flags, strict=True)]
    await connection.execute(NOTE, *columns(history, 13), now)
    return flags


async def statuses(
    connection: Connection,
    account_id: int,
    channel: str,
    sender: str,
    contacts: Sequence[str],
    category: str,
    topic: str,
) -> dict[str, tuple[int, datetime]]:
    """Status and time of the contacts that are on record."""
    rows = await connection.fetch(STATUSES, account_id, channel, sender, list(contacts), category, topic)
    return {row["contact"]: (row["status"], row["updated_at"]) for row in rows}


async def records(
    connection: Connection,
    account_id: int,
    filters: Sequence[Any],
    sort: str,
    descending: bool,
    limit: int,
    offset: int,
) -> tuple[list[Any], int]:
    """A page of the records and their number; ``filters`` are channel, status, from, until, sender, contact."""
    query = LIST.format(sort=SORTS[sort], order="DESC" if descending else "ASC")
    total = await connection.fetchval(COUNT, account_id, *filters)
    return await connection.fetch(query, account_id, *filters, limit, offset), total


async def opt_out(connection: Connection, channel: str, pairs: Sequence[Pair], via: str, now: datetime) -> set[Pair]:
    """Record opt-outs (account, address, sender); returns the new ones."""
    rows: list[tuple[Any, ...]] = [(account_id, channel, address, sender, via) for account_id, address, sender in pairs]
    return {tuple(row) for row in await connection.fetch(OPT_OUT, *columns(rows, 5), now)}


async def opt_in(connection: Connection, channel: str, pairs: Sequence[Pair]) -> set[Pair]:
    """Remove opt-outs of (account, address, sender), also those from everything; returns whom it concerned."""
    rows: list[tuple[Any, ...]] = [(account_id, channel, address, sender) for account_id, address, sender in pairs]
    return {tuple(row) for row in await connection.fetch(OPT_IN, *columns(rows, 4))}


async def declaration(connection: Connection, account_id: int, channel: str) -> Any:
    """The account's opt-in declaration for a channel; None for none."""
    return await connection.fetchrow(DECLARATION, account_id, channel)


async def add_declaration(connection: Connection, account_id: int, channel: str, *values: Any) -> None:
    """Write name, email, statements, address and time of a declaration, unless there is one."""
    await connection.execute(DECLARE, account_id, channel, *values)


def _search(text: str) -> ColumnElement[bool]:
    column: Any = OptOut.__table__.c.address
    found: ColumnElement[bool] = column.contains(text.strip().lstrip("+"), autoescape=True)
    return found


def opt_out_source(database: Database) -> SqlSource:
    """The opt-outs of an account, for a table."""
    o = OptOut.__table__.c
    chosen: Select[Any] = select(o.channel, o.address, o.sender, o.via, o.created_at)
    return SqlSource(database, chosen, o.account_id, ("address", "channel", "sender"), search=_search)
