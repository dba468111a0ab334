"""What other modules do with callbacks: send them (CallbackEngine), replay, try out, look at, and manage secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.ids import new_uuid
from strowger.foundation.notify import notify
from strowger.platform.callbacks import repository
from strowger.platform.callbacks.engine import CHANNEL, CallbackEngine
from strowger.platform.callbacks.rendering import endpoint_of
from strowger.platform.callbacks.schemas import Attempt, CallbackState, Job, QueuedCallback, Target
from strowger.platform.callbacks.sender import Sender

__all__ = ["CallbackEngine", "CallbackService"]

KEPT_DAYS = 7  # failed callbacks can be replayed for so long (sms.md 4.5)
REPLAY_LIMIT = 1000
PURGE_CHUNK = 5000
TEST_EVENT = "test"


class CallbackService:
    """Callbacks of accounts, for API and console. Each call is bounded to the account it names."""

    def __init__(self, context: Context) -> None:
        self._database, self._clock = context.database, context.clock
        self._sender = Sender(context)
        self.signing = self._sender.signing

    async def replay(self, account_id: int, ids: Sequence[UUID]) -> int:
        """Send failed callbacks again, under the same ids, in a new series; returns how many (at most 1000)."""
        number = await repository.replay(self._database.pool, account_id, list(ids)[:REPLAY_LIMIT], self._clock.now())
        await self._wake_workers()
        return number

    async def replay_failed_since(self, account_id: int, since: datetime) -> int:
        """Send all failed callbacks made since then again, in order of creation (R-38); returns how many."""
        number = await repository.replay_failed_since(self._database.pool, account_id, since, self._clock.now())
        await self._wake_workers()
        return number

    async def _wake_workers(self) -> None:
        await notify(self._database.pool, CHANNEL)

    async def drop(self, account_id: int, ids: Sequence[UUID], reason: str = "dropped by hand") -> int:
        """Take waiting callbacks out of the queue; they can be replayed. Returns how many."""
        return await repository.drop(self._database.pool, account_id, list(ids), reason)

    async def attempts_of_message(self, account_id: int, request_id: UUID, n: int) -> list[Attempt]:
        """All attempts of a message's callbacks, oldest first."""
        return await repository.attempts_of_message(self._database.pool, account_id, request_id, n)

    async def queued_of_message(self, account_id: int, request_id: UUID, n: int) -> list[QueuedCallback]:
        """The waiting, failed and dropped callbacks of a message, oldest first."""
        return await repository.of_message(self._database.pool, account_id, request_id, n)

    async def failed(self, account_id: int, limit: int = 100, before: UUID | None = None) -> list[QueuedCallback]:
        """Failed callbacks of the last seven days, newest first; ``before`` continues after the last id of a page."""
        since = self._clock.now() - timedelta(days=KEPT_DAYS)
        return await repository.failed(self._database.pool, account_id, since, limit, before)

    async def counts(self, account_id: int) -> dict[CallbackState, int]:
        """How many callbacks wait, have failed and were dropped."""
        return await repository.counts(self._database.pool, account_id)

    async def test_event(self, account_id: int, target: Target) -> Attempt:
        """Send a test callback at once, once; returns the attempt, which is kept as well.

        Raises Unavailable when the database is away; everything about the receiver is in the attempt.
        """
        callback_id, request_id = new_uuid(), new_uuid()
        once = Target(target.url, target.method, target.headers, target.payload, 0, target.waits, target.events)
        job = Job(
            id=callback_id,
            account_id=account_id,
            request_id=request_id,
            n=0,
            event=TEST_EVENT,
            endpoint=endpoint_of(account_id, target.url),
            target=once.to_json(),
            variables=self._test_variables(f"{request_id}:1", str(callback_id)),
        )
        result = await self._sender.attempt(job)
        await repository.insert_attempts(self._database.pool, [result.attempt])
        return result.attempt

    def _test_variables(self, message_id: str, kid: str) -> dict[str, object]:
        return {
            "id": message_id,
            "kid": kid,
            "source": "STROWG",
            "recipient": "+15550100123",
            "status": "DELIVERED",
            "status_trace": "DELIVRD",
            "description": "A test callback; no message was sent",
            "timestamp": self._clock.now().strftime("%Y-%m-%d %H:%M:%S"),
            "message": "Test",
            "units": 1,
            "direction": "MT",
        }

    async def purge(self) -> int:
        """Delete failed and dropped callbacks older than KEPT_DAYS; returns how many. Upkeep calls it."""
        total, before = 0, self._clock.now() - timedelta(days=KEPT_DAYS)
        while True:
            number = await repository.purge(self._database.pool, before, PURGE_CHUNK)
            total += number
            if number < PURGE_CHUNK:
                return total
