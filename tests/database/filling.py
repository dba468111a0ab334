"""Rows for tables that are known only from the catalogue: one for each table, so that a migration meets data."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import asyncpg

COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS needed,
    a.atthasdef OR a.attidentity <> '' AS has_default, information_schema._pg_char_max_length(a.atttypid, a.atttypmod) AS most
FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
"""
LINKS = """
SELECT unnest(conkey) AS own, unnest(confkey) AS theirs, confrelid::regclass::text AS target
FROM pg_constraint WHERE contype = 'f' AND conrelid = $1
"""
CHECKS = "SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE contype = 'c' AND conrelid = $1"
TABLES = """
SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'
ORDER BY c.oid
"""
A_MOMENT = "2026-03-01 12:00:00+00"
VALUES = {
    "bigint": "1", "integer": "1", "smallint": "1", "numeric": "1", "double precision": "1", "real": "1",
    "boolean": "false", "text": "x", "character varying": "x", "character": "x", "bytea": "\\x00", "jsonb": "{}",
    "json": "{}", "uuid": str(UUID(int=0x019CA9F2_0000_7000_8000_000000000001)), "date": "2026-03-01",
    "time without time zone": "12:00", "timestamp with time zone": A_MOMENT, "timestamp without time zone": A_MOMENT,
    "inet": "192.0.2.1", "cidr": "192.0.2.0/24", "interval": "1 day", "tsvector": "x",
}  # fmt: skip


def _value(type_: str, most: int | None) -> str:
    if type_.endswith("[]"):
        return "{}"
    return VALUES[type_][: most or None]


async def _linked(connection: asyncpg.Connection[Any], oid: int) -> dict[str, str | None]:
    """The values of columns that point at rows of other tables; None where there is no such row."""
    found: dict[str, str | None] = {}
    for link in await connection.fetch(LINKS, oid):
        own = await connection.fetchval(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1 AND attnum = $2", oid, link["own"]
        )
        theirs = await connection.fetchval(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = $2",
            link["target"],
            link["theirs"],
        )
        found[own] = await connection.fetchval(f'SELECT "{theirs}"::text FROM {link["target"]} LIMIT 1')
    return found


async def _fill(connection: asyncpg.Connection[Any], oid: int, name: str) -> bool:
    linked = await _linked(connection, oid)
    columns = await connection.fetch(COLUMNS, oid)
    row = {c["name"]: _value(c["type"], c["most"]) for c in columns if c["needed"] and not c["has_default"]}
    row |= {column: value for column, value in linked.items() if column in row or value is not None}  # type: ignore[misc]
    checks = {check["conname"]: check["text"] for check in await connection.fetch(CHECKS, oid)}
    for _ in range(len(checks) + 1):
        names = ", ".join(f'"{column}"' for column in row)
        types = {c["name"]: c["type"] for c in columns}
        values = ", ".join(f"${i}::text::{types[column]}" for i, column in enumerate(row, 1))
        try:
            async with connection.transaction():
                await connection.execute(f'INSERT INTO "{name}" ({names}) VALUES ({values})', *row.values())
                return True
        except asyncpg.CheckViolationError as problem:  # a list of allowed words, mostly: take the first
            text = checks.pop(problem.constraint_name or "", "")
            word, column = re.search(r"'([^']+)'", text), next((c for c in row if c in text), None)
            if not word or not column:
                return False
            row[column] = word[1]
        except (asyncpg.NotNullViolationError, asyncpg.ForeignKeyViolationError):
            return False  # the table that it points at has no row yet
    return False


async def fill_tables(connection: asyncpg.Connection[Any]) -> tuple[set[str], set[str], set[str]]:
    """Put a row into each empty table; returns the names of tables that held rows, that got one, and that could not."""
    held: set[str] = set()
    empty: dict[str, int] = {}
    for table in await connection.fetch(TABLES):
        if await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{table["relname"]}")'):
            held.add(table["relname"])
        else:
            empty[table["relname"]] = table["oid"]
    filled: set[str] = set()
    progress = True
    while empty and progress:
        now = {name for name, oid in empty.items() if await _fill(connection, oid, name)}
        progress = bool(now)
        filled |= now
        empty = {name: oid for name, oid in empty.items() if name not in now}
    return held, filled, set(empty)
