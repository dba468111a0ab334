"""Which permission each page needs, and whether a visitor may go there: menus, buttons and pages ask the same list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

SELF = "self"  # every signed-in user: their own profile, the console's own parts
PUBLIC = "public"  # anybody
PLACES = {"int": r"-?\d+", "uuid": r"[0-9a-fA-F-]{36}"}


@dataclass(frozen=True, slots=True)
class Guarded:
    """One page: its methods, its path as Litestar writes it, the permission it needs (None: it names none), its handler.

    ``audited``: its changing calls are written into the audit log.
    """

    methods: frozenset[str]
    path: str
    permission: str | None
    handler: str
    sentence: str = ""
    audited: bool = True


PAGES: list[Guarded] = []


def add_page(
    paths: Sequence[str],
    methods: Sequence[str],
    permission: str | None,
    handler: str,
    sentence: str = "",
    audited: bool = True,
) -> None:
    """Note what a page needs; the decorators do this."""
    PAGES.extend(Guarded(frozenset(methods), path, permission, handler, sentence, audited) for path in paths)
    _patterns.cache_clear()
    find_page.cache_clear()


def sentence_of(method: str, template: str) -> str:
    """What a page does, in words: the first line of its handler's docstring."""
    return next((item.sentence for item in PAGES if item.path == template and method in item.methods), "")


def _head(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""


@lru_cache(maxsize=1)
def _patterns() -> dict[str, list[tuple[re.Pattern[str], Guarded]]]:
    """The pages by the first part of their path, which is fixed for all of them: a list asks for each of its links."""
    found: dict[str, list[tuple[re.Pattern[str], Guarded]]] = {}
    for item in sorted(PAGES, key=lambda page: page.path.count("{")):  # fixed paths come before those with places
        parts = re.split(r"\{\w+:(\w+)\}", item.path)
        text = "".join(re.escape(p) if i % 2 == 0 else PLACES.get(p, "[^/]+") for i, p in enumerate(parts))
        found.setdefault(_head(item.path), []).append((re.compile(text), item))
    return found


@lru_cache(maxsize=4096)
def find_page(method: str, path: str) -> Guarded | None:
    """The page at a path (its query does not count); None for what is no page of the console."""
    bare = path.partition("?")[0].partition("#")[0]
    for pattern, item in _patterns().get(_head(bare), ()):
        if method in item.methods and pattern.fullmatch(bare):
            return item
    return None


def permission_for(method: str, path: str) -> str | None:
    """The permission of the page at a path; ``public`` for what is no page of the console."""
    found = find_page(method, path)
    return PUBLIC if found is None else found.permission
