"""A carrier's lane of the submission queue, as one worker sees it."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Iterable, Sequence
from uuid import UUID

from strowger.foundation.clock import Clock
from strowger.foundation.database import OUTAGES, Database
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.messaging.repository import queueing
from strowger.messaging.schemas import Priority, Submission

log = get_logger(__name__)
Key = tuple[UUID, int]
POLL_SECONDS = 1.0
IDLE_SECONDS = 2.0  # a buffer that nobody took from for so long goes back to the table
BUFFER_FACTOR = 2
BUFFER_LIMIT = 2_000


class DatabaseLane:
    """Hands out claimed submissions: first those that intake passed on directly, then those of the table.

    Intake may pass on directly only while the table holds nothing older for this lane, except for high priority.
    """

    def __init__(self, carrier_id: int, worker_id: int, database: Database, clock: Clock, held: set[Key]) -> None:
        self.carrier_id = carrier_id
        self._held = held
        self._worker_id = worker_id
        self._database = database
        self._clock = clock
        self._buffer: list[tuple[int, int, Submission]] = []
        self._order = itertools.count()
        self._work = asyncio.Event()
        self._drained = False
        self._taken_at = float("-inf")
        self._largest_take = 0
        self._polled_at = float("-inf")

    def room(self) -> int:
        """How many submissions intake may pass on directly now."""
        if not self._drained or self._clock.monotonic() - self._taken_at > IDLE_SECONDS:
            return 0
        return max(0, min(BUFFER_LIMIT, self._largest_take * BUFFER_FACTOR) - len(self._buffer))

    @property
    def active(self) -> bool:
        """Whether some link takes from this lane."""
        return self._clock.monotonic() - self._taken_at <= IDLE_SECONDS

    def push(self, submissions: Sequence[Submission]) -> None:
        """Take over submissions that are claimed for this worker already."""
        self._held.update(submission.key for submission in submissions)
        for submission in submissions:
            heapq.heappush(self._buffer, (submission.priority, next(self._order), submission))
        self._work.set()

    def wake(self) -> None:
        """The table may hold new work."""
        self._drained = False
        self._polled_at = float("-inf")
        self._work.set()

    async def take(self, limit: int) -> list[Submission]:
        """Claim up to ``limit`` submissions, highest priority first; empty when there are none or the store is away."""
        now = self._clock.monotonic()
        self._taken_at = now
        self._largest_take = max(limit, self._largest_take)
        taken = self._from_buffer(limit)
        if len(taken) < limit and (not self._drained or now - self._polled_at >= POLL_SECONDS):
            taken += await self._from_table(limit - len(taken))
        if not taken:
            self._work.clear()
        return taken

    def _from_buffer(self, limit: int) -> list[Submission]:
        return [heapq.heappop(self._buffer)[2] for _ in range(min(limit, len(self._buffer)))]

    async def _from_table(self, limit: int) -> list[Submission]:
        self._polled_at = self._clock.monotonic()
        try:
            claimed = await self._database.run(
                lambda c: queueing.claim(c, self.carrier_id, self._worker_id, self._clock.now(), limit), by_key=True
            )
        except Unavailable:
            return []
        self._drained = len(claimed) < limit
        self._held.update(submission.key for submission in claimed)
        return claimed

    async def release(self, submissions: Sequence[Submission]) -> None:
        """Give claimed submissions back; a worker's death would do the same.

        While the store is away they stay claimed in the table, but no longer held: see claims.py.
        """
        if not submissions:
            return
        self._held.difference_update(submission.key for submission in submissions)
        self._drained = False
        with contextlib.suppress(Unavailable, *OUTAGES):
            await self._database.run(lambda c: queueing.release(c, submissions, self._worker_id), by_key=True)

    async def wait(self, seconds: float) -> None:
        """Return when there may be work, at the latest after ``seconds``."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._work.wait(), min(seconds, POLL_SECONDS))

    async def give_back_idle(self) -> None:
        """Release the buffer when no link takes from it any more."""
        if self._buffer and not self.active:
            await self.release(self._from_buffer(len(self._buffer)))

    async def close(self) -> None:
        """Release the whole buffer."""
        await self.release(self._from_buffer(len(self._buffer)))


class Lanes:
    """The lanes of one worker process."""

    def __init__(self, worker_id: int, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lanes: dict[int, DatabaseLane] = {}
        self.held: set[Key] = set()  # claimed and in memory: here, with a carrier, in the journal
        self.worker_id = worker_id

    def lane(self, carrier_id: int) -> DatabaseLane:
        """The lane of a carrier."""
        if carrier_id not in self._lanes:
            self._lanes[carrier_id] = DatabaseLane(carrier_id, self.worker_id, self._database, self._clock, self.held)
        return self._lanes[carrier_id]

    def settled(self, keys: Iterable[Key]) -> None:
        """What became of these is written."""
        self.held.difference_update(keys)

    def wake(self, payload: str = "") -> None:
        """Wake one lane (payload: carrier id) or, without payload, all."""
        targets = [self.lane(int(payload))] if payload.isdigit() else list(self._lanes.values())
        for lane in targets:
            lane.wake()

    def share(self, routed: Sequence[tuple[Submission, int]]) -> set[Key]:
        """Choose which routed submissions this worker keeps for its own links; returns their keys."""
        room = {carrier: self.lane(carrier).room() for _, carrier in routed}
        kept: set[Key] = set()
        for submission, carrier in routed:
            urgent = submission.priority == Priority.HIGH and self.lane(carrier).active
            if room[carrier] > 0 or urgent:
                room[carrier] -= 1
                kept.add(submission.key)
        return kept

    async def give_back_idle(self) -> None:
        """Release what dead lanes hold."""
        for lane in self._lanes.values():
            await lane.give_back_idle()

    async def close(self) -> None:
        """Release everything held."""
        for lane in self._lanes.values():
            await lane.close()
