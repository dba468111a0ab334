"""Claims of the kind "within a second", on a machine that may have other work at that moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

SECOND = 1_000  # milliseconds
TRIES = 4


async def promptly(attempt: Callable[[int], Awaitable[None]]) -> None:
    """One of a few attempts keeps the time. Each gets its number, for data of its own, and asserts with ``timeout=SECOND``."""
    for number in range(TRIES):
        try:
            await attempt(number)
            return
        except AssertionError:
            if number == TRIES - 1:
                raise
