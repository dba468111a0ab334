"""The worker's part: what is too old goes, persons are erased."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from strowger.console import gone
from strowger.foundation.context import Context
from strowger.foundation.ids import uuid_floor
from strowger.foundation.jobs import Job
from strowger.foundation.logs import get_logger
from strowger.foundation.partitions import PARTITIONED
from strowger.platform.privacy import exporting, repository, service

log = get_logger(__name__)
IN_PARTITIONS = frozenset({"messages", "callbacks"})
assert set(PARTITIONED) >= {"message", "message_event", "callback_attempt"}


class DataJobs:
    """Retention, erasure, exports."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.jobs = (
            Job("retention", 3600, self.retain), Job("erasure", 60, self.erase),
            Job("exports", 5, partial(exporting.make, context)),
            Job("page_marks", 3600, partial(gone.forget, context)),
        )  # fmt: skip

    async def retain(self) -> int:
        """Remove what accounts no longer keep; returns how many rows.

        Whole days are dropped by the upkeep of partitions, which waits for the account that keeps them longest.
        """
        await exporting.forget(self._context)
        database, default = self._context.database, self._context.settings.retention_days
        longer = await database.run(repository.longest) > default
        total = 0
        for account_id, rules in (await database.run(repository.all_rules)).items():
            for name, kind in repository.KINDS.items():
                days = rules.get(name, default if name in IN_PARTITIONS and longer else None)
                if days is not None:
                    total += await self._remove(account_id, kind, days)
        if total:
            log.info("retention", rows=total)
        return total

    async def _remove(self, account_id: int, kind: repository.Kind, days: int) -> int:
        moment = self._context.clock.now() - timedelta(days=days)
        before = moment if kind.by == "at" else uuid_floor(moment)
        total = 0
        for statement in kind.statements:
            while True:
                count = await self._context.database.run(
                    lambda c, statement=statement: repository.remove(c, account_id, statement, before)  # type: ignore[misc]
                )
                total += count
                if count < repository.CHUNK:
                    break
        return total

    async def erase(self) -> int:
        """Erase who is to be erased; returns how many persons are done."""
        done = 0
        for row in await self._context.database.run(repository.unfinished):
            done += await service.erase(self._context, dict(row))
        return done
