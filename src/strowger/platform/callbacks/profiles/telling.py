"""Events of the platform itself: they go to the account's default profile, if it has one (platform.md 6.10, 7.7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strowger.foundation.ids import new_uuid
from strowger.foundation.notify import notify
from strowger.platform.callbacks import repository as queue
from strowger.platform.callbacks.profiles import repository
from strowger.platform.callbacks.schemas import NewCallback


async def tell_default(
    connection: Any, account_id: int, event: str, variables: Mapping[str, Any], now: datetime
) -> bool:
    """Queue an event within the caller's transaction; False when nobody is to be told."""
    profile_id = (await repository.defaults_of(connection, [account_id]))[account_id].get(event)
    if profile_id is None:
        return False
    key = (account_id, profile_id)
    events = (await repository.targets_of(connection, [key])).get(key, {})
    target = events.get(event) or events.get("")
    if target is None:
        return False
    told = NewCallback(new_uuid(), account_id, new_uuid(), 1, event, target, dict(variables), now, now)
    await queue.insert_callbacks(connection, [told], None)
    await notify(connection, "callback")
    return True
