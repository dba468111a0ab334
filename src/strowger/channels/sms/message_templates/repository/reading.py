"""Reading templates: one, lists, history, use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Select, cast, func, or_, select
from sqlalchemy import Text as SqlText

from strowger.channels.sms.message_templates.models import SmsTemplate
from strowger.channels.sms.message_templates.schemas import State
from strowger.channels.sms.uses import is_template_used
from strowger.console.sql_source import SqlSource, contains
from strowger.foundation.database import Connection, Database
from strowger.messaging.statuses import Status

COLUMNS = """id, title, content, template_id, entity_id, senders, purpose, iso_code, language, defaults, status, reason,
    version, replaces, author, created_at, decided_at, decided_by"""
ONE = f"SELECT {COLUMNS} FROM sms_template WHERE account_id = $1 AND id = $2"  # noqa: S608
BY_TEMPLATE_ID = f"""
SELECT {COLUMNS} FROM sms_template
WHERE account_id = $1 AND template_id = $2 AND status <> {int(State.DELETED)} ORDER BY replaces NULLS FIRST, id DESC LIMIT 1
"""  # noqa: S608
VERSIONS = f"""
SELECT {COLUMNS} FROM sms_template WHERE account_id = $1 AND template_id = $2 ORDER BY id DESC LIMIT 50
"""  # noqa: S608
USE = """
SELECT status, count(*) AS messages, sum(units) AS units FROM message
WHERE account_id = $1 AND request_id >= $2 AND direction = 0 AND options ->> 'template_id' = $3 GROUP BY status
"""
SCHEDULED = f"""
SELECT EXISTS (
    SELECT FROM submission s JOIN message m USING (account_id, request_id, n)
    WHERE s.account_id = $1 AND m.status = {int(Status.SCHEDULED)} AND m.options ->> 'template_id' = $2
)
"""  # noqa: S608
PENDING = f"""
SELECT t.id, t.account_id, a.sid, a.name AS account_name, t.title, t.content, t.template_id, t.entity_id, t.senders,
    t.purpose, t.iso_code, t.language, t.created_at, t.author, old.content AS replaced
FROM sms_template t JOIN account a ON a.id = t.account_id
LEFT JOIN sms_template old ON old.account_id = t.account_id AND old.id = t.replaces
WHERE t.status = {int(State.PENDING)} ORDER BY t.id LIMIT $1
"""  # noqa: S608


@dataclass(slots=True)
class TemplateFilter:
    """What a list of templates asks for; None leaves out a condition."""

    statuses: list[int] | None = None
    title: str | None = None
    title_exact: bool = False
    sender: str | None = None
    purpose: str | None = None
    start: datetime | None = None
    end: datetime | None = None


async def one(connection: Connection, account_id: int, row_id: int) -> asyncpg.Record | None:
    """A template of an account by its row."""
    return await connection.fetchrow(ONE, account_id, row_id)


async def by_template_id(connection: Connection, account_id: int, template_id: str) -> asyncpg.Record | None:
    """A template of an account by its template id; the one in use before a version that waits."""
    return await connection.fetchrow(BY_TEMPLATE_ID, account_id, template_id)


async def versions(connection: Connection, account_id: int, template_id: str) -> list[asyncpg.Record]:
    """Every version that there was, newest first."""
    return await connection.fetch(VERSIONS, account_id, template_id)


async def use(connection: Connection, account_id: int, template_id: str, low: UUID) -> dict[Status, tuple[int, int]]:
    """Messages and parts sent by a template since ``low``, by status."""
    rows = await connection.fetch(USE, account_id, low, template_id)
    return {Status(row["status"]): (row["messages"], row["units"]) for row in rows}


async def is_scheduled(connection: Connection, account_id: int, template_id: str) -> bool:
    """Whether scheduled messages are to leave by a template."""
    return await connection.fetchval(SCHEDULED, account_id, template_id) or await is_template_used(
        connection, account_id, template_id
    )


async def pending(connection: Connection, limit: int) -> list[asyncpg.Record]:
    """The waiting templates of every account, oldest first, each with the text that it is to replace."""
    return await connection.fetch(PENDING, limit)


def _conditions(account_id: int, wanted: TemplateFilter) -> tuple[str, list[Any]]:
    values: list[Any] = [account_id]
    terms = ["account_id = $1"]

    def add(term: str, value: Any) -> None:
        if value is not None:
            values.append(value)
            terms.append(term.format(f"${len(values)}"))

    if wanted.statuses is None:
        terms.append(f"status <> {int(State.DELETED)}")
    add("status = ANY({}::smallint[])", wanted.statuses)
    add("lower(title) = lower({})" if wanted.title_exact else "strpos(lower(title), lower({})) > 0", wanted.title)
    add("{} = ANY(senders)", wanted.sender)
    add("purpose = {}", wanted.purpose)
    add("created_at >= {}", wanted.start)
    add("created_at < {}", wanted.end)
    return " AND ".join(terms), values


async def find(
    connection: Connection, account_id: int, wanted: TemplateFilter, limit: int, offset: int
) -> tuple[int, list[Mapping[str, Any]]]:
    """How many templates fit, and one page of them, newest first."""
    where, values = _conditions(account_id, wanted)
    # scope: _conditions begins with account_id
    total = await connection.fetchval(f"SELECT count(*) FROM sms_template WHERE {where}", *values)  # noqa: S608
    # scope: _conditions begins with account_id
    query = f"SELECT {COLUMNS} FROM sms_template WHERE {where} ORDER BY id DESC LIMIT {limit:d} OFFSET {offset:d}"  # noqa: S608
    return total, await connection.fetch(query, *values)


def template_source(database: Database) -> SqlSource:
    """The rows of the console's list."""
    rows: Select[Any] = select(SmsTemplate.__table__).where(SmsTemplate.status != int(State.DELETED))
    senders = func.array_to_string(SmsTemplate.senders, ", ", type_=SqlText)

    def search(text: str) -> ColumnElement[Any]:
        return or_(*(contains(c, text) for c in (SmsTemplate.title, SmsTemplate.template_id, SmsTemplate.content)))  # type: ignore[arg-type]

    return SqlSource(
        database,
        rows,
        SmsTemplate.__table__.c.account_id,
        key=("id",),
        search=search,
        filters={
            "status": lambda chosen: SmsTemplate.status.in_([int(one) for one in chosen]),
            "senders": lambda text: contains(senders, text),
            "language": lambda text: contains(cast(SmsTemplate.language, SqlText), text),
        },
    )
