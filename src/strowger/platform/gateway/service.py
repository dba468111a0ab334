"""The gateway of a web process: keys, limits, idempotency and the request log, and their background work."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

from strowger.foundation.context import Context
from strowger.foundation.database import OUTAGES
from strowger.foundation.deadlines import Deadlines
from strowger.foundation.ids import uuid_floor
from strowger.foundation.logs import get_logger
from strowger.platform.gateway import repository
from strowger.platform.gateway.idempotency import KEPT, Idempotency
from strowger.platform.gateway.keys import KeyRing
from strowger.platform.gateway.limits import Limiter
from strowger.platform.gateway.request_log import RequestBook

log = get_logger(__name__)
FLUSH_SECONDS = 1.0
TIDY_EVERY = 3_600  # flushes
LOG_DAYS = 30


class Gateway:
    """What stands between the network and the handlers of the public API."""

    def __init__(self, context: Context, mark: str) -> None:
        self.clock = context.clock
        self.max_body = context.settings.max_body
        self.mark = mark.encode()
        self.keys = KeyRing(context.database, context.clock)
        settings = context.settings
        areas = {
            "platform": settings.platform_rate, "lookup": settings.lookup_rate, "blocklist": settings.blocklist_rate,
            "consent": settings.consent_rate,
        }  # fmt: skip
        self.limiter = Limiter(context.database, context.clock, settings.api_rate, settings.api_burst, areas)
        self.idempotency = Idempotency(context.database, context.clock)
        self.book = RequestBook()
        self.deadlines = Deadlines()
        self._database = context.database
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin the background work."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write what waits and give leased tokens back."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()
        await self.limiter.close()

    async def flush(self) -> None:
        """Write the request log and the last use of keys; while the database is away they are dropped."""
        entries, uses = self.book.take_entries(), self.book.take_uses()
        if not entries and not uses:
            return
        try:
            async with self._database.pool.acquire(timeout=2) as connection:
                if entries:
                    await repository.write_log(connection, entries)
                if uses:
                    await repository.touch_keys(connection, uses)
        except OUTAGES as problem:
            log.warning("request_log_not_written", problem=repr(problem), entries=len(entries))

    async def tidy(self) -> None:
        """Delete idempotency keys past 24 hours and log rows past their time."""
        now = self.clock.now()
        async with self._database.pool.acquire(timeout=5) as connection:
            await repository.forget_old(connection, now - KEPT, uuid_floor(now - timedelta(days=LOG_DAYS)))

    async def _run(self) -> None:
        count = 0
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
                if count % TIDY_EVERY == 0:
                    await self.tidy()
            except Exception as problem:
                log.error("gateway_upkeep_failed", problem=repr(problem))
            count += 1
