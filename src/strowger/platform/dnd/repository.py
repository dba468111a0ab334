"""All queries of do-not-disturb numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from strowger.console.sql_source import SqlSource
from strowger.foundation.database import Connection, Database
from strowger.platform.dnd.models import DndMark

MARK = """
INSERT INTO dnd_mark (account_id, address, added_by, created_at)
SELECT $1, address, $3, $4 FROM unnest($2::text[]) AS address ORDER BY 2 ON CONFLICT DO NOTHING RETURNING address
"""
UNMARK = "DELETE FROM dnd_mark WHERE account_id = $1 AND address = ANY($2::text[]) RETURNING address"
CLEAR = "TRUNCATE dnd_number"
ADD = "INSERT INTO dnd_number (number) SELECT DISTINCT n FROM unnest($1::bigint[]) AS n ON CONFLICT DO NOTHING"
REMOVE = "DELETE FROM dnd_number WHERE number = ANY($1::bigint[])"
TOTAL = "SELECT count(*) FROM dnd_number"
NOTE = """
INSERT INTO dnd_import (name, mode, numbers, refused, total, added_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
IMPORTS = "SELECT name, mode, numbers, refused, total, added_by, created_at FROM dnd_import ORDER BY id DESC LIMIT $1"


async def mark(connection: Connection, account_id: int, numbers: Sequence[str], by: str, now: datetime) -> int:
    """Mark numbers for an account; returns how many were new."""
    return len(await connection.fetch(MARK, account_id, list(numbers), by, now))


async def unmark(connection: Connection, account_id: int, numbers: Sequence[str]) -> int:
    """Take marks away; returns how many there were."""
    return len(await connection.fetch(UNMARK, account_id, list(numbers)))


async def change_register(
    connection: Connection, mode: str, numbers: Sequence[int], refused: int, name: str, by: str, now: datetime
) -> int:
    """Replace the register, add to it or remove from it; returns how many numbers it holds then."""
    if mode == "replace":
        await connection.execute(CLEAR)
    await connection.execute(REMOVE if mode == "remove" else ADD, list(numbers))
    total: int = await connection.fetchval(TOTAL)
    await connection.execute(NOTE, name, mode, len(numbers), refused, total, by, now)
    return total


async def imports(connection: Connection, limit: int) -> list[Any]:
    """The latest imports into the register."""
    return await connection.fetch(IMPORTS, limit)


def _search(text: str) -> ColumnElement[bool]:
    column: Any = DndMark.__table__.c.address
    found: ColumnElement[bool] = column.contains(text.strip().lstrip("+"), autoescape=True)
    return found


def mark_source(database: Database) -> SqlSource:
    """The marks of an account, for a table."""
    d = DndMark.__table__.c
    chosen: Select[Any] = select(d.address, d.added_by, d.created_at)
    return SqlSource(database, chosen, d.account_id, ("address",), search=_search)
