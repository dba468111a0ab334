"""Queries of tags and of who wears them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection
from strowger.platform.directory.schemas import Label

COLUMNS = "id, name, colour, criteria, created_by, created_at"
ALL = f"SELECT {COLUMNS} FROM tag WHERE account_id = $1 ORDER BY lower(name)"  # noqa: S608
COUNTS = "SELECT tag_id, count(*) AS count FROM contact_tag WHERE account_id = $1 GROUP BY tag_id"
FIND = f"SELECT {COLUMNS} FROM tag WHERE account_id = $1 AND id = ANY($2::bigint[])"  # noqa: S608
BY_NAME = (
    f"SELECT {COLUMNS} FROM tag WHERE account_id = $1 AND lower(name) IN (SELECT lower(n) FROM unnest($2::text[]) AS n)"  # noqa: S608
)
ADD = """
INSERT INTO tag (account_id, name, colour, criteria, created_by, created_at)
SELECT $1, name, $3, $4, $5, $6 FROM unnest($2::text[]) AS name ORDER BY lower(name)
ON CONFLICT DO NOTHING RETURNING id
"""
CHANGE = "UPDATE tag SET name = $3, colour = $4 WHERE account_id = $1 AND id = $2"
MOVE = """
INSERT INTO contact_tag (account_id, tag_id, contact_id, added_at)
SELECT $1, $3, contact_id, min(added_at) FROM contact_tag WHERE account_id = $1 AND tag_id = ANY($2::bigint[])
GROUP BY contact_id ORDER BY contact_id ON CONFLICT DO NOTHING
"""
DELETE = "DELETE FROM tag WHERE account_id = $1 AND id = ANY($2::bigint[]) RETURNING id"
PUT = """
INSERT INTO contact_tag (account_id, tag_id, contact_id, added_at)
SELECT $1, t.id, c.id, $4 FROM tag t CROSS JOIN contact c
WHERE t.account_id = $1 AND t.id = ANY($2::bigint[]) AND c.account_id = $1 AND c.id = ANY($3::bigint[])
ORDER BY t.id, c.id ON CONFLICT DO NOTHING RETURNING contact_id
"""
TAKE = """
DELETE FROM contact_tag WHERE account_id = $1 AND tag_id = ANY($2::bigint[]) AND contact_id = ANY($3::bigint[])
RETURNING contact_id
"""
KEEP_ONLY = """
DELETE FROM contact_tag WHERE account_id = $1 AND contact_id = $2 AND tag_id <> ALL($3::bigint[])
"""


def _label(row: Any, contacts: int = 0) -> Label:
    return Label(**dict(row), contacts=contacts)


async def all_of(connection: Connection, account_id: int, counted: bool = False) -> list[Label]:
    """The tags of an account by name; ``counted``: with how many contacts wear each."""
    rows = await connection.fetch(ALL, account_id)
    counts = {row["tag_id"]: row["count"] for row in await connection.fetch(COUNTS, account_id)} if counted else {}
    return [_label(row, counts.get(row["id"], 0)) for row in rows]


async def find(connection: Connection, account_id: int, tag_ids: Sequence[int]) -> list[Label]:
    """Tags by id."""
    return [_label(row) for row in await connection.fetch(FIND, account_id, list(tag_ids))]


async def by_name(connection: Connection, account_id: int, names: Sequence[str]) -> list[Label]:
    """Tags by name, without regard to case."""
    return [_label(row) for row in await connection.fetch(BY_NAME, account_id, list(names))]


async def add(
    connection: Connection, account_id: int, names: Sequence[str], colour: str, criteria: str | None, by: str, now: datetime
) -> list[int]:  # fmt: skip
    """New tags; those whose names are there already are left out. Returns the ids of the new ones."""
    rows = await connection.fetch(ADD, account_id, list(names), colour, criteria, by, now)
    return [row["id"] for row in rows]


async def change(connection: Connection, account_id: int, tag_id: int, name: str, colour: str) -> None:
    """Rename and recolour. Raises asyncpg.UniqueViolationError when the name is another one's."""
    await connection.execute(CHANGE, account_id, tag_id, name, colour)


async def merge(connection: Connection, account_id: int, tag_ids: Sequence[int], into: int) -> None:
    """Who wears one of the tags wears ``into`` instead; the others are removed."""
    await connection.execute(MOVE, account_id, list(tag_ids), into)
    await delete(connection, account_id, tag_ids)


async def delete(connection: Connection, account_id: int, tag_ids: Sequence[int]) -> int:
    """Remove tags; contacts stay. Returns how many there were."""
    return len(await connection.fetch(DELETE, account_id, list(tag_ids)))


async def put(
    connection: Connection, account_id: int, tag_ids: Sequence[int], contact_ids: Sequence[int], now: datetime
) -> int:
    """Give contacts tags; returns how many were new."""
    return len(await connection.fetch(PUT, account_id, list(tag_ids), list(contact_ids), now))


async def take(connection: Connection, account_id: int, tag_ids: Sequence[int], contact_ids: Sequence[int]) -> int:
    """Take tags from contacts; returns how many they wore."""
    return len(await connection.fetch(TAKE, account_id, list(tag_ids), list(contact_ids)))


async def set_of(
    connection: Connection, account_id: int, contact_id: int, tag_ids: Sequence[int], now: datetime
) -> None:
    """A contact wears these tags and no others."""
    await connection.execute(KEEP_ONLY, account_id, contact_id, list(tag_ids))
    await put(connection, account_id, tag_ids, [contact_id], now)
