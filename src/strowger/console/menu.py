"""The left menu: modules register their entries, the layout shows them in groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strowger.console.visitor import Visitor

GROUP_ORDER = (
    "",
    "Channels",
    "Campaigns",
    "Directory",
    "Verify",
    "Numbers",
    "Flow Builder",
    "URL Shortener",
    "Developers",
    "Billing",
    "Subaccounts",
    "Settings",
    "Help",
    "Installation",
)


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One link of the menu; ``key`` is the letter that follows "g" on the keyboard, or empty."""

    group: str
    label: str
    path: str
    icon: str
    order: int
    key: str = ""
    roles: tuple[str, ...] = ()


_entries: dict[str, MenuEntry] = {}


def register(
    group: str, label: str, path: str, icon: str, order: int = 100, *, key: str = "", roles: tuple[str, ...] = ()
) -> None:
    """Put a link into the menu. ``group`` "" stands on top without a heading; ``roles`` empty means everyone.

    Raises ValueError when two entries want the same keyboard letter.
    """
    for other in _entries.values():
        if key and other.key == key and other.path != path:
            raise ValueError(f"the letter {key!r} belongs to {other.label}")
    _entries[path] = MenuEntry(group, label, path, icon, order, key, roles)


def entries(visitor: Visitor) -> list[MenuEntry]:
    """Every entry a visitor may see, in the menu's order: those whose page the role may open."""
    seen = [
        entry
        for entry in _entries.values()
        if (not entry.roles or visitor.role in entry.roles) and visitor.may_open(entry.path)
    ]
    return sorted(seen, key=lambda e: (_rank(e.group), e.group, e.order, e.label))


def groups(visitor: Visitor) -> list[tuple[str, list[MenuEntry]]]:
    """The menu of a visitor: heading and entries."""
    found: dict[str, list[MenuEntry]] = {}
    for entry in entries(visitor):
        found.setdefault(entry.group, []).append(entry)
    return list(found.items())


def current(path: str) -> MenuEntry | None:
    """The entry to which a page belongs: the one with the longest path that begins it."""
    fits = [e for e in _entries.values() if path == e.path or (e.path != "/" and path.startswith(e.path + "/"))]
    return max(fits, key=lambda entry: len(entry.path), default=None)


def _rank(group: str) -> int:
    return GROUP_ORDER.index(group) if group in GROUP_ORDER else len(GROUP_ORDER)
