"""Time limits for many short tasks, looked at together once a second: a timer for each costs more than some of them do."""

from __future__ import annotations

import asyncio
from typing import Any

LOOK_SECONDS = 1.0


class Deadlines:
    """Cancels tasks that are over their time, at most LOOK_SECONDS late.

    A task calls ``begin`` and, whatever happens, ``end``; when it is cancelled, ``is_over`` says whether for its time, and it goes
    on as it likes. ``asyncio.timeout`` does the same on time, for itself alone.
    """

    def __init__(self) -> None:
        self._until: dict[asyncio.Task[Any], float] = {}
        self._over: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, seconds: float) -> asyncio.Task[Any]:
        """Give the current task that long from now on; also what it has left, when it has begun before."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        self._until[task] = loop.time() + seconds
        if self._timer is None:
            self._timer = loop.call_later(LOOK_SECONDS, self._look)
        return task

    def is_over(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task was cancelled for its time, and by nobody else; it is not cancelled any more then."""
        if task not in self._over:
            return False
        self._over.discard(task)
        return task.uncancel() == 0

    def end(self, task: asyncio.Task[Any]) -> None:
        """The task is done in time, or has heard that it is not."""
        self._until.pop(task, None)
        if task in self._over:
            self._over.discard(task)
            task.uncancel()

    def _look(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        for task in [task for task, until in self._until.items() if until <= now]:
            del self._until[task]
            self._over.add(task)
            task.cancel()
        if self._until:
            self._timer = loop.call_later(LOOK_SECONDS, self._look)
