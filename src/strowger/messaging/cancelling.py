"""Cancelling messages that nobody has begun to hand to a carrier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from strowger.foundation.database import Connection
from strowger.messaging.facts import Facts
from strowger.messaging.finish import Changes, Written, give_back, write
from strowger.messaging.repository import queueing, scheduling
from strowger.messaging.repository.journaling import Advance
from strowger.messaging.schemas import Event
from strowger.messaging.statuses import EventKind, Status

TRACE = "CALL-CANCELLED"
MessageKey = tuple[UUID, int]


async def cancel_waiting(
    connection: Connection, account_id: int, keys: Sequence[MessageKey], facts: Facts, now: datetime
) -> tuple[set[MessageKey], Written]:
    """End those of an account's messages that still wait as CANCELLED; returns which they were.

    Their reservations are released and callbacks and receipts are queued with it, in the caller's transaction.
    """
    waiting = await queueing.lock_waiting(connection, account_id, keys)
    changes = Changes()
    for submission in waiting:
        key = (submission.account_id, *submission.key)
        changes.events.append((key, Event(EventKind.REFUSED, Status.CANCELLED, TRACE, now)))
        changes.wish(Advance(key, Status.CANCELLED, TRACE, final_at=now))
        changes.ended.append(key)
        give_back(changes, key, submission)
    written = await write(connection, changes, facts, now, None)
    for request_id in {s.request_id for s in waiting if s.status == Status.SCHEDULED}:
        await scheduling.note_change(connection, account_id, request_id, now)
    return {submission.key for submission in waiting}, written
