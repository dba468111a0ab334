"""Queries of imports: their rows are written, and become contacts, in sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from strowger.console.sql_source import SqlSource, contains
from strowger.foundation.database import Connection, Database, change_row, json_text
from strowger.platform.directory.mapping import Row
from strowger.platform.directory.models import ContactImport
from strowger.platform.directory.schemas import TEXTS

COLUMNS = (
    "row",
    "line",
    "mobile",
    "name",
    "email",
    "city",
    "state",
    "country",
    "home",
    "fields",
    "tags",
    "blocks",
    "error",
)
CHANGEABLE = frozenset(
    {"options", "state", "cursor", "total", "counts", "reason", "finished_at", "due_at", "result_id"}
)

ADD = """
INSERT INTO contact_import (account_id, id, mode, name, file_id, headings, options, state, created_by, created_at, due_at, total)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
FIND = "SELECT * FROM contact_import WHERE account_id = $1 AND id = $2"
LOCK = FIND + " FOR UPDATE"
# scope: the worker works for every account
DUE = "SELECT * FROM contact_import WHERE due_at <= $1 ORDER BY due_at FOR UPDATE SKIP LOCKED LIMIT 1"
# scope: upkeep of the whole installation
FORGET = "DELETE FROM contact_import WHERE state = 'draft' AND created_at < $1 OR due_at IS NULL AND created_at < $2"
ADD_ROWS = f"""
INSERT INTO contact_import_row (account_id, import_id, {", ".join(COLUMNS)})
SELECT $1, $2, t.* FROM json_to_recordset($3::text::json) AS t(row integer, line integer, mobile text, name text, email text,
    city text, state text, country text, home text, fields jsonb, tags text[], blocks jsonb, error text)
"""  # noqa: S608
CLEAR = "DELETE FROM contact_import_row WHERE account_id = $1 AND import_id = $2"
DUPLICATES = """
UPDATE contact_import_row r SET error = 'Row ' || d.line || ' has the same number; the last one counts.'
FROM (
    SELECT row, last_value(row) OVER w AS last, last_value(line) OVER w AS line FROM contact_import_row
    WHERE account_id = $1 AND import_id = $2 AND error = ''
    WINDOW w AS (PARTITION BY mobile ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
) d WHERE r.account_id = $1 AND r.import_id = $2 AND r.row = d.row AND d.last <> d.row
"""
COUNTS = """
SELECT count(*) AS total, count(*) FILTER (WHERE error <> '') AS failed FROM contact_import_row
WHERE account_id = $1 AND import_id = $2
"""
NAMES = "SELECT DISTINCT unnest(tags) AS name FROM contact_import_row WHERE account_id = $1 AND import_id = $2 AND error = ''"
CHUNK = "r.account_id = $1 AND r.import_id = $2 AND r.row > $3 AND r.row <= $4 AND r.error = ''"
KNOWN = "EXISTS (SELECT FROM contact c WHERE c.account_id = $1 AND c.mobile = r.mobile)"
REFUSE_KNOWN = f"UPDATE contact_import_row r SET error = $5 WHERE {CHUNK} AND {KNOWN}"  # noqa: S608
REFUSE_UNKNOWN = f"UPDATE contact_import_row r SET error = $5 WHERE {CHUNK} AND NOT {KNOWN}"  # noqa: S608
WIN = ", ".join(f"coalesce(nullif(r.{name}, ''), c.{name})" for name in TEXTS) + ", c.fields || r.fields"
FILL = ", ".join(f"coalesce(nullif(c.{name}, ''), r.{name}, '')" for name in TEXTS) + ", r.fields || c.fields"


# scope: CHUNK and the contact's own condition name the account
def _change(values: str) -> str:
    names = ", ".join((*TEXTS, "fields"))
    old = ", ".join(f"c.{name}" for name in (*TEXTS, "fields"))
    return (
        f"UPDATE contact c SET ({names}, updated_at) = ({values}, $5::timestamptz) FROM contact_import_row r"  # noqa: S608
        f" WHERE {CHUNK} AND c.account_id = $1 AND c.mobile = r.mobile AND ({values}) IS DISTINCT FROM ({old}) RETURNING c.id"
    )


CHANGE = {"update": _change(WIN), "empty": _change(FILL)}
INSERT = f"""
INSERT INTO contact (account_id, mobile, name, email, city, state, country, fields, source, created_by, created_at, updated_at)
SELECT $1, r.mobile, coalesce(r.name, ''), coalesce(r.email, ''), coalesce(r.city, ''), coalesce(r.state, ''),
    coalesce(r.country, r.home), r.fields, 'import', $6, $5, $5
FROM contact_import_row r WHERE {CHUNK} ORDER BY r.mobile ON CONFLICT DO NOTHING RETURNING id
"""  # noqa: S608
WORN = f"""
FROM contact_import_row r CROSS JOIN LATERAL unnest(r.tags) AS n(name)
JOIN tag t ON t.account_id = $1 AND lower(t.name) = lower(n.name) AND t.criteria IS NULL
JOIN contact c ON c.account_id = $1 AND c.mobile = r.mobile WHERE {CHUNK}
"""
PUT_TAGS = f"""
INSERT INTO contact_tag (account_id, tag_id, contact_id, added_at) SELECT DISTINCT $1::bigint, t.id, c.id, $5::timestamptz {WORN}
ORDER BY 2, 3 ON CONFLICT DO NOTHING RETURNING contact_id
"""
TAKE_TAGS = f"""
DELETE FROM contact_tag w USING (SELECT t.id AS tag_id, c.id AS contact_id {WORN}) x
WHERE w.account_id = $1 AND w.tag_id = x.tag_id AND w.contact_id = x.contact_id RETURNING w.contact_id
"""  # noqa: S608
TAKE_OTHERS = f"""
DELETE FROM contact_tag w USING contact_import_row r JOIN contact c ON c.account_id = $1 AND c.mobile = r.mobile
WHERE {CHUNK} AND w.account_id = $1 AND w.contact_id = c.id AND w.tag_id NOT IN (
    SELECT t.id FROM tag t WHERE t.account_id = $1 AND lower(t.name) IN (SELECT lower(n) FROM unnest(r.tags) AS n)
) RETURNING w.contact_id
"""  # noqa: S608
BLOCKS = f"""
SELECT c.mobile, c.email, r.blocks FROM contact_import_row r JOIN contact c ON c.account_id = $1 AND c.mobile = r.mobile
WHERE {CHUNK} AND r.blocks <> '{{}}'
"""  # noqa: S608
REFUSED = """
SELECT row, line, mobile, error FROM contact_import_row
WHERE account_id = $1 AND import_id = $2 AND error <> '' AND row > $3 ORDER BY row LIMIT $4
"""


async def add(
    connection: Connection, account_id: int, import_id: UUID, mode: str, name: str, file_id: UUID | None,
    headings: Sequence[str], options: Any, state: str, by: str, now: datetime, due_at: datetime | None = None, total: int = 0,
) -> None:  # fmt: skip
    """A new import."""
    await connection.execute(
        ADD, account_id, import_id, mode, name, file_id, list(headings), options, state, by, now, due_at, total
    )


async def find(connection: Connection, account_id: int, import_id: UUID) -> Any:
    """An import of an account; None when it has none of that id."""
    return await connection.fetchrow(FIND, account_id, import_id)


async def lock(connection: Connection, account_id: int, import_id: UUID) -> Any:
    """An import, held for this transaction."""
    return await connection.fetchrow(LOCK, account_id, import_id)


async def lock_due(connection: Connection, now: datetime) -> Any:
    """An import that waits for a worker, held for this transaction; None when there is none."""
    return await connection.fetchrow(DUE, now)


async def change(connection: Connection, account_id: int, import_id: UUID, **values: Any) -> None:
    """Change columns of an import. Raises ValueError for a column that is none."""
    await change_row(connection, "contact_import", CHANGEABLE, account_id, import_id, values)


async def forget(connection: Connection, drafts: datetime, ended: datetime) -> int:
    """Remove drafts that nobody began, and imports that ended long ago; returns how many."""
    done: str = await connection.execute(FORGET, drafts, ended)
    return int(done.rsplit(" ", 1)[-1])


# --- rows of a file -------------------------------------------------------------------------------------------------------


async def add_rows(connection: Connection, account_id: int, import_id: UUID, rows: Iterable[Row]) -> None:
    """Write rows, a set in one statement."""
    records = json_text([{name: getattr(row, name) for name in COLUMNS} for row in rows])
    await connection.execute(ADD_ROWS, account_id, import_id, records)


async def clear(connection: Connection, account_id: int, import_id: UUID) -> None:
    """Remove the rows of an import."""
    await connection.execute(CLEAR, account_id, import_id, timeout=600)


async def refuse_duplicates(connection: Connection, account_id: int, import_id: UUID) -> None:
    """Of rows with the same number, only the last one is taken."""
    await connection.execute(DUPLICATES, account_id, import_id, timeout=600)


async def counts(connection: Connection, account_id: int, import_id: UUID) -> tuple[int, int]:
    """How many rows there are, and how many cannot be taken."""
    row: Any = await connection.fetchrow(COUNTS, account_id, import_id, timeout=600)
    return row["total"], row["failed"]


async def tag_names(connection: Connection, account_id: int, import_id: UUID) -> list[str]:
    """The tags that rows name."""
    return [row["name"] for row in await connection.fetch(NAMES, account_id, import_id, timeout=600)]


class Chunk:
    """Some rows of an import, above one and up to another; what they say is done in one statement each."""

    def __init__(self, connection: Connection, account_id: int, import_id: UUID, after: int, last: int) -> None:
        self._connection, self._keys = connection, (account_id, import_id, after, last)

    async def _run(self, statement: str, *values: Any) -> int:
        done: str = await self._connection.execute(statement, *self._keys, *values)
        return int(done.rsplit(" ", 1)[-1])

    async def refuse(self, known: bool, why: str) -> int:
        """Take out the rows whose numbers are contacts already, or are not; returns how many."""
        return await self._run(REFUSE_KNOWN if known else REFUSE_UNKNOWN, why)

    async def change(self, existing: str, now: datetime) -> int:
        """Change contacts that are there (update, empty); returns how many changed."""
        return await self._run(CHANGE[existing], now)

    async def insert(self, by: str, now: datetime) -> int:
        """Contacts for numbers that have none; returns how many were made."""
        return await self._run(INSERT, now, by)

    async def put_tags(self, now: datetime) -> int:
        """Give the tags that the rows name; returns how many were new."""
        return await self._run(PUT_TAGS, now)

    async def take_tags(self, others: bool) -> int:
        """Take the tags that the rows name, or all others; returns how many were worn."""
        return await self._run(TAKE_OTHERS if others else TAKE_TAGS)

    async def blocks(self) -> list[Any]:
        """Number, address and wishes of rows that block or unblock."""
        return await self._connection.fetch(BLOCKS, *self._keys)


async def refused(connection: Connection, account_id: int, import_id: UUID, after: int, limit: int) -> list[Any]:
    """Rows that were not taken, with the reason."""
    return await connection.fetch(REFUSED, account_id, import_id, after, limit)


def source(database: Database) -> SqlSource:
    """The imports of an account, for a table."""
    c: Any = ContactImport.__table__.c
    chosen: Select[Any] = select(
        c.id,
        c.mode,
        c.name,
        c.state,
        c.total,
        c.counts,
        c.reason,
        c.created_by,
        c.created_at,
        c.finished_at,
        c.result_id,
    )
    return SqlSource(database, chosen, c.account_id, ("id",), search=lambda text: contains(c.name, text))
