"""The command palette: pages and actions, and finders that modules register (messages by id or number, and so on)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strowger.console import marks, menu
from strowger.foundation.context import Context
from strowger.foundation.logs import get_logger

if TYPE_CHECKING:
    from strowger.console.visitor import Visitor

FINDER_SECONDS = 1.0
SHOWN = 24
MARKS_SHOWN = 10  # starred, and as many of those opened last
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the palette. ``exact`` hits (an id that was pasted) come first."""

    label: str
    path: str
    icon: str = "arrow-right"
    hint: str = ""
    group: str = "Pages"
    exact: bool = False


Finder = Callable[[Context, "Visitor", str], Awaitable[Sequence[Hit]]]
_actions: dict[str, Hit] = {}
_finders: dict[str, Finder] = {}


def register_action(label: str, path: str, icon: str = "bolt", hint: str = "") -> None:
    """Offer an action ("Send a message") in the palette."""
    _actions[path + label] = Hit(label, path, icon, hint, "Actions")


def register_finder(name: str, finder: Finder) -> None:
    """Offer what ``await finder(context, visitor, text)`` finds; text is trimmed and at least two characters long."""
    _finders[name] = finder


def _fits(hit: Hit, words: list[str]) -> bool:
    text = f"{hit.label} {hit.hint} {hit.group}".lower()
    return all(word in text for word in words)


async def _ask(name: str, finder: Finder, context: Context, visitor: Visitor, text: str) -> Sequence[Hit]:
    try:
        return await asyncio.wait_for(finder(context, visitor, text), FINDER_SECONDS)
    except Exception as problem:  # one finder's failure leaves the others' answers
        log.warning("palette finder failed", finder=name, error=repr(problem))
        return ()


def in_groups(hits: Sequence[Hit]) -> list[tuple[str, list[Hit]]]:
    """Hits under their headings, in the order in which the headings first come."""
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.group, []).append(hit)
    return list(groups.items())


async def _marked(context: Context, visitor: Visitor) -> list[Hit]:
    """What the visitor starred and opened last."""
    found = await marks.shown(context, visitor)
    if found is None:
        return []
    starred = [Hit(mark.title, mark.path, mark.icon, group="Starred") for mark in found.starred[:MARKS_SHOWN]]
    return starred + [Hit(mark.title, mark.path, mark.icon, group="Recent") for mark in found.recent[:MARKS_SHOWN]]


async def find(context: Context, visitor: Visitor, text: str) -> list[Hit]:
    """What the palette shows for a text; for an empty one what was starred and opened last, then all pages and actions."""
    words = text.lower().split()
    pages = [
        Hit(e.label, e.path, e.icon, f"g {e.key}" if e.key else "", e.group or "Pages") for e in menu.entries(visitor)
    ]
    actions = [hit for hit in _actions.values() if visitor.may_open(hit.path)]
    hits = [hit for hit in [*actions, *pages] if _fits(hit, words)]
    text = text.strip()
    if not text:
        marked = await _marked(context, visitor)
        known = {hit.path for hit in marked}
        return marked + [hit for hit in hits if hit.path not in known][:SHOWN]
    if len(text) > 1:
        found = await asyncio.gather(*(_ask(name, f, context, visitor, text) for name, f in _finders.items()))
        hits += [hit for group in found for hit in group]
    hits.sort(key=lambda hit: not hit.exact)
    return hits[:SHOWN]
