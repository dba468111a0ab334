"""The pipeline of one worker process, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import Listener, Notifier
from strowger.messaging.facts import Facts
from strowger.messaging.finish import Written
from strowger.messaging.inbox import Inbox
from strowger.messaging.intake import Intake
from strowger.messaging.journal import DatabaseJournal
from strowger.messaging.lane import Lanes
from strowger.messaging.routing.repository.reports import CHANNEL as REPORTS
from strowger.messaging.rules import ChannelRules
from strowger.platform.callbacks.service import CallbackEngine

log = get_logger(__name__)
DRAIN_SECONDS = 10.0


class Pipeline:
    """Intake, lanes, journal and callback engine of one worker, and the wake-ups between them."""

    def __init__(self, context: Context, worker_id: int, rules: ChannelRules) -> None:
        self.context = context
        self.database, self.clock, self.rules, self.worker_id = context.database, context.clock, rules, worker_id
        self.notifier = Notifier(context.database)
        self._live = Notifier(context.database, gap=0.2)
        self.facts = Facts(context.clock, rules)
        self.lanes = Lanes(worker_id, context.database, context.clock)
        self.callbacks = CallbackEngine(context, worker_id)
        self.intake = Intake(
            context.database,
            context.clock,
            self.facts,
            self.lanes,
            rules,
            self.written,
            lambda lane: self.notifier.send("lane", lane),
        )
        self.journal = DatabaseJournal(
            context.database,
            context.clock,
            self.facts,
            rules,
            worker_id,
            self.written,
            self.intake.wake,
            self.lanes.settled,
        )
        self.inbox = Inbox(context.database, context.clock, self.facts, rules, worker_id, self.written)
        self.watchers: list[Callable[[Written], None]] = []  # told of each commit, after it
        self._listener = Listener(context.database)
        self._tasks: list[asyncio.Task[None]] = []

    def written(self, written: Written) -> None:
        """After each commit: send its callbacks and tell the live feed."""
        if written.callbacks:
            self.callbacks.offer(written.callbacks)
        for watcher in self.watchers:
            watcher(written)
        for payload in written.live():
            self._live.send("live", payload)

    async def start(self) -> None:
        """Begin to take and write."""
        self._listener.on("submission", self.intake.wake)
        self._listener.on("lane", self.lanes.wake)
        self._listener.on("accounts", self.facts.forget)
        self._listener.on("carriers", self.facts.forget)
        self._listener.on(REPORTS, self.inbox.wake)
        await self._listener.start()
        for loop in (self.intake.run(), self.journal.run(), self.callbacks.run(), self.inbox.run()):
            self._spawn(loop)

    def _spawn(self, loop: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(loop))

    async def failed(self) -> None:
        """Return when one of the loops has ended, which none should."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            log.error("loop_ended", problem=repr(None if task.cancelled() else task.exception()))

    async def stop(self) -> None:
        """Finish what was reported, give back what was not sent, and stop. The carriers must have stopped before."""
        intake, journal, *_ = self._tasks
        intake.cancel()
        drained = asyncio.create_task(self.journal.drain())
        await asyncio.wait({drained, journal}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        drained.cancel()
        await self.lanes.close()
        await self.callbacks.stop()
        await self._listener.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
