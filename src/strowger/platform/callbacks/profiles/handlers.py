"""Handlers of the callback profile API."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID

import msgspec

from strowger.foundation.clock import utc_text
from strowger.foundation.errors import StrowgerError
from strowger.platform.callbacks.profiles import repository
from strowger.platform.callbacks.profiles.deliveries import KEPT, MOST_CHOSEN, Deliveries, Wanted
from strowger.platform.callbacks.profiles.errors import OK, refuse
from strowger.platform.callbacks.profiles.report import KEPT_DAYS, daily_report
from strowger.platform.callbacks.profiles.schemas import METHODS, Profile, ProfileStatus, profile_name
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.profiles.variables import CHANNELS, EVENTS, SYSTEM
from strowger.platform.callbacks.profiles.view import as_object
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome, CallbackState
from strowger.platform.gateway.envelope import said
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import as_text, read_moment, read_whole

ENCODE = msgspec.json.Encoder().encode
PAGE, MOST = 25, 100
STATES = {"waiting": CallbackState.PENDING, "failed": CallbackState.FAILED, "dropped": CallbackState.DROPPED}
NAMES = {state: name for name, state in STATES.items()}
OUTCOMES = {AttemptOutcome.DELIVERED: "delivered", AttemptOutcome.RETRY: "retry", AttemptOutcome.FAILED: "failed"}


def _answer(data: Any, message: str, status: int = 200, **more: Any) -> Answer:
    return Answer(status, ENCODE(said(OK, message, data, **more, status=status)))


def _service(call: Call) -> ProfileService:
    return ProfileService(call.context)


async def _named(call: Call) -> Profile:
    return await _service(call).named(call.principal.account_id, call.path_params["profile_id"])


async def create(call: Call) -> Answer:
    """Make a profile."""
    made = await _service(call).create(call.principal.account_id, call.params)
    return _answer(as_object(made), "Profile created successfully", 201)


async def list_profiles(call: Call) -> Answer:
    """The profiles that fit, newest first."""
    found = [one for one in await _service(call).list_all(call.principal.account_id) if _fits(one, call)]
    limit, offset = read_whole(call.params, "limit", PAGE, MOST, 1), read_whole(call.params, "offset", 0, 1_000_000, 0)
    rows = [as_object(one) for one in found[offset : offset + limit]]
    meta = {"total": len(found), "limit": limit, "offset": offset}
    return _answer(rows, "Profiles fetched successfully", meta=meta)


def _fits(profile: Profile, call: Call) -> bool:
    draft, params = profile.draft, call.params
    title, channel = as_text(params, "title"), as_text(params, "channel")
    method, status = as_text(params, "http_method"), as_text(params, "status")
    if title is not None and len(title.strip()) < 3:
        raise refuse("RBC303", "title", "Give at least 3 characters to look for")
    if channel is not None and channel.lower() not in CHANNELS:
        raise refuse("RBC309", "channel", f"Must be one of {', '.join(CHANNELS)}")
    if method is not None and method.upper() not in METHODS:
        raise refuse("RBC305", "http_method", f"Must be one of {', '.join(METHODS)}")
    if status is not None and status not in ("1", "2", "3"):
        raise StrowgerError("E400", "Must be 1, 2 or 3", field="status")
    since, until = read_moment(call.params, "from"), read_moment(call.params, "to", end=True)
    return (
        (title is None or title.strip().lower() in draft.title.lower())
        and (channel is None or channel.lower() == draft.channel)
        and (method is None or method.upper() == draft.method)
        and (status is None or int(status) == profile.status)
        and (since is None or profile.created_at >= since)
        and (until is None or profile.created_at < until)
    )


async def get_profile(call: Call) -> Answer:
    """One profile; ``reveal`` shows its secrets."""
    reveal = as_text(call.params, "reveal") in ("1", "true")
    if reveal:
        call.require("callbacks.secrets", "reveal")
    return _answer(as_object(await _named(call), reveal), "Profile fetched successfully")


async def update(call: Call) -> Answer:
    """Change what is passed."""
    found = await _named(call)
    changed = await _service(call).update(found.account_id, found.id, call.params)
    return _answer(as_object(changed), "Profile updated successfully")


async def delete(call: Call) -> Answer:
    """Delete a profile."""
    found = await _named(call)
    await _service(call).delete(found.account_id, found.id)
    return _answer({"profileId": found.name}, "Profile deleted successfully")


async def enable(call: Call) -> Answer:
    """Enable a profile."""
    return await _set_status(call, ProfileStatus.ACTIVE, "Profile enabled successfully")


async def disable(call: Call) -> Answer:
    """Disable a profile."""
    return await _set_status(call, ProfileStatus.DISABLED, "Profile disabled successfully")


async def _set_status(call: Call, status: ProfileStatus, message: str) -> Answer:
    found = await _named(call)
    why = None if status is ProfileStatus.ACTIVE else "by hand"
    return _answer(as_object(await _service(call).set_status(found.account_id, found.id, status, why)), message)


async def duplicate(call: Call) -> Answer:
    """Copy a profile."""
    found = await _named(call)
    made = await _service(call).duplicate(found.account_id, found.id, as_text(call.params, "title") or "")
    return _answer(as_object(made), "Profile created successfully", 201)


async def test(call: Call) -> Answer:
    """Send a sample event."""
    found, event = await _named(call), as_text(call.params, "event") or ""
    if event and event not in EVENTS:
        raise refuse("RBC309", "event", f"{event[:40]!r} is no event")
    return _answer(_attempt(await Deliveries(call.context).test(found, event)), "Test event sent")


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "delivery_id": str(attempt.callback_id),
        "outcome": "delivered" if attempt.outcome is AttemptOutcome.DELIVERED else "failed",
        "http_status": attempt.http_status,
        "error": attempt.error,
        "duration_ms": attempt.duration_ms,
        "request": {
            "method": attempt.method, "url": attempt.url, "headers": attempt.request_headers or {},
            "body": attempt.request_body,
        },
        "response": {"headers": attempt.response_headers or {}, "body": attempt.response_body},
    }  # fmt: skip


async def rotate(call: Call) -> Answer:
    """Replace the signing secret."""
    found = await _named(call)
    hours = read_whole(call.params, "overlap_hours", 24, 168, 0)
    secret = await _service(call).rotate(found.account_id, found.id, timedelta(hours=hours))
    return _answer({"profile_id": found.name, "signing_secret": secret}, "Signing secret replaced")


async def deliveries(call: Call) -> Answer:
    """What waits, failed, was dropped or was taken."""
    found, context = await _named(call), call.context
    limit, offset = read_whole(call.params, "limit", PAGE, MOST, 1), read_whole(call.params, "offset", 0, 1_000_000, 0)
    since, until = read_moment(call.params, "from"), read_moment(call.params, "to", end=True)
    if as_text(call.params, "status") == "delivered":
        earliest = since or context.clock.now() - KEPT
        rows = await Deliveries(context).delivered(found, earliest, until, limit, offset)
        data = [_delivered(row, found) for row in rows]
        return _answer(data, "Deliveries fetched successfully", meta={"limit": limit, "offset": offset})
    wanted = Wanted(_states(call, tuple(STATES.values())), since, until)
    rows, total = await Deliveries(context).page(found, wanted, limit, offset)
    meta = {"total": total, "limit": limit, "offset": offset}
    return _answer([_queued(row, found) for row in rows], "Deliveries fetched successfully", meta=meta)


def _delivery(row: Any, profile: Profile) -> dict[str, Any]:
    reference = f"{row['request_id']}:{row['n']}" if row["n"] else ""
    return {
        "delivery_id": str(row["id"]), "profile_id": profile.name, "event": row["event"], "reference": reference,
        "method": row["method"], "url": row["url"], "attempts": row["attempts"],
    }  # fmt: skip


def _queued(row: Any, profile: Profile) -> dict[str, Any]:
    state = CallbackState(row["state"])
    return {
        **_delivery(row, profile), "status": NAMES[state], "last_error": row["last_error"],
        "created_at": utc_text(row["created_at"], "milliseconds"),
        "next_attempt_at": utc_text(row["due_at"], "milliseconds") if state is CallbackState.PENDING else None,
    }  # fmt: skip


def _delivered(row: Any, profile: Profile) -> dict[str, Any]:
    return {
        **_delivery(row, profile), "status": "delivered", "last_error": None, "http_status": row["http_status"],
        "duration_ms": row["duration_ms"], "created_at": utc_text(row["at"], "milliseconds"), "next_attempt_at": None,
    }  # fmt: skip


def _states(call: Call, usual: tuple[CallbackState, ...]) -> tuple[CallbackState, ...]:
    text = as_text(call.params, "status")
    if text is None:
        return usual
    states = [STATES.get(word.strip().lower()) for word in text.split(",")]
    found = tuple(state for state in states if state is not None)
    if len(found) != len(states):
        raise StrowgerError("E400", f"Must be of {', '.join([*STATES, 'delivered'])}", field="status")
    return found


async def retrigger(call: Call) -> Answer:
    """Send the chosen ones, or all that fit, again."""
    found = await _named(call)
    wanted = Wanted(
        _states(call, (CallbackState.FAILED, CallbackState.DROPPED)),
        read_moment(call.params, "from"),
        read_moment(call.params, "to", end=True),
    )
    number = await Deliveries(call.context).replay(found, wanted, _ids(call))
    return _answer({"retriggered": number}, "Deliveries are sent again")


def _ids(call: Call) -> list[UUID]:
    given = call.params.get("delivery_ids")
    if given in (None, ""):
        return []
    items = given.split(",") if isinstance(given, str) else given
    if not isinstance(items, list) or not 0 < len(items) <= MOST_CHOSEN:
        raise StrowgerError("E400", f"Must be 1 to {MOST_CHOSEN} delivery ids", field="delivery_ids")
    try:
        return [UUID(str(item).strip()) for item in items]
    except ValueError:
        raise StrowgerError("E400", "Holds what is no delivery id", field="delivery_ids") from None


async def retrigger_one(call: Call) -> Answer:
    """Send one again."""
    try:
        delivery_id = UUID(call.path_params["delivery_id"])
    except ValueError:
        raise refuse("RBC314", "delivery_id", "No such delivery") from None
    await Deliveries(call.context).replay_one(call.principal.account_id, delivery_id)
    return _answer({"retriggered": 1}, "The delivery is sent again")


async def report(call: Call) -> Answer:
    """Figures by day."""
    found, context = await _named(call), call.context
    zone = await repository.time_zone(context.database.pool, found.account_id)
    today = context.clock.now().astimezone(UTC).date()
    last = _date(call, "to") or today + timedelta(days=1)
    first = _date(call, "from") or last - timedelta(days=7)
    if not timedelta(0) <= last - first <= timedelta(days=KEPT_DAYS):
        raise StrowgerError("E400", f"Must be at most {KEPT_DAYS} days before `to`", field="from")
    days = await daily_report(context, found.account_id, first, last, zone, found.id)
    return _answer([day.as_object() for day in days], "Report fetched successfully")


async def variables(call: Call) -> Answer:
    """The variables of every event, as data."""
    data = [
        {
            "channel": channel.channel, "label": channel.label,
            "events": [{"event": e.event, "label": e.label, "variables": [*e.variables, *SYSTEM]} for e in channel.events],
        }
        for channel in CHANNELS.values()
    ]  # fmt: skip
    return _answer(data, "Variables fetched successfully")


async def defaults(call: Call) -> Answer:
    """The account's defaults."""
    service, account_id = _service(call), call.principal.account_id
    found = await service.defaults(account_id)
    profiles = {one.id: one for one in await service.list_all(account_id)}
    data = {event: profile_name(profiles[one].pod, one) for event, one in sorted(found.items()) if one in profiles}
    return _answer(data, "Defaults fetched successfully")


async def set_default(call: Call) -> Answer:
    """Set or clear a default."""
    event = as_text(call.params, "event")
    if not event:
        raise refuse("RBC309", "event", "Is required")
    name = as_text(call.params, "callback_profile_id")
    await _service(call).set_default(call.principal.account_id, event, name)
    return await defaults(call)


def _date(call: Call, name: str) -> date | None:
    moment = read_moment(call.params, name)
    return moment.date() if moment else None
