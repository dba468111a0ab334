"""How fast a bind may send: its rate, obedience to throttling, and the slow start of its window. Time is handed in."""

from __future__ import annotations

from typing import Final

FIRST_WINDOW: Final = 2
# Burst in seconds of the rate: what a late timer may catch up. R-12 allows 10 % above in any second.
TOLERANCE: Final = 0.05
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
CUT: Final = 0.5  # of the rate at which the carrier complained
GROWTH: Final = 1.2  # of the rate in each second without a complaint
CALM_SECONDS: Final = 10.0  # after which the next complaint counts as the first


class SlowStart:
    """The window of a bind: 2 after each connection, doubled with each window of good answers (R-13)."""

    __slots__ = ("_good", "limit", "size")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = min(FIRST_WINDOW, limit)
        self._good = 0

    def good(self) -> None:
        """Count an answer; the window doubles after as many as it holds."""
        if self.size < self.limit:
            self._good += 1
            if self._good >= self.size:
                self.size = min(self.size * 2, self.limit)
                self._good = 0

    def restart(self) -> None:
        """Begin again: the carrier stopped answering."""
        self.size = min(FIRST_WINDOW, self.limit)
        self._good = 0

    def resize(self, limit: int) -> None:
        """Use another configured window."""
        self.limit = limit
        self.size = min(self.size, limit)


class Pace:
    """The rate of a bind in submits per second (0: no limit), lowered while the carrier throttles.

    Evenly spaced, so that no second holds more than the rate and its tolerance (R-12).
    """

    __slots__ = ("_complaints", "_count", "_grown_at", "_measured", "_next", "_second", "_until", "_was", "rate", "tps")

    def __init__(self, tps: float) -> None:
        self.tps = tps
        self.rate = tps
        self._next = 0.0
        self._until = 0.0
        self._grown_at = 0.0
        self._was = 0.0
        self._complaints = 0
        self._second = 0
        self._count = 0
        self._measured = 0

    def delay(self, now: float) -> float:
        """Take leave to send one submit now: 0.0, or the seconds to wait before asking again."""
        if now < self._until:
            return self._until - now
        if self._was:
            self._recover(now)
        if self.rate:
            if self._next > now:
                return self._next - now
            step = 1.0 / self.rate
            self._next = max(self._next, now - TOLERANCE) + step
        second = int(now)
        if second != self._second:
            self._measured = self._count if second == self._second + 1 else 0
            self._second, self._count = second, 0
        self._count += 1
        return 0.0

    def pause(self, now: float) -> float:
        """Seconds of the pause that is left after a complaint; 0.0 when there is none."""
        return max(0.0, self._until - now)

    def throttled(self, now: float) -> float:
        """The carrier complained: pause, then go on at half the rate. Returns the seconds of the pause left.

        Complaints that arrive during the pause answer what was sent before it, and change nothing.
        """
        if now >= self._until:
            fast = self.rate or max(self._measured, self._count, 2)
            self._complaints = self._complaints + 1 if now < self._until + CALM_SECONDS else 1
            pause = min(FIRST_PAUSE * 2.0 ** (self._complaints - 1), LONGEST_PAUSE)
            self._was = max(self._was, fast)
            self.rate = max(1.0 if not self.tps else min(1.0, self.tps), fast * CUT)
            self._until = self._grown_at = now + pause
        return self._until - now

    def is_throttled(self, now: float) -> bool:
        """Whether the carrier's complaint still shows in the pace."""
        if self._was and now >= self._until:
            self._recover(now)
        return bool(self._was)

    def resize(self, tps: float) -> None:
        """Use another configured rate."""
        self.tps = self.rate = tps
        self._was = 0.0

    def _recover(self, now: float) -> None:
        seconds = int(now - self._grown_at)
        if seconds < 1:
            return
        self.rate *= GROWTH ** min(seconds, 60)
        self._grown_at += seconds
        # Without a configured rate, twice what the carrier last complained about is proof enough.
        if self.rate >= (self.tps or 2 * self._was):
            self.rate, self._was = self.tps, 0.0


def reconnect_seconds(attempt: int, shortest: float, longest: float, chance: float) -> float:
    """The pause before connection ``attempt`` (from 0): doubling, with jitter of half its length by ``chance``."""
    return min(longest, shortest * 2.0 ** min(attempt, 16)) * (0.5 + 0.5 * chance)
