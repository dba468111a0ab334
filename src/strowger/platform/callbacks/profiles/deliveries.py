"""Deliveries of a profile, and sending them again: one, chosen ones, all of a filter (platform.md 6.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.ids import new_uuid
from strowger.foundation.notify import notify
from strowger.platform.callbacks import repository as queue
from strowger.platform.callbacks.profiles.errors import refuse
from strowger.platform.callbacks.profiles.repository import deliveries as repository
from strowger.platform.callbacks.profiles.schemas import Profile
from strowger.platform.callbacks.profiles.variables import EVENTS
from strowger.platform.callbacks.rendering import endpoint_of
from strowger.platform.callbacks.schemas import Attempt, CallbackState, Job
from strowger.platform.callbacks.sender import Sender

KEPT = timedelta(days=7)
MOST_CHOSEN = 1000
CHANNEL = "callback"
SAMPLES: Mapping[str, Any] = {
    "source": "STROWG", "sender": "STROWG", "recipient": "+15550100123", "mobile": "+15550100123", "status": "DELIVERED",
    "status_trace": "DELIVRD", "description": "A test callback; no message was sent", "message": "Test", "body": "Test",
    "operator": "Example Mobile", "country": "US", "units": 1, "charges": "0.0075", "currency": "USD", "direction": "MT",
    "campaign_name": "test", "type": "TXN", "ref": "your-ref", "keyword": "DEMO", "parts[n]": "1", "from": "+15550100123",
    "to": "+15550100199", "name": "Ada", "refunded": 0, "error_code": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries: states, and when they were made."""

    states: tuple[CallbackState, ...] = (CallbackState.FAILED, CallbackState.DROPPED)
    since: datetime | None = None
    until: datetime | None = None


class Deliveries:
    """The deliveries of profiles; each call is bounded to the profile's account."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._database, self._clock = context.database, context.clock

    async def page(self, profile: Profile, wanted: Wanted, limit: int, offset: int) -> tuple[list[Any], int]:
        """What waits, failed or was dropped, newest first; and how many there are."""
        since = wanted.since or self._clock.now() - KEPT
        states = [int(state) for state in wanted.states]
        async with self._database.acquire() as connection:
            rows = await repository.queued(
                connection, profile.account_id, profile.id, states, since, wanted.until, limit, offset
            )
            total = await repository.count(connection, profile.account_id, profile.id, states, since, wanted.until)
        return rows, total

    async def delivered(
        self, profile: Profile, since: datetime, until: datetime | None, limit: int, offset: int
    ) -> list[Any]:
        """The last attempts that succeeded, newest first."""
        async with self._database.acquire() as connection:
            return await repository.delivered(connection, profile.account_id, profile.id, since, until, limit, offset)

    async def replay_one(self, account_id: int, delivery_id: UUID) -> None:
        """Send one again. Raises RBC314."""
        async with self._database.acquire() as connection:
            known = await repository.is_of_a_profile(connection, account_id, delivery_id, self._clock.now() - KEPT)
        if not known or not await queue.replay(self._database.pool, account_id, [delivery_id], self._clock.now()):
            raise refuse("RBC314", "delivery_id", "No such delivery")
        await self._wake()

    async def replay(self, profile: Profile, wanted: Wanted, ids: Sequence[UUID] = ()) -> int:
        """Send the chosen ones again, or all that fit, in order of creation (R-38); returns how many."""
        since = max(wanted.since or datetime.min.replace(tzinfo=self._clock.now().tzinfo), self._clock.now() - KEPT)
        states = [int(state) for state in wanted.states if state is not CallbackState.PENDING]
        number = await self._database.run(
            lambda c: repository.replay(
                c,
                profile.account_id,
                profile.id,
                states,
                since,
                wanted.until,
                list(ids)[:MOST_CHOSEN],
                self._clock.now(),
            )
        )
        await self._wake()
        return number

    async def _wake(self) -> None:
        await notify(self._database.pool, CHANNEL)

    async def test(self, profile: Profile, event: str = "") -> Attempt:
        """Send a sample event at once, once, whatever the profile's state; the attempt is kept as well."""
        callback_id, request_id = new_uuid(), new_uuid()
        chosen = event or next(iter(profile.draft.events), "test")
        target = {
            "profile": str(profile.id), "url": profile.draft.url, "method": profile.draft.method, "once": True,
        }  # fmt: skip
        job = Job(
            callback_id, profile.account_id, request_id, 0, chosen,
            endpoint_of(profile.account_id, profile.draft.url), target, self.sample(chosen, request_id),
        )  # fmt: skip
        sender = Sender(self._context)
        result = await sender.profiles.send(job, profile, self._clock.now())
        if profile.created_at is not None and await self._is_stored(profile):
            await queue.insert_attempts(self._database.pool, [result.attempt])
        return result.attempt

    async def _is_stored(self, profile: Profile) -> bool:
        async with self._database.acquire() as connection:
            return await repository.is_stored(connection, profile.account_id, profile.id)

    def sample(self, event: str, request_id: UUID) -> dict[str, Any]:
        """Made-up values for the variables of an event."""
        now = self._clock.now().strftime("%Y-%m-%d %H:%M:%S")
        names = EVENTS[event].variables if event in EVENTS else tuple(SAMPLES)
        values: dict[str, Any] = {}
        for name in names:
            timed = name.endswith(("_at", "time", "timestamp", "datetime", "date")) or name == "created"
            values[name] = now if timed else SAMPLES.get(name, "")
        values.update(id=f"{request_id}:1", kid=str(request_id))
        return values
