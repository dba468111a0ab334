"""Receivers as the engine sees them: each with its own queue and its own bound on parallel requests."""

from __future__ import annotations

from collections import deque

from strowger.platform.callbacks.schemas import Job

START, LOWEST, HIGHEST = 5.0, 1.0, 50.0
QUEUE_LIMIT = 2000  # callbacks of one receiver held in memory; the others wait in the table
HELD_LIMIT = 20_000  # of all receivers
ROOM_PER_SLOT = 8
BUSY, FULL = 300, 600  # requests under way at which receivers get no more than START, and than one


class Endpoint:
    """One receiver: scheme, host and port, of one account.

    The bound starts at 5, grows with each success up to 50 and halves with each failure.
    """

    __slots__ = ("active", "key", "limit", "more", "queue")

    def __init__(self, key: str) -> None:
        self.key = key
        self.queue: deque[Job] = deque()
        self.active = 0
        self.limit = START
        self.more = False  # the table may hold more for this receiver than is here

    def allowed(self, active_everywhere: int) -> int:
        """How many requests may be under way, given how many there are to all receivers. Never none."""
        if active_everywhere >= FULL:
            return 1
        return int(min(self.limit, START) if active_everywhere >= BUSY else self.limit)

    @property
    def claim_room(self) -> int:
        """How many callbacks to fetch from the table."""
        return max(0, int(self.limit * ROOM_PER_SLOT) - len(self.queue) - self.active)

    @property
    def is_low(self) -> bool:
        """Whether it is time to fetch more, so that the receiver is never without work."""
        return self.more and len(self.queue) <= self.limit * ROOM_PER_SLOT / 2

    @property
    def is_idle(self) -> bool:
        """Whether nothing is kept here."""
        return not self.queue and not self.active

    def succeeded(self) -> None:
        """A request was answered with success."""
        self.limit = min(HIGHEST, self.limit + 1 / self.limit)

    def failed(self) -> None:
        """A request failed in a way that tells of overload or absence."""
        self.limit = max(LOWEST, self.limit / 2)
