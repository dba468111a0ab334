"""Background work of screening in a worker: the automatic blocklist, and removing counts that no rule needs any more."""

from __future__ import annotations

import asyncpg

from strowger.channels.sms.screening import auto_block
from strowger.foundation.jobs import Job
from strowger.foundation.logs import get_logger
from strowger.messaging.finish import Written
from strowger.messaging.service import Pipeline
from strowger.platform.guard import repository as guard

log = get_logger(__name__)
GATHER_SECONDS = 1.0
PURGE_SECONDS = 3600.0
MAX_WAITING = 20_000
CHUNK = 500


class ScreeningJobs:
    """Looks at messages that failed, soon after their commit, and purges once an hour."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._failed: list[tuple[int, str, str]] = []
        self._purged_at = float("-inf")
        pipeline.watchers.append(self.offer)

    def offer(self, written: Written) -> None:
        """Take note of what failed. Too much of it is left out: a later failure of the same number leads here again."""
        if len(self._failed) < MAX_WAITING:
            self._failed.extend(auto_block.failing(written.rows))

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Each with its pace."""
        return (Job("screening", GATHER_SECONDS, self.step),)

    async def step(self) -> int:
        """Look at what failed since the last step; returns how many numbers were blocked."""
        pipeline = self._pipeline
        now = pipeline.clock.monotonic()
        if now - self._purged_at >= PURGE_SECONDS:
            self._purged_at = now
            await pipeline.database.run(lambda c: guard.purge(c, pipeline.clock.now()))
        blocked = 0
        while self._failed:
            chunk, self._failed = self._failed[:CHUNK], self._failed[CHUNK:]

            async def work(connection: asyncpg.Connection, failed: list[tuple[int, str, str]] = chunk) -> int:
                return await auto_block.look(connection, failed, pipeline.facts)

            blocked += await pipeline.database.run(work)
        if blocked:
            log.info("auto_blocked", numbers=blocked)
        return blocked
