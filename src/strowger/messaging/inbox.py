"""Reports that came in over HTTP: a worker takes what the web process has stored and writes what follows, in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import asyncpg

from strowger.foundation.clock import Clock
from strowger.foundation.database import Connection, Database
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.messaging.facts import Facts
from strowger.messaging.finish import Changes, Written, write
from strowger.messaging.outcomes import Incoming, Receipt
from strowger.messaging.receiving import store_incoming
from strowger.messaging.reporting import Matcher, apply_receipts
from strowger.messaging.routing.repository.reports import take_reports
from strowger.messaging.rules import ChannelRules

log = get_logger(__name__)
BATCH = 1_000
POLL_SECONDS = 1.0
GATHER_SECONDS = 0.005


class Inbox:
    """The loop of one worker process that takes reports."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        facts: Facts,
        rules: ChannelRules,
        worker_id: int,
        written: Callable[[Written], None],
    ) -> None:
        self._database, self._clock, self._facts, self._rules = database, clock, facts, rules
        self._worker_id, self._written = worker_id, written
        self._matcher = Matcher()
        self._work = asyncio.Event()

    def wake(self, _payload: str = "") -> None:
        """There may be new reports."""
        self._work.set()

    async def run(self) -> None:
        """Take for ever; waits for a notification, or a second, when there are none."""
        while True:
            self._work.clear()
            taken = 0
            try:
                taken = await self.step()
            except Unavailable:
                taken = 0
            except Exception:
                log.exception("inbox_failed")
            if taken < BATCH:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._work.wait(), POLL_SECONDS)
                await asyncio.sleep(GATHER_SECONDS)

    async def step(self) -> int:
        """Take one batch; returns its size. One that cannot be written is taken apart, so that one report is left out alone."""
        try:
            return await self._take(BATCH)
        except (asyncpg.PostgresError, ValueError, KeyError):
            log.exception("reports_failed")
        for limit in (1, 0):
            try:
                return await self._take(1, leave_out=limit == 0)
            except (asyncpg.PostgresError, ValueError, KeyError):
                log.exception("report_left_out")
        return 0

    async def _take(self, limit: int, *, leave_out: bool = False) -> int:
        async def work(connection: Connection) -> tuple[Written, int]:
            reports = await take_reports(connection, limit)
            if leave_out or not reports:
                return Written([], []), len(reports)
            return await self._write(connection, reports), len(reports)

        written, count = await self._database.run(work, by_key=True)
        self._written(written)
        return count

    async def _write(self, connection: Connection, reports: list[Receipt | Incoming]) -> Written:
        now = self._clock.now()
        changes = Changes()
        receipts = [report for report in reports if isinstance(report, Receipt)]
        await apply_receipts(connection, changes, [], receipts, self._matcher, now)
        written = await write(connection, changes, self._facts, now, self._worker_id)
        incoming = list(enumerate(report for report in reports if isinstance(report, Incoming)))
        if incoming:
            refused = await store_incoming(
                connection, incoming, self._facts, self._rules, written, now, self._worker_id
            )
            for problem in refused.values():
                log.warning("incoming_without_owner", problem=problem.detail)
        return written
