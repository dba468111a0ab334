"""Profiles and their callbacks, for tests that send them to a receiver of their own."""

from __future__ import annotations

from typing import Any

from strowger.foundation.ids import new_uuid
from strowger.platform.callbacks.profiles import repository
from strowger.platform.callbacks.profiles.schemas import Profile
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.repository import insert_callbacks
from strowger.platform.callbacks.schemas import NewCallback
from tests.database.platform.callbacks.conftest import ACCOUNT, World

VARIABLES = {
    "id": "m:1", "status": "DELIVERED", "status_trace": "DELIVRD", "recipient": "+919876543210", "units": 2,
    "message": "a & b <c>", "address": {"formatted_address": "1 Main St", "geo": {"lat": 1.5}},
}  # fmt: skip


async def make_profile(world: World, url: str, **params: Any) -> Profile:
    """A profile of the channel SMS, changed by ``params``."""
    given = {
        "title": f"profile {new_uuid()}", "channel": "sms", "http_method": "POST", "url": url,
        "body": {"id": "<id>", "status": "<status>"}, **params,
    }  # fmt: skip
    return await ProfileService(world.context).create(ACCOUNT, given)


async def queue_event(world: World, profile: Profile, event: str = "sms_send", **variables: Any) -> NewCallback:
    """One event of the profile, queued as the pipeline queues it."""
    found = await repository.targets_of(world.database.pool, [(ACCOUNT, profile.id)])
    events = found[ACCOUNT, profile.id]
    target, now = events.get(event) or events[""], world.clock.now()
    row = NewCallback(new_uuid(), ACCOUNT, new_uuid(), 1, event, target, {**VARIABLES, **variables}, now, now)
    await insert_callbacks(world.database.pool, [row], None)
    return row
