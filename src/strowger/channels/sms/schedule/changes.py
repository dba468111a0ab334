"""Moving and cancelling scheduled requests by API (sms.md 3.1, 3.8)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from strowger.channels.sms.schedule.times import read_due, zone_of
from strowger.channels.sms.schemas import encode
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import parse_message_id
from strowger.messaging.scheduling import Schedules
from strowger.platform.gateway.envelope import said
from strowger.platform.gateway.operations import Answer, Call

CANCELLED, MOVED = "Schedule cancelled successfully", "Schedule changed successfully"


async def change(
    state: object, account_id: int, request_id: UUID, n: int | None = None, due_at: datetime | None = None
) -> int:
    """Move what still waits of a request to ``due_at``, or cancel it when that is None; returns how many messages.

    Raises E625 (the account has no such scheduled request), E635 (it has left, leaves within 5 minutes, or was cancelled).
    """
    context: Context = state.context  # type: ignore[attr-defined]
    schedules = Schedules(context.database, context.clock)
    if due_at is None:
        changed, written = await schedules.cancel(account_id, request_id, n)
        for payload in written.live():
            state.notifier.send("live", payload)  # type: ignore[attr-defined]
        if written.callbacks:
            state.notifier.send("callback")  # type: ignore[attr-defined]
    else:
        changed = await schedules.move(account_id, request_id, due_at, n)
    if changed is None:
        raise StrowgerError("E625", "There is no scheduled request with this id", field="id")
    if not changed:
        detail = "Nothing of it can be changed: it has left, leaves within 5 minutes, or was cancelled"
        raise StrowgerError("E635", detail, field="id")
    return changed


def _read_id(call: Call) -> tuple[UUID, int | None]:
    known = parse_message_id(str(call.path_params["id"]))
    if known is None:
        raise StrowgerError("E625", "There is no scheduled request with this id", field="id")
    return known


async def cancel_schedule(call: Call) -> Answer:
    """Cancel a scheduled request, or one message of it."""
    request_id, n = _read_id(call)
    changed = await change(call.state, call.principal.account_id, request_id, n)
    return _answer(call, CANCELLED, {"status": "Cancelled", "totalCount": changed})


async def move_schedule(call: Call) -> Answer:
    """Let a scheduled request, or one message of it, leave at another time."""
    context = call.context
    request_id, n = _read_id(call)
    zone = await zone_of(context.database, call.principal, call.params)
    due_at = read_due(call.params, zone, context.clock.now(), context.settings.retention_days)
    if due_at is None:
        raise StrowgerError("E613", "Give the new time", field="time")
    changed = await change(call.state, call.principal.account_id, request_id, n, due_at)
    moment = due_at.isoformat(" ", "seconds")
    return _answer(call, MOVED, {"status": "Scheduled", "time": moment, "totalCount": changed})


def _answer(call: Call, message: str, data: dict[str, object]) -> Answer:
    data = {"id": str(call.path_params["id"]).lower(), **data}
    return Answer(200, encode(said("MSG115", message, data)))
