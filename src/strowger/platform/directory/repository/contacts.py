"""Queries of contacts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.directory.schemas import MAX_CONTACTS, Person, Values

PERSON = f"""
SELECT c.id, c.mobile, c.name, c.email, c.city, c.state, c.country, c.fields, c.source, c.created_by, c.created_at, c.updated_at,
    ARRAY(SELECT t.tag_id FROM contact_tag t WHERE t.account_id = $1 AND t.contact_id = c.id ORDER BY t.tag_id) AS tags,
    ARRAY(SELECT w.channel FROM unnest(ARRAY{list(CHANNELS)}) AS w(channel)
        WHERE EXISTS (SELECT FROM blocklist_entry b WHERE b.account_id = $1 AND b.channel = w.channel
            AND b.address = CASE w.channel WHEN 'email' THEN c.email ELSE c.mobile END)) AS blocked
FROM contact c
"""  # noqa: S608
FIND = PERSON + "WHERE c.account_id = $1 AND c.id = ANY($2::bigint[]) ORDER BY c.id"
BY_NUMBER = PERSON + "WHERE c.account_id = $1 AND c.mobile = ANY($2::text[]) ORDER BY c.id"
PAGE = f"""{PERSON}
WHERE c.account_id = $1 AND c.id < $2 AND ($3::text[] IS NULL OR c.mobile = ANY($3)) AND ($4 = '' OR lower(c.email) = $4)
    AND ($5::bigint IS NULL OR c.id IN (SELECT contact_id FROM contact_tag WHERE account_id = $1 AND tag_id = $5))
ORDER BY c.id DESC LIMIT $6
"""  # noqa: S608
ADD = """
INSERT INTO contact (account_id, mobile, name, email, city, state, country, fields, source, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING RETURNING id
"""
CHANGE = """
UPDATE contact SET mobile = $3, name = $4, email = $5, city = $6, state = $7, country = $8, fields = $9, updated_at = $10
WHERE account_id = $1 AND id = $2
"""
ENSURE = """
INSERT INTO contact (account_id, mobile, country, source, created_by, created_at, updated_at)
SELECT $1, mobile, country, $4, $5, $6, $6 FROM unnest($2::text[], $3::text[]) AS t(mobile, country) ORDER BY mobile
ON CONFLICT DO NOTHING RETURNING id
"""
IDS = "SELECT id FROM contact WHERE account_id = $1 AND mobile = ANY($2::text[])"
NUMBERS = "SELECT id, mobile FROM contact WHERE account_id = $1 AND id = ANY($2::bigint[])"
DELETE = "DELETE FROM contact WHERE account_id = $1 AND id = ANY($2::bigint[]) RETURNING id"
BEYOND = "SELECT true FROM contact WHERE account_id = $1 ORDER BY id OFFSET $2 LIMIT 1"
BLOCKS = """
SELECT channel, source, reason, added_by, created_at FROM blocklist_entry
WHERE account_id = $1 AND (address = $2 OR channel = 'email' AND address = $3 AND $3 <> '') ORDER BY channel
"""
SEARCH = """
SELECT id, mobile, name FROM contact WHERE account_id = $1 AND (mobile LIKE $2 OR lower(name) LIKE $3 OR lower(email) LIKE $3)
ORDER BY id DESC LIMIT $4
"""


def _person(row: Any) -> Person:
    return Person(**dict(row))


async def find(connection: Connection, account_id: int, contact_ids: Sequence[int]) -> list[Person]:
    """Contacts by id."""
    return [_person(row) for row in await connection.fetch(FIND, account_id, list(contact_ids))]


async def by_number(connection: Connection, account_id: int, numbers: Sequence[str]) -> list[Person]:
    """Contacts by number."""
    return [_person(row) for row in await connection.fetch(BY_NUMBER, account_id, list(numbers))]


async def page(
    connection: Connection, account_id: int, after: int, numbers: Sequence[str] | None, email: str, tag_id: int | None, limit: int
) -> list[Person]:  # fmt: skip
    """Contacts with ids below ``after``, newest first; all, or those of numbers, an address, a tag."""
    rows = await connection.fetch(PAGE, account_id, after, numbers, email, tag_id, limit)
    return [_person(row) for row in rows]


async def add(
    connection: Connection, account_id: int, values: Values, source: str, by: str, now: datetime
) -> int | None:
    """A new contact; None when the number is there already."""
    contact_id: int | None = await connection.fetchval(
        ADD, account_id, values.mobile, values.name, values.email, values.city, values.state, values.country,
        dict(values.fields), source, by, now,
    )  # fmt: skip
    return contact_id


async def change(connection: Connection, account_id: int, contact_id: int, values: Values, now: datetime) -> None:
    """Write a contact anew. Raises asyncpg.UniqueViolationError when the number is another one's."""
    await connection.execute(
        CHANGE, account_id, contact_id, values.mobile, values.name, values.email, values.city, values.state, values.country,
        dict(values.fields), now,
    )  # fmt: skip


async def ensure(
    connection: Connection, account_id: int, numbers: Sequence[str], countries: Sequence[str], source: str, by: str,
    now: datetime,
) -> int:  # fmt: skip
    """Contacts for those numbers that have none; returns how many were made."""
    return len(await connection.fetch(ENSURE, account_id, list(numbers), list(countries), source, by, now))


async def ids_of(connection: Connection, account_id: int, numbers: Sequence[str]) -> list[int]:
    """The ids of the contacts with these numbers."""
    return [row["id"] for row in await connection.fetch(IDS, account_id, list(numbers))]


async def numbers_of(connection: Connection, account_id: int, contact_ids: Sequence[int]) -> dict[int, str]:
    """Numbers by id."""
    return {row["id"]: row["mobile"] for row in await connection.fetch(NUMBERS, account_id, list(contact_ids))}


async def delete(connection: Connection, account_id: int, contact_ids: Sequence[int]) -> int:
    """Remove contacts; returns how many there were."""
    return len(await connection.fetch(DELETE, account_id, list(contact_ids)))


async def has_room(connection: Connection, account_id: int, more: int) -> bool:
    """Whether so many more contacts fit."""
    return more <= MAX_CONTACTS and not await connection.fetchval(BEYOND, account_id, MAX_CONTACTS - more)


async def blocks(connection: Connection, account_id: int, mobile: str, email: str) -> list[Any]:
    """Where a contact is blocked, since when and why."""
    return await connection.fetch(BLOCKS, account_id, mobile, email)


async def search(connection: Connection, account_id: int, digits: str, text: str, limit: int) -> list[Any]:
    """Contacts by the beginning of a number, or by part of name or address; ``digits`` or ``text`` may be empty."""
    like = "%" + text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if text else ""
    return await connection.fetch(SEARCH, account_id, digits + "%" if digits else "", like, limit)
