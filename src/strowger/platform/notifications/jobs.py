"""The clock of notifications: each one that is due becomes a report, in the transaction that sets when it is due again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from strowger.foundation.context import Context
from strowger.foundation.ids import new_uuid
from strowger.foundation.jobs import Job
from strowger.platform.notifications import repository
from strowger.platform.notifications.schedule import next_run, period, zone_of
from strowger.platform.notifications.service import offered_type
from strowger.platform.reports import repository as reports
from strowger.platform.reports.schemas import Params

SECONDS, BATCH = 20.0, 50
CAUGHT_UP = timedelta(days=7)  # what was missed longer ago is left out


def notification_jobs(context: Context) -> tuple[Job, ...]:
    """The clock of one worker process."""
    return (Job("notifications", SECONDS, NotificationJobs(context).catch_up),)


class NotificationJobs:
    """Makes reports of what is due; any number of workers may do so at once."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def catch_up(self) -> None:
        """Until nothing is due any more."""
        while await self.step():
            pass

    async def step(self) -> int:
        """Queue the reports of what is due; returns how many schedules were."""

        async def work(connection: Any) -> int:
            rows = await repository.due(connection, self._context.clock.now(), BATCH)
            for row in rows:
                await self._queue(connection, row)
            return len(rows)

        return await self._context.database.run(work)

    async def _queue(self, connection: Any, row: Mapping[str, Any]) -> None:
        now, zone, account_id = self._context.clock.now(), zone_of(row["time_zone"]), row["account_id"]
        kind = offered_type(row["key"])
        if kind is not None and row["frequency"] in kind.frequencies:
            first, last = period(row["frequency"], row["next_at"].astimezone(zone).date())
            params = Params(first, last, zone.key, kind.groups[0], row["filters"])
            await reports.add(
                connection, account_id, new_uuid(), kind.name, kind.title, msgspec.to_builtins(params), row["format"], "",
                row["recipients"] or row["owners"], now, row["key"], first, row["send_empty"],
            )  # fmt: skip
        following = next_run(row["frequency"], row["hour"], zone, max(row["next_at"], now - CAUGHT_UP))
        await repository.move(connection, account_id, row["key"], following)
