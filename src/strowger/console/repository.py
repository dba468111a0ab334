"""Queries of saved views and of remembered pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, or_, select

from strowger.console.models import SavedView
from strowger.console.things import Exists, Thing
from strowger.foundation.database import Connection, Database

# Of the pages that are only opened, the last $6 stay.
NOTE_OPENED = """
WITH old AS (
    DELETE FROM page_mark WHERE account_id = $1 AND user_id = $2 AND starred_at IS NULL AND path IN (
        SELECT path FROM page_mark WHERE account_id = $1 AND user_id = $2 AND starred_at IS NULL AND path <> $3
        ORDER BY opened_at DESC NULLS LAST, path OFFSET $6 - 1)
)
INSERT INTO page_mark (account_id, user_id, path, title, opened_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, user_id, path) DO UPDATE SET title = excluded.title, opened_at = excluded.opened_at
RETURNING starred_at IS NOT NULL
"""
STARRED = """
SELECT EXISTS (SELECT FROM page_mark WHERE account_id = $1 AND user_id = $2 AND path = $3 AND starred_at IS NOT NULL)
"""
STAR = """
INSERT INTO page_mark (account_id, user_id, path, title, starred_at)
SELECT $1, $2, $3, $4, $5 WHERE $6 > (
    SELECT count(*) FROM page_mark WHERE account_id = $1 AND user_id = $2 AND path <> $3 AND starred_at IS NOT NULL)
ON CONFLICT (account_id, user_id, path) DO UPDATE SET title = excluded.title, starred_at = excluded.starred_at
RETURNING true
"""
UNSTAR = "UPDATE page_mark SET starred_at = NULL WHERE account_id = $1 AND user_id = $2 AND path = $3"
DROP_EMPTY = """
DELETE FROM page_mark WHERE account_id = $1 AND user_id = $2 AND path = $3 AND starred_at IS NULL AND opened_at IS NULL
"""
MARKS = """
SELECT path, title, starred_at IS NOT NULL AS starred FROM page_mark WHERE account_id = $1 AND user_id = $2
ORDER BY opened_at DESC NULLS LAST, path
"""
MARKS_AFTER = """
SELECT account_id, user_id, path FROM page_mark WHERE (account_id, user_id, path) > ($1, $2, $3) AND account_id <= $4
ORDER BY account_id, user_id, path LIMIT $5
"""
DROP_MARKS = """
DELETE FROM page_mark m USING unnest($1::bigint[], $2::bigint[], $3::text[]) AS gone (account_id, user_id, path)
WHERE m.account_id = gone.account_id AND m.user_id = gone.user_id AND m.path = gone.path
"""
LAST_ID = 2**63 - 1


class MarkKey(NamedTuple):
    """Whose mark it is, and of which page."""

    account_id: int
    user_id: int
    path: str


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A remembered page."""

    path: str
    title: str
    starred: bool


async def note_opened(
    connection: Connection, account_id: int, user_id: int, path: str, title: str, at: datetime, most: int
) -> bool:
    """Remember that a person opened a page, and forget what is beyond ``most``; returns whether it is starred."""
    return bool(await connection.fetchval(NOTE_OPENED, account_id, user_id, path, title, at, most))


async def is_starred(connection: Connection, account_id: int, user_id: int, path: str) -> bool:
    """Whether a person starred a page."""
    return bool(await connection.fetchval(STARRED, account_id, user_id, path))


async def star(
    connection: Connection, account_id: int, user_id: int, path: str, title: str, at: datetime, most: int
) -> bool:
    """Star a page; False when ``most`` others are starred."""
    return bool(await connection.fetchval(STAR, account_id, user_id, path, title, at, most))


async def unstar(connection: Connection, account_id: int, user_id: int, path: str) -> None:
    """Take the star from a page; one that was never opened as a thing is forgotten."""
    await connection.execute(UNSTAR, account_id, user_id, path)
    await connection.execute(DROP_EMPTY, account_id, user_id, path)


async def marks_of(connection: Connection, account_id: int, user_id: int) -> list[MarkRow]:
    """A person's remembered pages, those opened last first."""
    return [MarkRow(**row) for row in await connection.fetch(MARKS, account_id, user_id)]


async def marks_after(connection: Connection, after: MarkKey, account_id: int | None, limit: int) -> list[MarkKey]:
    """The next marks by key, of an account or of all."""
    last = LAST_ID if account_id is None else account_id
    return [MarkKey(**row) for row in await connection.fetch(MARKS_AFTER, *after, last, limit)]


async def drop_marks(connection: Connection, keys: Collection[MarkKey]) -> int:
    """Delete marks; returns how many."""
    done: str = await connection.execute(DROP_MARKS, *(list(column) for column in zip(*keys, strict=True)))
    return int(done.rsplit(" ", 1)[-1])


def existing_of(thing: Thing) -> Exists:
    """How to ask which of a kind of things there are, by its table: of the accounts, unless the things are everybody's."""
    alive = f" AND {thing.alive}" if thing.alive else ""
    source = (
        f"{thing.table} CROSS JOIN unnest($1::bigint[]) AS asking (by_account)" if thing.everybodys else thing.table
    )
    whose, own = ("by_account", "true") if thing.everybodys else ("account_id", "account_id = ANY ($1::bigint[])")
    query = (
        f"SELECT {whose}, {thing.column}::text FROM {source}"  # noqa: S608 - names of our own
        f" WHERE {own} AND {thing.column} = ANY ($2::text[]::{thing.kind}[]){alive}"
    )

    async def exists(
        connection: Connection, account_ids: Collection[int], keys: Collection[str]
    ) -> set[tuple[int, str]]:
        return {(row[0], row[1]) for row in await connection.fetch(query, list(account_ids), list(keys))}

    return exists


def _visible(account_id: int, user_id: int) -> ColumnElement[bool]:
    return (SavedView.account_id == account_id) & or_(SavedView.user_id.is_(None), SavedView.user_id == user_id)


async def list_views(database: Database, account_id: int, user_id: int, name: str) -> Sequence[SavedView]:
    """The views of a list that a user sees: their own and the account's, by name."""
    async with database.session() as session:
        wanted = select(SavedView).where(_visible(account_id, user_id), SavedView.list == name)
        return (await session.scalars(wanted.order_by(SavedView.name, SavedView.id))).all()


async def save_view(
    database: Database, account_id: int, user_id: int, shared: bool, list_name: str, name: str, query: str
) -> None:
    """Keep a view; one of the same name and owner is replaced."""
    owner = None if shared else user_id
    async with database.session() as session:
        await session.execute(
            delete(SavedView).where(
                SavedView.account_id == account_id,
                SavedView.list == list_name,
                SavedView.name == name,
                SavedView.user_id.is_not_distinct_from(owner),
            )
        )
        session.add(SavedView(account_id=account_id, user_id=owner, list=list_name, name=name, query=query))


async def delete_view(database: Database, account_id: int, user_id: int, view_id: int) -> bool:
    """Remove a view that the user sees; False when there is none."""
    async with database.session() as session:
        wanted = delete(SavedView).where(SavedView.id == view_id, _visible(account_id, user_id))
        return bool((await session.scalars(wanted.returning(SavedView.id))).all())
