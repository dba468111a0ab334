"""Intake: takes accepted messages from lane 0 through screen, price and route, each batch in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import asyncpg

from strowger.foundation.clock import Clock
from strowger.foundation.database import Database
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.messaging.facts import Facts
from strowger.messaging.finish import Changes, Written, hold, keep_local, refuse, write
from strowger.messaging.lane import Key, Lanes
from strowger.messaging.price import price
from strowger.messaging.repository import queueing
from strowger.messaging.route import route
from strowger.messaging.rules import ChannelRules
from strowger.messaging.scheduling import release
from strowger.messaging.schemas import Submission
from strowger.messaging.screen import screen
from strowger.messaging.statuses import EventKind

log = get_logger(__name__)
BATCH = 500
POLL_SECONDS = 1.0
GATHER_SECONDS = 0.005  # so that what is accepted in the same moment is one batch
Routed = list[tuple[Submission, int]]


class Intake:
    """The intake loop of one worker process."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        facts: Facts,
        lanes: Lanes,
        rules: ChannelRules,
        written: Callable[[Written], None],
        wake: Callable[[str], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._facts = facts
        self._lanes = lanes
        self._rules = rules
        self._written = written
        self._wake_lane = wake
        self._work = asyncio.Event()

    def wake(self, _payload: str = "") -> None:
        """There may be new messages."""
        self._work.set()

    async def run(self) -> None:
        """Take batches for ever; waits for a notification, or a second, when there are none."""
        while True:
            self._work.clear()
            try:
                taken = await self.step()
            except Unavailable:
                taken = 0
            except Exception:
                log.exception("intake_failed")
                taken = 0
            if taken < BATCH:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._work.wait(), POLL_SECONDS)
                await asyncio.sleep(GATHER_SECONDS)

    async def step(self) -> int:
        """Take one batch; returns its size."""
        routed, written, kept, size = await self._database.run(self._batch, by_key=True)
        by_carrier: dict[int, list[Submission]] = {}
        for submission, carrier in routed:
            submission.lane = carrier
            by_carrier.setdefault(carrier, []).append(submission)
        for carrier, submissions in by_carrier.items():
            mine = [s for s in submissions if s.key in kept]
            if mine:
                self._lanes.lane(carrier).push(mine)
            if len(mine) < len(submissions):
                self._lanes.wake(str(carrier))
                self._wake_lane(str(carrier))
        self._written(written)
        return size

    async def _batch(self, connection: asyncpg.Connection[Any]) -> tuple[Routed, Written, set[Key], int]:
        now = self._clock.now()
        changes = Changes()
        batch = await queueing.lock_due(connection, queueing.INTAKE, now, BATCH)
        if not batch:
            return [], Written([], []), set(), 0
        release(changes, batch, now)
        for submission in [s for s in batch if s.expires_at <= now]:
            refuse(changes, submission, "EXPIRED", now, EventKind.EXPIRED)
        fresh = [s for s in batch if s.expires_at > now]
        accounts = await self._facts.accounts(connection, {s.account_id for s in fresh})
        known = await self._rules.prepare(connection, fresh, accounts, self._facts)
        screened = screen(fresh, accounts, self._rules, known)
        routed, unroutable = route(screened.passed, await self._facts.routes(connection, self._rules.name))
        prices = await self._facts.prices(connection)
        priced, unpaid = await price(connection, [s for s, _ in routed], prices, accounts, self._rules.name, now)
        payable = {s.key for s in priced}
        routed = [(s, carrier) for s, carrier in routed if s.key in payable]
        await self._rules.settle(connection, [s for s, _ in routed], known)
        for submission, trace in (*screened.refused, *unpaid):
            refuse(changes, submission, trace, now)
        for submission, trace, reason in unroutable:
            refuse(changes, submission, trace, now, detail={"reason": reason})
        for submission, verdict in screened.held:
            hold(changes, submission, verdict, now)
        for submission in screened.local:
            keep_local(changes, submission, now)
        kept = self._lanes.share(routed)
        worker = self._lanes.worker_id
        moves = [(s, carrier, worker if s.key in kept else None) for s, carrier in routed]
        await queueing.move(connection, moves, now)
        written = await write(connection, changes, self._facts, now, worker)
        return routed, written, kept, len(batch)
