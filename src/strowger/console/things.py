"""Single things that have a page: ``wiring`` says where one is shown, and in which table it stands, for pages and workers alike."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from strowger.foundation.database import Connection
from strowger.foundation.ids import is_row_id

PLACE = re.compile(r"\{\w+:(\w+)\}")
KINDS = {"int": "bigint", "uuid": "uuid", "str": "text"}
Exists = Callable[[Connection, Collection[int], Collection[str]], Awaitable[set[tuple[int, str]]]]


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing: the pattern of its page's path, whose one place is ``column`` of ``table``, and what it looks like.

    ``kind`` is the column's type; ``alive`` a further condition; ``everybodys``: rows belong to the installation.
    ``own_numbers``: numbers in titles are the account's, nobody's to hide. ``exists`` asks in another way.
    """

    pattern: re.Pattern[str]
    icon: str
    table: str
    column: str
    kind: str
    alive: str
    everybodys: bool
    own_numbers: bool
    exists: Exists | None

    def key_of(self, path: str) -> str | None:
        """What stands at the place in a path, in one spelling; None when it is no page of this kind."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        key = found[1]
        if self.kind == "bigint":
            return key if is_row_id(key) else None
        if self.kind == "uuid":
            try:
                return str(UUID(key))
            except ValueError:
                return None
        return key


_things: dict[str, Thing] = {}


def register(
    path: str,
    icon: str,
    table: str = "",
    column: str = "id",
    *,
    alive: str = "",
    everybodys: bool = False,
    own_numbers: bool = False,
    exists: Exists | None = None,
) -> None:
    """Say that the page at ``path``, as Litestar writes it, shows one thing: it is remembered when it is opened.

    ``await exists(connection, account_ids, keys)`` gives account and key of those that there are, where a table and its
    column do not tell.
    """
    head, kind, tail = PLACE.split(path)
    pattern = re.compile(f"{re.escape(head)}([^/]+){re.escape(tail)}")
    _things[path] = Thing(pattern, icon, table, column, KINDS[kind], alive, everybodys, own_numbers, exists)


def find(path: str) -> tuple[Thing, str] | None:
    """What the page at a path shows, and which one."""
    for thing in _things.values():
        key = thing.key_of(path)
        if key is not None:
            return thing, key
    return None
