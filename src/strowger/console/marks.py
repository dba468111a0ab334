"""What a person opened last and has starred (U-15): kept by page, shown in the palette and on Home."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from strowger.console import gone, menu, repository, things
from strowger.console.repository import MarkRow
from strowger.console.rights import PUBLIC, find_page
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.logs import get_logger
from strowger.foundation.phone import hide_numbers

RECENT, STARRED = 20, 50
TITLE_LENGTH = 160
SECONDS = 1.0
ADDRESS = "/console/star"
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """A page with its title, as the visitor may see it."""

    path: str
    title: str
    icon: str


@dataclass(frozen=True, slots=True)
class Marks:
    """A person's pages: the starred ones by title, and those opened last, newest first, without the starred ones."""

    starred: Sequence[Mark] = ()
    recent: Sequence[Mark] = ()


def can_be_starred(visitor: Visitor, path: str) -> bool:
    """Whether there is a page at a path that the visitor may open: a place of the console, or a thing that is remembered."""
    page = find_page("GET", path)
    parts = path.startswith("/console/")  # of pages, not pages
    if page is None or parts or page.permission == PUBLIC or not visitor.may_open(path):
        return False
    return "{" not in page.path or things.find(path) is not None


async def meet(context: Context, visitor: Visitor, path: str, title: str, opened: bool) -> bool | None:
    """Whether the page that is being shown is starred; None where it cannot be. Remembers that a thing was ``opened``."""
    if not can_be_starred(visitor, path) or visitor.is_barred("POST", ADDRESS):
        return None
    try:
        async with asyncio.timeout(SECONDS), context.database.acquire() as connection:
            if not (opened and title and things.find(path)):
                return await repository.is_starred(connection, visitor.account_id, visitor.user_id, path)
            return await repository.note_opened(
                connection, visitor.account_id, visitor.user_id, path, _cut(title), context.clock.now(), RECENT
            )
    except Exception as problem:  # a page never fails for its decoration
        log.warning("a page cannot be remembered", error=repr(problem))
        return None


def _cut(title: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in title).split())[:TITLE_LENGTH]


async def star(context: Context, visitor: Visitor, path: str, title: str) -> bool:
    """Star a page; False when the visitor has starred STARRED others that are there."""

    async def work(connection: Connection) -> bool:
        return await repository.star(
            connection, visitor.account_id, visitor.user_id, path, _cut(title) or path, context.clock.now(), STARRED
        )

    if await context.database.run(work):
        return True
    await gone.marks_of(context, visitor.account_id, visitor.user_id)  # what is gone counts no more
    return await context.database.run(work)


async def unstar(context: Context, visitor: Visitor, path: str) -> None:
    """Take the star from a page."""
    await context.database.run(lambda c: repository.unstar(c, visitor.account_id, visitor.user_id, path))


async def exists(context: Context, visitor: Visitor, path: str) -> bool:
    """Whether a page is there now."""
    return bool(await gone.existing(context, [(visitor.account_id, path)]))


async def shown(context: Context, visitor: Visitor) -> Marks | None:
    """The pages of a visitor that are there and may be opened now; None when they cannot be had in time."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _shown(context, visitor)
    except Exception as problem:
        log.warning("remembered pages cannot be shown", error=repr(problem))
        return None


async def _shown(context: Context, visitor: Visitor) -> Marks:
    there = await gone.marks_of(context, visitor.account_id, visitor.user_id)
    rows = [row for row in there if can_be_starred(visitor, row.path)]
    starred = sorted((row for row in rows if row.starred), key=lambda row: row.title.lower())
    recent = [row for row in rows if not row.starred][:RECENT]
    return Marks([_seen(visitor, row) for row in starred], [_seen(visitor, row) for row in recent])


def _seen(visitor: Visitor, row: MarkRow) -> Mark:
    """A mark as the visitor may see it: titles hold numbers that were whole for somebody who might see them."""
    found = things.find(row.path)
    hidden = visitor.numbers_hidden and not (found and found[0].own_numbers)
    entry = menu.current(row.path)
    icon = found[0].icon if found else entry.icon if entry else "star"
    return Mark(row.path, hide_numbers(row.title) if hidden else row.title, icon)
