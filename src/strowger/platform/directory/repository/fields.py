"""Queries of custom fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection
from strowger.platform.directory.schemas import CustomField

ALL = "SELECT id, name, kind FROM contact_field WHERE account_id = $1 ORDER BY lower(name)"
ADD = """
INSERT INTO contact_field (account_id, name, kind, created_by, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING id
"""
RENAME = "UPDATE contact_field SET name = $3 WHERE account_id = $1 AND id = $2 RETURNING id"
DELETE = "DELETE FROM contact_field WHERE account_id = $1 AND id = $2 RETURNING id"
CLEAR = """
UPDATE contact SET fields = fields - $2 WHERE account_id = $1 AND id IN (
    SELECT id FROM contact WHERE account_id = $1 AND fields ? $2 LIMIT $3
)
"""
ZONE = "SELECT time_zone FROM account WHERE id = $1"
COUNTRY = "SELECT country FROM account WHERE id = $1"
USED = "SELECT count(*) FROM contact WHERE account_id = $1 AND fields ? $2"


async def all_of(connection: Connection, account_id: int) -> list[CustomField]:
    """The custom fields of an account by name."""
    return [CustomField(**dict(row)) for row in await connection.fetch(ALL, account_id)]


async def zone_of(connection: Connection, account_id: int) -> str:
    """The time zone of an account."""
    return str(await connection.fetchval(ZONE, account_id) or "UTC")


async def country_of(connection: Connection, account_id: int) -> str:
    """The country of an account, whose code national numbers get."""
    return str(await connection.fetchval(COUNTRY, account_id) or "")


async def add(connection: Connection, account_id: int, name: str, kind: str, by: str, now: datetime) -> int | None:
    """A new field; None when the name is there already."""
    field_id: int | None = await connection.fetchval(ADD, account_id, name, kind, by, now)
    return field_id


async def rename(connection: Connection, account_id: int, field_id: int, name: str) -> bool:
    """Rename a field; False when there is none. Raises asyncpg.UniqueViolationError for a name that is taken."""
    return await connection.fetchval(RENAME, account_id, field_id, name) is not None


async def delete(connection: Connection, account_id: int, field_id: int) -> bool:
    """Remove a field; its values are removed by ``clear``."""
    return await connection.fetchval(DELETE, account_id, field_id) is not None


async def clear(connection: Connection, account_id: int, key: str, most: int) -> int:
    """Remove the values of a field from so many contacts; returns how many had one."""
    done: str = await connection.execute(CLEAR, account_id, key, most)
    return int(done.rsplit(" ", 1)[-1])


async def used(connection: Connection, account_id: int, key: str) -> int:
    """How many contacts have a value in a field."""
    count: Any = await connection.fetchval(USED, account_id, key)
    return int(count)
