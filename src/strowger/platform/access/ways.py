"""Further ways to sign in, which the sign-in page links to. The modules above say which; nothing here knows them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from strowger.foundation.context import Context

Way = Callable[[Context], Awaitable[tuple[str, str] | None]]
_ways: list[Way] = []


def register_way(way: Way) -> None:
    """Add a way: ``await way(context)`` gives path and label of its link, or None while nobody uses it."""
    if way not in _ways:
        _ways.append(way)


async def known_ways(context: Context) -> list[tuple[str, str]]:
    """The links of the sign-in page."""
    return [found for way in _ways if (found := await way(context)) is not None]
