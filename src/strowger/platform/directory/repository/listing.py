"""The list of contacts: search, filters, sort and paging, and the same conditions for bulk changes and dynamic tags."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select
from sqlalchemy.dialects.postgresql import array, asyncpg

from strowger.console.sql_source import Row, SqlSource, contains
from strowger.foundation.database import Connection, Database
from strowger.platform.blocklist.models import BlocklistEntry
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.directory.models import Contact, ContactTag
from strowger.platform.directory.schemas import CustomField, Label

Condition = ColumnElement[bool]
Conditions = Callable[[Label], Condition]  # who wears a dynamic tag
C: Any = Contact.__table__.c
T: Any = ContactTag.__table__.c
B: Any = BlocklistEntry.__table__.c
EMPTY = "none"


def column_key(field: CustomField) -> str:
    """The key of a custom field's column and filter."""
    return f"f{field.key}"


def _blocked(channels: Sequence[str]) -> Condition:
    here = [
        exists().where(
            B.account_id == C.account_id,
            B.channel == channel,
            B.address == (C.email if channel == "email" else C.mobile),
        )
        for channel in channels
    ]
    return or_(*here)


def _blocked_channels() -> Any:
    return func.array_remove(array([case((_blocked([channel]), channel)) for channel in CHANNELS]), None)


def worn(tag_ids: Sequence[int]) -> Condition:
    """Contacts that wear any of the tags that are given one by one."""
    return exists().where(T.account_id == C.account_id, T.contact_id == C.id, T.tag_id.in_(list(tag_ids)))


def _is_tagged(chosen: Sequence[str], tags: Mapping[int, Label], follow: Conditions) -> Condition:
    ids = [int(one) for one in chosen if one != EMPTY]
    found = [tags[one] for one in ids if one in tags]
    parts = [worn([tag.id for tag in found if tag.criteria is None])]
    parts += [follow(tag) for tag in found if tag.criteria is not None]
    if EMPTY in chosen:
        parts.append(~exists().where(T.account_id == C.account_id, T.contact_id == C.id))
    return or_(*parts)


def _search(text: str) -> Condition:
    digits = "".join(c for c in text if c not in " +-()./")
    if digits.isascii() and digits.isdigit():
        found: Condition = or_(C.mobile.contains(digits), contains(C.name, text))
        return found
    return or_(contains(C.name, text), contains(C.email, text))


def _is_blocked(chosen: Sequence[str]) -> Condition:
    channels = [one for one in chosen if one in CHANNELS]
    parts = [_blocked(channels)] if channels else []
    if EMPTY in chosen:
        parts.append(~_blocked(list(CHANNELS)))
    return or_(*parts)


def source(
    database: Database | None, fields: Sequence[CustomField], tags: Sequence[Label], follow: Conditions
) -> SqlSource:
    """The contacts of an account, for a table.

    ``follow`` gives the condition of a dynamic tag; without database it serves for its conditions only.
    """
    known = {tag.id: tag for tag in tags}
    worn_tags = (
        select(func.array_agg(T.tag_id)).where(T.account_id == C.account_id, T.contact_id == C.id).scalar_subquery()
    )
    chosen: Select[Any] = select(
        C.id, C.mobile, C.name, C.email, C.city, C.state, C.country, C.fields, C.source, C.created_by, C.created_at,
        C.updated_at, worn_tags.label("tags"), _blocked_channels().label("blocked"),
    )  # fmt: skip

    def adapt(row: Row) -> Row:
        values = {column_key(field): row["fields"].get(field.key, "") for field in fields}
        worn_here = [known[one] for one in row["tags"] or () if one in known]
        return row | values | {"tags": sorted(worn_here, key=lambda tag: tag.name.lower())}

    return SqlSource(
        cast("Database", database), chosen, C.account_id, ("id",), search=_search, adapt=adapt,
        columns={column_key(field): C.fields[field.key].astext for field in fields},
        filters={
            "tags": lambda value: _is_tagged(value, known, follow),
            "blocked": _is_blocked,
            "country": lambda value: C.country == value.strip().upper(),
            "source": C.source.in_,
        },
    )  # fmt: skip


def _ready(statement: Select[Any]) -> tuple[str, list[Any]]:
    """A statement as the driver takes it, with its values."""
    dialect: Any = asyncpg.dialect
    compiled: Any = statement.compile(dialect=dialect(), compile_kwargs={"render_postcompile": True})
    return str(compiled), [compiled.params[name] for name in compiled.positiontup or ()]


async def recipients(
    connection: Connection, account_id: int, wanted: Condition, without: Condition | None, size: int
) -> AsyncIterator[list[Any]]:
    """Contacts that fit, in batches from one snapshot; within the caller's transaction."""
    fitting = and_(C.account_id == account_id, wanted, *([not_(without)] if without is not None else []))
    chosen = select(C.id, C.mobile, C.name, C.email, C.city, C.state, C.country, C.fields).where(fitting)
    text, values = _ready(chosen.order_by(C.id))
    cursor = await connection.cursor(text, *values)
    while rows := await cursor.fetch(size):
        yield rows


async def count(connection: Connection, account_id: int, wanted: Condition, without: Condition | None = None) -> int:
    """How many contacts fit."""
    fitting = and_(C.account_id == account_id, wanted, *([not_(without)] if without is not None else []))
    text, values = _ready(select(func.count()).select_from(Contact.__table__).where(fitting))
    return int(await connection.fetchval(text, *values) or 0)


async def next_ids(
    connection: Connection, account_id: int, wanted: Condition, after: int, last: int, limit: int
) -> list[int]:
    """The ids of the next contacts that fit, above ``after`` and up to ``last``."""
    fitting = and_(C.account_id == account_id, C.id > after, C.id <= last, wanted)
    text, values = _ready(select(C.id).where(fitting).order_by(C.id).limit(limit))
    return [row["id"] for row in await connection.fetch(text, *values)]
