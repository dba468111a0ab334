"""What happened with a contact: the directory's own part, and what modules above it add (messages, consents)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.blocklist.service import SOURCES as BLOCK_SOURCES
from strowger.platform.directory.repository import contacts
from strowger.platform.directory.schemas import SOURCES, Person

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of a contact's timeline. ``tone`` is a tone of the console; ``href`` leads to more."""

    at: datetime
    title: str
    text: str = ""
    tone: str = "neutral"
    href: str = ""


# (context, visitor, contact) -> what happened, in any order; asks for what the visitor's role may see
Loader: TypeAlias = Callable[[Context, Visitor, Person], Awaitable[list[Happening]]]
_loaders: list[Loader] = []


def register_history(loader: Loader) -> None:
    """Show what ``loader`` finds on the page of each contact."""
    if loader not in _loaders:
        _loaders.append(loader)


async def load(context: Context, visitor: Visitor, person: Person) -> list[Happening]:
    """The timeline of a contact, newest first."""
    async with context.database.acquire() as connection:
        blocks = await contacts.blocks(connection, visitor.account_id, person.mobile, person.email)
    by = f"{SOURCES.get(person.source, person.source)}{', ' + person.created_by if person.created_by else ''}"
    found = [Happening(person.created_at, "Added to the directory", by)]
    if person.updated_at > person.created_at:
        found.append(Happening(person.updated_at, "Changed last"))
    for row in blocks:
        why = ", ".join(filter(None, (BLOCK_SOURCES.get(row["source"], row["source"]), row["reason"], row["added_by"])))
        label = CHANNELS.get(row["channel"], row["channel"])
        found.append(Happening(row["created_at"], f"Blocked for {label}", why, "danger", "/directory/blocklist"))
    for loader in _loaders:
        found += await loader(context, visitor, person)
    return sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN]
