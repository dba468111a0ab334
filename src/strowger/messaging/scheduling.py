"""Scheduled requests: cancel and move what has not left yet.

The rows of the queue are there from the beginning, with a moment in the future; money is reserved when they leave.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from strowger.foundation.clock import Clock
from strowger.foundation.database import Connection, Database
from strowger.messaging.facts import Facts
from strowger.messaging.finish import Changes, Written, write
from strowger.messaging.repository import journaling, scheduling
from strowger.messaging.repository.journaling import Advance, Key
from strowger.messaging.schemas import Event, Submission
from strowger.messaging.statuses import EventKind, Status

CHANGE_MARGIN = timedelta(minutes=5)  # what leaves within this time is not changed any more
CANCELLED = "CALL-CANCELLED"
SCHEDULED = "SCHEDULED"


class Schedules:
    """Changes scheduled requests of one account.

    Methods return how many messages they changed: 0 when all have left, will within five minutes, or were cancelled; None
    when the account has no such request.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def find(self, account_id: int, request_id: UUID) -> Any | None:
        """The request's row (models.ScheduledRequest)."""
        return await self._database.run(lambda c: scheduling.find_schedule(c, account_id, request_id))

    async def cancel(self, account_id: int, request_id: UUID, n: int | None = None) -> tuple[int | None, Written]:
        """Cancel a request, or its message ``n``: status CANCELLED, no callback unless one asks for it, nothing charged."""
        now = self._clock.now()

        async def work(connection: Connection) -> tuple[int | None, Written]:
            keys = await self._waiting(connection, account_id, request_id, n, now)
            if not keys:
                return keys if keys is None else 0, Written([], [])
            changes = Changes()
            for key in keys:
                changes.events.append((key, Event(EventKind.REFUSED, Status.CANCELLED, CANCELLED, now)))
                changes.wish(Advance(key, Status.CANCELLED, CANCELLED, final_at=now))
                changes.ended.append(key)
            written = await write(connection, changes, Facts(self._clock), now, None)
            await scheduling.note_change(connection, account_id, request_id, now)
            return len(keys), written

        return await self._database.run(work)

    async def move(self, account_id: int, request_id: UUID, due_at: datetime, n: int | None = None) -> int | None:
        """Let a request, or its message ``n``, leave at another moment, which the caller has checked."""
        now = self._clock.now()

        async def work(connection: Connection) -> int | None:
            keys = await self._waiting(connection, account_id, request_id, n, now)
            if not keys:
                return keys if keys is None else 0
            await scheduling.move_waiting(connection, account_id, request_id, [key[2] for key in keys], due_at)
            moved = {"due_at": due_at.isoformat(timespec="seconds")}
            event = Event(EventKind.NOTE, Status.SCHEDULED, SCHEDULED, now, detail=moved)
            await journaling.write(connection, [(key, event) for key in keys], [], [])
            await scheduling.note_change(connection, account_id, request_id, now)
            return len(keys)

        return await self._database.run(work)

    async def _waiting(
        self, connection: Connection, account_id: int, request_id: UUID, n: int | None, now: datetime
    ) -> list[Key] | None:
        numbers = await scheduling.lock_waiting(connection, account_id, request_id, n, now + CHANGE_MARGIN)
        if not numbers and not await scheduling.is_known(connection, account_id, request_id):
            return None
        return [(account_id, request_id, number) for number in numbers]


def release(changes: Changes, batch: list[Submission], now: datetime) -> None:
    """Note that scheduled messages of a batch are on their way: they are queued from here on."""
    for submission in batch:
        if submission.status == Status.SCHEDULED:
            key = (submission.account_id, *submission.key)
            changes.events.append((key, Event(EventKind.NOTE, Status.QUEUED, "QUEUED", now)))
            changes.wish(Advance(key, Status.QUEUED, "QUEUED"))
