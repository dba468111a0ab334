"""Time as a dependency: the product asks this clock, so that a test can move it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import overload


@overload
def utc_text(moment: datetime, timespec: str = ...) -> str: ...
@overload
def utc_text(moment: None, timespec: str = ...) -> None: ...
@overload
def utc_text(moment: datetime | None, timespec: str = ...) -> str | None: ...
def utc_text(moment: datetime | None, timespec: str = "seconds") -> str | None:
    """A moment as ISO 8601 in UTC, for example 2026-01-05T10:11:12Z; ``timespec`` is that of ``isoformat``. None stays None."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


class Clock:
    """The real clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go backwards; only differences mean something."""
        return time.monotonic()


class FrozenClock(Clock):
    """A clock that stands until it is moved."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment to which the clock was moved."""
        return self._now

    def time(self) -> float:
        """Seconds since the epoch at that moment."""
        return self._now.timestamp()

    def monotonic(self) -> float:
        """Same as time(): a frozen clock has no other."""
        return self._now.timestamp()

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._now += timedelta(seconds=seconds)
