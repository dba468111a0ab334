"""Submit, receipt, settle: what carriers answer and report is gathered and committed together.

A receipt or an incoming message is acknowledged to its carrier only after the commit that holds it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from strowger.foundation.clock import Clock
from strowger.foundation.database import Database
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.logs import get_logger
from strowger.messaging.facts import Facts
from strowger.messaging.finish import Changes, Written, write
from strowger.messaging.outcomes import Incoming, Outcome, Receipt
from strowger.messaging.receiving import store_incoming
from strowger.messaging.reporting import Matcher, apply_receipts
from strowger.messaging.rules import ChannelRules
from strowger.messaging.submitting import apply_outcomes

log = get_logger(__name__)
BATCH = 2_000
GATHER_SECONDS = 0.015
RETRY_SECONDS = 0.5
MAX_WAITING = 50_000

Report = tuple[Receipt | Incoming, "asyncio.Future[None]"]


class DatabaseJournal:
    """The journal of one worker process: one transaction at a time, however many links report."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        facts: Facts,
        rules: ChannelRules,
        worker_id: int,
        written: Callable[[Written], None],
        wake_intake: Callable[[], None],
        settled: Callable[[Iterable[tuple[UUID, int]]], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._facts = facts
        self._rules = rules
        self._worker_id = worker_id
        self._written = written
        self._wake_intake = wake_intake
        self._settled = settled
        self._outcomes: list[Outcome] = []
        self._reports: list[Report] = []
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._matcher = Matcher()

    def outcome(self, outcome: Outcome) -> None:
        """Report the outcome of a submission."""
        self._outcomes.append(outcome)
        self._work.set()

    async def report(self, report: Receipt | Incoming) -> None:
        """Hand in a receipt or incoming message; returns when it is on disk.

        Raises Unavailable when it cannot be stored now, StrowgerError("MO404") for a number that nobody owns.
        """
        if len(self._reports) >= MAX_WAITING:
            raise Unavailable("Too many reports are waiting to be stored")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reports.append((report, future))
        self._work.set()
        await future

    async def run(self) -> None:
        """Write for ever. Outcomes wait for the database to come back; reports are refused while it is away."""
        while True:
            if not self._outcomes and not self._reports:
                self._idle.set()
                self._work.clear()
                await self._work.wait()
            self._idle.clear()
            await asyncio.sleep(GATHER_SECONDS)
            try:
                await self.flush()
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    async def drain(self) -> None:
        """Return when everything reported so far is on disk."""
        while self._outcomes or self._reports or not self._idle.is_set():
            self._work.set()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._idle.wait(), 0.05)

    async def flush(self) -> None:
        """Write what waits, in one transaction. Raises Unavailable after giving the outcomes back to the queue."""
        outcomes, self._outcomes = self._outcomes[:BATCH], self._outcomes[BATCH:]
        reports, self._reports = self._reports[:BATCH], self._reports[BATCH:]
        try:
            written, refused = await self._database.run(
                lambda c: self._write(c, outcomes, [report for report, _ in reports])
            )
        except Unavailable as problem:
            self._outcomes = outcomes + self._outcomes
            self._answer(reports, {}, problem)
            raise
        except (asyncpg.PostgresError, ValueError) as problem:
            log.exception("journal_failed", outcomes=len(outcomes), reports=len(reports))
            await self._flush_singly(outcomes, reports, problem)
            return
        self._answer(reports, refused, None)
        self._settled(outcome.submission.key for outcome in outcomes)
        self._written(written)
        self._matcher.remember(outcomes)
        if any(getattr(outcome, "elsewhere", False) for outcome in outcomes):
            self._wake_intake()

    async def _flush_singly(self, outcomes: list[Outcome], reports: list[Report], problem: Exception) -> None:
        """Something in the batch cannot be written: write one by one, so that only that one is left out."""
        if len(outcomes) + len(reports) <= 1:
            self._answer(reports, {}, StrowgerError("E500", repr(problem)))
            return
        left: list[Outcome | Report] = [*outcomes, *reports]
        rest, self._outcomes, self._reports = (self._outcomes, self._reports), [], []
        try:
            while left:
                one = left.pop(0)
                (self._reports if isinstance(one, tuple) else self._outcomes).append(one)  # type: ignore[arg-type]
                await self.flush()
        finally:  # the store may go away midway: nothing that is not written may be forgotten
            self._outcomes += [one for one in left if not isinstance(one, tuple)] + rest[0]
            self._reports += [one for one in left if isinstance(one, tuple)] + rest[1]

    @staticmethod
    def _answer(reports: Sequence[Report], refused: dict[int, StrowgerError], problem: Exception | None) -> None:
        for i, (_, future) in enumerate(reports):
            reason = problem or refused.get(i)
            if future.done():
                continue
            if reason is None:
                future.set_result(None)
            else:
                future.set_exception(reason)

    async def _write(
        self, connection: asyncpg.Connection[Any], outcomes: list[Outcome], reports: list[Receipt | Incoming]
    ) -> tuple[Written, dict[int, StrowgerError]]:
        now = self._clock.now()
        changes = Changes()
        apply_outcomes(changes, outcomes, self._rules, now)
        receipts = [r for r in reports if isinstance(r, Receipt)]
        await apply_receipts(connection, changes, outcomes, receipts, self._matcher, now)
        written = await write(connection, changes, self._facts, now, self._worker_id)
        incoming = [(i, r) for i, r in enumerate(reports) if isinstance(r, Incoming)]
        refused: dict[int, StrowgerError] = {}
        if incoming:
            refused = await store_incoming(
                connection, incoming, self._facts, self._rules, written, now, self._worker_id
            )
        return written, refused

    async def sweep_early(self, older_than: timedelta) -> int:
        """Look once more for the messages of receipts that came too early; returns how many were looked at."""
        from strowger.messaging.repository.journaling import take_old_early

        async def work(connection: asyncpg.Connection[Any]) -> tuple[Written, int]:
            now = self._clock.now()
            changes = Changes()
            early = await take_old_early(connection, now - older_than, BATCH)
            await apply_receipts(connection, changes, [], early, self._matcher, now)
            return await write(connection, changes, self._facts, now, self._worker_id), len(early)

        written, count = await self._database.run(work)
        self._written(written)
        return count
