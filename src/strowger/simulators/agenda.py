"""What is due later: one heap and one timer of the event loop for everything that waits."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from functools import partial
from typing import Final

# Entries due within this span run together, so that a load of receipts wakes the process at most 200 times a second.
GRAIN: Final = 0.005


class Agenda:
    """Callbacks by due time. Its time is the loop's, plus whatever was skipped: a test need not wait for it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._serial = 0
        self._skipped = 0.0

    def __len__(self) -> int:
        return len(self._heap)

    def time(self) -> float:
        """Seconds of this agenda; only differences mean something."""
        return self._loop.time() + self._skipped

    def after(self, seconds: float, callback: Callable[..., object], *arguments: object) -> None:
        """Call back in so many seconds; entries due at the same moment keep their order."""
        self._serial += 1
        due = self.time() + seconds
        entry = partial(callback, *arguments) if arguments else callback
        heapq.heappush(self._heap, (due, self._serial, entry))
        if self._timer is None or self._timer.when() + self._skipped > due + GRAIN:
            self._arm()

    def skip(self, seconds: float) -> None:
        """Move time forward and run what became due."""
        self._skipped += seconds
        self._run()

    def clear(self) -> None:
        """Forget every entry."""
        self._heap.clear()
        self._disarm()

    def _run(self) -> None:
        heap, now = self._heap, self.time()
        while heap and heap[0][0] <= now:
            heapq.heappop(heap)[2]()
        self._arm()

    def _arm(self) -> None:
        self._disarm()
        if self._heap:
            self._timer = self._loop.call_later(max(GRAIN, self._heap[0][0] - self.time()), self._run)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
