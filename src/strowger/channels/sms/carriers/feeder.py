"""Keeps a sender supplied from its carrier's lane, with no more than it has room for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from strowger.foundation.errors import StrowgerError
from strowger.foundation.logs import get_logger
from strowger.messaging.outcomes import Lane
from strowger.messaging.schemas import Submission

log = get_logger(__name__)
IDLE_SECONDS = 1.0


class Feeder:
    """A task that asks ``wanted`` how many submissions to take and gives them to ``admit`` unless ``closed``.

    A take is never cancelled midway, since what it claims would then belong to nobody.
    """

    def __init__(
        self,
        lane: Lane,
        wanted: Callable[[], int],
        admit: Callable[[Sequence[Submission]], None],
        closed: Callable[[], bool],
    ) -> None:
        self._lane = lane
        self._closed = closed
        self._wanted = wanted
        self._admit = admit
        self._hungry = asyncio.Event()
        self._idle: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to take."""
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Room may have come free."""
        self._hungry.set()

    async def stop(self) -> None:
        """Take no more; returns when a running take has ended and its submissions were given back."""
        self._stopping = True
        self._hungry.set()
        if self._idle is not None:
            self._idle.cancel()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping:
            self._hungry.clear()
            limit = self._wanted()
            if limit <= 0:
                await self._hungry.wait()
                continue
            try:
                taken = await self._lane.take(limit)
            except StrowgerError as problem:
                log.warning("lane_unavailable", problem=str(problem))
                taken = []
            except Exception:
                log.exception("lane_failed")
                taken = []
            if not taken:
                await self._wait()
            elif self._stopping or self._closed():
                await self._lane.release(taken)
            else:
                self._admit(taken)

    async def _wait(self) -> None:
        if self._stopping:
            return
        self._idle = asyncio.ensure_future(self._lane.wait(IDLE_SECONDS))
        try:
            await asyncio.wait({self._idle})
        finally:
            self._idle.cancel()
            self._idle = None
