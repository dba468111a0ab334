"""A profile named in a request: looked up once for the caller, then at hand (platform.md 6.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.database import OUTAGES
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.platform.callbacks.profiles import repository
from strowger.platform.callbacks.profiles.schemas import ProfileStatus, read_name

_FACT = "callbacks.profiles"
READ_AGAIN_SECONDS = 1.0


class Caller(Protocol):
    """Who names it: an account, and room for what was looked up for it, which is forgotten when a profile changes."""

    account_id: int
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NamedProfile:
    """What a request needs of the profile that it names. ``stored`` goes into the message in place of a target."""

    id: UUID
    channel: str
    events: tuple[str, ...]
    url: str
    status: ProfileStatus

    @property
    def stored(self) -> dict[str, Any]:
        """As it is kept in ``message.callback`` and ``number.callback``."""
        return {"profile": str(self.id)}


async def named_profile(
    context: Context, caller: Caller, value: object, channel: str, event: str, code: str, field: str
) -> NamedProfile:
    """The profile that a parameter names, if this channel and event may use it.

    Raises StrowgerError ``code`` when it is unknown, disabled by hand, or of another channel. One that was switched off by
    its failures may be named: what it misses is kept, and the message must not suffer for it.
    """
    profile_id = read_name(value) if isinstance(value, str) else None
    found = await _find(context, caller, profile_id) if profile_id else None
    if found is None:
        raise StrowgerError(code, "No such callback profile", field=field)
    if found.status is ProfileStatus.DISABLED:
        raise StrowgerError(code, "The callback profile is disabled", field=field)
    everything = channel == "default" and not found.events
    if found.channel != channel or not (everything or event in found.events):
        raise StrowgerError(code, f"The callback profile is not for {event} of channel {channel}", field=field)
    return found


async def _find(context: Context, caller: Caller, profile_id: UUID) -> NamedProfile | None:
    known: tuple[dict[UUID, NamedProfile], float] | None = caller.facts.get(_FACT)
    if known is not None and profile_id in known[0]:
        return known[0][profile_id]
    now = context.clock.monotonic()
    if known is not None and now - known[1] < READ_AGAIN_SECONDS:
        return None
    try:
        async with context.database.acquire() as connection:
            rows = await repository.named(connection, caller.account_id)
    except OUTAGES as problem:
        raise Unavailable from problem
    profiles = {
        row["id"]: NamedProfile(
            row["id"], row["channel"], tuple(row["events"]), row["url"], ProfileStatus(row["status"])
        )
        for row in rows
    }
    caller.facts[_FACT] = (profiles, now)
    return profiles.get(profile_id)
