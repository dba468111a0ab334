"""Submit, receipt, settle: what carriers answer and report is gathered and committed together.

A receipt or an incoming message is acknowledged to its carrier only after the commit that holds it.
"""

from __future__ import annotations

import asyncio
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
from strowger.messaging.reporting import RECEIPT_DAYS, SCHEDULE_DAYS, Matcher, OperatorId, apply_receipts
from strowger.messaging.rules import ChannelRules
from strowger.messaging.submitting import apply_outcomes

log = get_logger(__name__)
BATCH = 2_000
GATHER_SECONDS = 0.015
GOOD_BATCH = 100  # this many do not wait for more
PARALLEL_FLUSHES = 2  # one is written while the other's disk is waited for
RETRY_SECONDS = 0.5
# So long a report waits, unacknowledged, for a store that is away: carriers wait longer for an answer, and not all of them
# send again what was refused.
PATIENCE_SECONDS = 20.0
MAX_WAITING = 50_000

Report = tuple[Receipt | Incoming, "asyncio.Future[None]", float]  # until when it waits for the store
Batch = tuple[list[Outcome], list[Report]]


def _operator_id(report: Receipt | Incoming) -> OperatorId | None:
    return (report.carrier_id, report.operator_id) if isinstance(report, Receipt) else None


def _operator_ids(outcomes: Sequence[Outcome]) -> Iterable[OperatorId]:
    """What the carriers' answers among these call their parts."""
    return ((o.submission.lane, p.operator_id) for o in outcomes for p in o.parts if p.operator_id is not None)


class DatabaseJournal:
    """The journal of one worker process: few transactions at a time, however many links report."""

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
        self._being_written: set[OperatorId] = set()
        self._active = 0
        self._work = asyncio.Event()
        self._gathering = asyncio.Lock()
        self._matcher = Matcher()

    def outcome(self, outcome: Outcome) -> None:
        """Report the outcome of a submission."""
        self._outcomes.append(outcome)
        self._work.set()

    async def report(self, report: Receipt | Incoming) -> None:
        """Hand in a receipt or incoming message; returns when it is on disk.

        Raises Unavailable when the store was away for too long, StrowgerError("MO404") for a number that nobody owns.
        """
        if len(self._reports) >= MAX_WAITING:
            raise Unavailable("Too many reports are waiting to be stored")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reports.append((report, future, self._clock.monotonic() + PATIENCE_SECONDS))
        self._work.set()
        await future

    async def run(self) -> None:
        """Write for ever. Outcomes wait for the database to come back, reports for PATIENCE_SECONDS."""
        await asyncio.gather(*(self._write_for_ever() for _ in range(PARALLEL_FLUSHES)))

    async def _write_for_ever(self) -> None:
        while True:
            async with self._gathering:
                batch = await self._gather()
            try:
                await self._store(*batch)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    async def _gather(self) -> Batch:
        """The next batch, as soon as there is one and a moment for more to join it has passed."""
        while True:
            self._work.clear()
            if self._outcomes or self._reports:
                if len(self._outcomes) + len(self._reports) < GOOD_BATCH:
                    await asyncio.sleep(GATHER_SECONDS)
                batch = self._take()
                if any(batch):
                    return batch
            await self._work.wait()

    def _take(self) -> Batch:
        """What may be written now: a receipt waits while the answer that it belongs to is being written."""
        outcomes, self._outcomes = self._outcomes[:BATCH], self._outcomes[BATCH:]
        reports: list[Report] = []
        later: list[Report] = []
        for report in self._reports:
            taken = len(reports) < BATCH and _operator_id(report[0]) not in self._being_written
            (reports if taken else later).append(report)
        self._reports = later
        self._being_written.update(_operator_ids(outcomes))
        self._active += bool(outcomes or reports)
        return outcomes, reports

    async def drain(self) -> None:
        """Return when everything reported so far is on disk."""
        while self._outcomes or self._reports or self._active:
            self._work.set()
            await asyncio.sleep(0.02)

    async def flush(self) -> None:
        """Write what waits, in one transaction. Raises Unavailable after giving the outcomes back to the queue."""
        batch = self._take()
        if any(batch):
            await self._store(*batch)

    async def _store(self, outcomes: list[Outcome], reports: list[Report]) -> None:
        try:
            await self._store_together(outcomes, reports)
        except (asyncpg.PostgresError, ValueError):
            log.exception("journal_failed", outcomes=len(outcomes), reports=len(reports))
            await self._store_singly(outcomes, reports)
        finally:
            self._being_written.difference_update(_operator_ids(outcomes))
            self._active -= 1
            self._work.set()

    async def _store_together(self, outcomes: list[Outcome], reports: list[Report]) -> None:
        try:
            written, refused = await self._database.run(
                lambda c: self._write(c, outcomes, [report for report, _, _ in reports]), by_key=True
            )
        except Unavailable as problem:
            self._put_back(outcomes, reports, problem)
            raise
        self._answer(reports, refused, None)
        self._settled(outcome.submission.key for outcome in outcomes)
        self._written(written)
        self._matcher.remember(outcomes)
        if any(getattr(outcome, "elsewhere", False) for outcome in outcomes):
            self._wake_intake()

    async def _store_singly(self, outcomes: list[Outcome], reports: list[Report]) -> None:
        """Something in the batch cannot be written: write one by one, so that only that one is left out."""
        singles: list[Batch] = [([outcome], []) for outcome in outcomes] + [([], [report]) for report in reports]
        for done, single in enumerate(singles, 1):
            try:
                await self._store_together(*single)
            except (asyncpg.PostgresError, ValueError) as problem:
                log.exception("journal_left_out", outcomes=len(single[0]))
                self._answer(single[1], {}, StrowgerError("E500", repr(problem)))
            except Unavailable as problem:  # the store goes away midway: nothing that is not written may be forgotten
                for left in singles[done:]:
                    self._put_back(*left, problem)
                raise

    def _put_back(self, outcomes: list[Outcome], reports: list[Report], problem: Unavailable) -> None:
        """The store is away: keep what must not be forgotten, in its order."""
        now = self._clock.monotonic()
        self._outcomes = outcomes + self._outcomes
        self._reports = [report for report in reports if report[2] > now] + self._reports
        self._answer([report for report in reports if report[2] <= now], {}, problem)

    @staticmethod
    def _answer(reports: Sequence[Report], refused: dict[int, StrowgerError], problem: Exception | None) -> None:
        for i, (_, future, _) in enumerate(reports):
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
        plan = await self._facts.plan(connection)
        apply_outcomes(changes, outcomes, self._rules, now, plan)
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
            days = RECEIPT_DAYS + SCHEDULE_DAYS  # what was scheduled has an old id
            await apply_receipts(connection, changes, [], early, self._matcher, now, days)
            return await write(connection, changes, self._facts, now, self._worker_id), len(early)

        written, count = await self._database.run(work, by_key=True)
        self._written(written)
        return count
