"""Upkeep of the log and the queue: what no message would do by itself."""

from __future__ import annotations

from datetime import timedelta

from strowger.foundation.database import Connection
from strowger.foundation.ids import uuid_floor
from strowger.foundation.jobs import Job
from strowger.foundation.logs import get_logger
from strowger.foundation.partitions import create_partitions, drop_old_partitions
from strowger.foundation.statistics import keep_statistics
from strowger.foundation.workers import bury, live_worker_ids
from strowger.messaging.claims import Strays
from strowger.messaging.deliveries import receipts_for
from strowger.messaging.finish import Changes, Written, refuse, write
from strowger.messaging.journal import DatabaseJournal
from strowger.messaging.receiving import give_up_parts
from strowger.messaging.repository import journaling, queueing, scheduling
from strowger.messaging.repository.deliveries import add_deliveries
from strowger.messaging.service import Pipeline
from strowger.messaging.statuses import EventKind
from strowger.platform.billing.service import settle
from strowger.platform.callbacks import repository as callbacks
from strowger.platform.callbacks.profiles.jobs import ProfileJobs
from strowger.platform.callbacks.service import CallbackService
from strowger.platform.privacy.repository import longest

log = get_logger(__name__)
CHUNK = 500
NO_DLR_HOURS = 72
MO_PART_HOURS = 24
EARLY_SECONDS = 2
QUEUES = ("submission", "callback", "smpp_delivery")


class Upkeep:
    """The upkeep of one worker process."""

    def __init__(self, pipeline: Pipeline, journal: DatabaseJournal, retention_days: int) -> None:
        self._pipeline = pipeline
        self._journal = journal
        self._retention_days = retention_days
        self.jobs: tuple[Job, ...] = (
            Job("release_dead_workers", 1, self.release_dead_workers),
            Job("stray_claims", 2, Strays(pipeline.database, pipeline.lanes, pipeline.callbacks).look),
            Job("expire", 2, self.expire),
            Job("fail_over", 2, self.fail_over),
            Job("idle_lanes", 1, pipeline.lanes.give_back_idle),
            Job("early_receipts", 3, self.match_early_receipts),
            Job("partial_incoming", 600, self.give_up_parts),
            Job("no_receipt", 3600, self.close_without_receipt),
            Job("partitions", 3600, self.partitions),
            Job("statistics", 1, self.statistics),
            Job("failed_callbacks", 3600, CallbackService(pipeline.context).purge),
            Job("callback_figures", 3600, ProfileJobs(pipeline.context).purge),
            Job("failing_receivers", 60, ProfileJobs(pipeline.context).tell_owners),
        )

    async def release_dead_workers(self) -> int:
        """Free the submissions and callbacks that dead workers held (R-05); returns how many."""

        async def work(connection: Connection) -> int:
            live = [self._pipeline.worker_id, *await live_worker_ids(connection)]
            await bury(connection)
            await callbacks.release_dead(connection, live)
            return await queueing.release_dead(connection, live)

        released = await self._pipeline.database.run(work)
        if released:
            log.info("rescued", submissions=released)
            self._pipeline.lanes.wake()
            self._pipeline.intake.wake()
        return released

    async def expire(self) -> int:
        """End the waiting messages whose validity is over as EXPIRED; returns how many."""

        async def work(connection: Connection) -> tuple[Written, int]:
            now = self._pipeline.clock.now()
            changes = Changes()
            expired = await queueing.lock_expired(connection, now, CHUNK)
            for submission in expired:
                refuse(changes, submission, "EXPIRED", now, EventKind.EXPIRED)
            return await write(connection, changes, self._pipeline.facts, now, self._pipeline.worker_id), len(expired)

        total = 0
        while True:
            written, count = await self._pipeline.database.run(work, by_key=True)
            self._pipeline.written(written)
            total += count
            if count < CHUNK:
                return total

    async def fail_over(self) -> int:
        """Send what waits for a carrier that is down back to intake, when another carrier is up; returns how many."""

        async def work(connection: Connection) -> int:
            table = await self._pipeline.facts.routes(connection, self._pipeline.rules.name)
            moved = 0
            for lane in await queueing.waiting_lanes(connection):
                if lane not in table.up and table.has_other(lane):
                    moved += await queueing.reroute(connection, lane, self._pipeline.clock.now(), CHUNK * 4)
            return moved

        moved = await self._pipeline.database.run(work)
        if moved:
            log.info("failed_over", submissions=moved)
            self._pipeline.intake.wake()
        return moved

    async def match_early_receipts(self) -> int:
        """Look again for the messages of receipts that came before their answers."""
        return await self._journal.sweep_early(timedelta(seconds=EARLY_SECONDS))

    async def give_up_parts(self) -> None:
        """Store incoming messages whose missing parts will not come any more."""
        now = self._pipeline.clock.now()
        before = now - timedelta(hours=MO_PART_HOURS)
        written = await self._pipeline.database.run(
            lambda c: give_up_parts(
                c, before, self._pipeline.facts, self._pipeline.rules, now, self._pipeline.worker_id
            )
        )
        self._pipeline.written(written)

    async def close_without_receipt(self) -> int:
        """Close messages that have had no receipt for 72 hours as SENT - NO DLR (sms.md 5, row 18); returns how many."""
        now = self._pipeline.clock.now()
        age, span = timedelta(hours=NO_DLR_HOURS), timedelta(hours=48)
        low, high = uuid_floor(now - age - span), uuid_floor(now - age)

        async def work(connection: Connection) -> int:
            keys = await journaling.stale_sent(connection, low, high, CHUNK * 4)
            if len(keys) < CHUNK * 4:
                keys += await scheduling.stale_sent(connection, now - age - span, now - age, CHUNK * 4 - len(keys))
            if keys:
                closed = await journaling.set_no_dlr(connection, keys, now)
                await settle(connection, (), [(r["account_id"], r["price"]) for r in closed if r["price"]], (), now)
                receipts = receipts_for(closed, now)
                if receipts:
                    await add_deliveries(connection, receipts)
            return len(keys)

        total = count = await self._pipeline.database.run(work)
        while count == CHUNK * 4:
            count = await self._pipeline.database.run(work)
            total += count
        return total

    async def statistics(self) -> None:
        """Let the planner know how full the tables are."""
        await keep_statistics(self._pipeline.database, QUEUES)

    async def partitions(self) -> None:
        """Make the partitions of the days ahead and drop those past retention."""

        async def work(connection: Connection) -> None:
            now = self._pipeline.clock.now()
            await create_partitions(connection, now)
            await drop_old_partitions(connection, now, max(self._retention_days, await longest(connection)))
            await scheduling.forget_old(connection, now - timedelta(days=self._retention_days))

        await self._pipeline.database.run(work)
