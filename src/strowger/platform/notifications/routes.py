"""The API of notifications: ``GET`` and ``PATCH /notifications[/{key}]`` (platform.md 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from strowger.foundation.clock import utc_text
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway import rbc
from strowger.platform.gateway.envelope import TEXT
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Answer, Call, Operation, Parameter
from strowger.platform.gateway.params import as_text
from strowger.platform.gateway.table import add_operations
from strowger.platform.notifications import low_balance, repository, service
from strowger.platform.notifications.schedule import FREQUENCIES
from strowger.platform.notifications.service import Wish
from strowger.platform.reports.schemas import FORMATS, ReportRefused
from strowger.platform.reports.types import ReportType

register_errors("strowger.platform.notifications")
UNKNOWN, INVALID = "RBC2701", "RBC2702"
SWITCH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
DETAILS = ("hour", "format", "send_empty", "filters")
BY = "API"


def _kind(call: Call) -> ReportType:
    kind = service.offered_type(str(call.path_params["key"]))
    if kind is None:
        raise StrowgerError(UNKNOWN, field="key")
    return kind


def _object(kind: ReportType, row: Mapping[str, Any] | None) -> dict[str, Any]:
    wish = service.wish_of(row) if row else service.default_wish(kind)
    due = utc_text(row["next_at"]) if row and wish.enabled else None
    return {
        "key": kind.name, "title": kind.title, "enabled": wish.enabled, "recipients": list(wish.recipients),
        "frequency": wish.frequency, "frequencies": list(kind.frequencies), "next_at": due,
        "params": {
            "hour": wish.hour, "format": wish.format, "send_empty": wish.send_empty, "filters": dict(wish.filters),
        },
    }  # fmt: skip


async def list_notifications(call: Call) -> Answer:
    """All of them."""
    async with call.context.database.acquire() as connection:
        rows = await repository.all_of(connection, call.principal.account_id)
    wallet = await low_balance.read(call.context, call.principal.account_id)
    first = [low_balance.as_object(wallet)] if wallet is not None else []
    return rbc.success([*first, *(_object(kind, rows.get(kind.name)) for kind in service.offered())])


async def _wallet(call: Call) -> Mapping[str, Any] | None:
    """The alert when that is asked for. Raises RBC2701 for accounts that have none."""
    if call.path_params["key"] != service.LOW_BALANCE:
        return None
    wallet = await low_balance.read(call.context, call.principal.account_id)
    if wallet is None:
        raise StrowgerError(UNKNOWN, "Only prepaid accounts have it", field="key")
    return wallet


async def get_notification(call: Call) -> Answer:
    """One of them."""
    wallet = await _wallet(call)
    if wallet is not None:
        return rbc.success(low_balance.as_object(wallet))
    kind = _kind(call)
    return rbc.success(_object(kind, await service.find(call.context, call.principal.account_id, kind.name)))


async def change_notification(call: Call) -> Answer:
    """Change what is passed."""
    wallet = await _wallet(call)
    if wallet is not None:
        return await _change_alert(call, wallet)
    kind, account_id = _kind(call), call.principal.account_id
    row = await service.find(call.context, account_id, kind.name)
    wish = _changed(call, service.wish_of(row) if row else service.default_wish(kind))
    try:
        saved = await service.save(call.context, account_id, kind, wish, BY)
    except ReportRefused as problem:
        raise StrowgerError(INVALID, str(problem), field=problem.field or None) from problem
    return rbc.success(_object(kind, saved))


async def _change_alert(call: Call, wallet: Mapping[str, Any]) -> Answer:
    given = call.params
    enabled = _switch("enabled", given["enabled"]) if given.get("enabled") is not None else None
    recipients = low_balance.addresses(given["recipients"]) if given.get("recipients") is not None else None
    if given.get("frequency") not in (None, low_balance.FREQUENCY):
        raise StrowgerError(INVALID, f"Only {low_balance.FREQUENCY}", field="frequency")
    details = _details(given.get("params"))
    changed = await low_balance.change(call.context, call.principal.account_id, wallet, enabled, recipients, details)
    return rbc.success(low_balance.as_object(changed))


def _details(value: Any) -> Any:
    """An object as such, or as its JSON text in a form. Raises RBC2702."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        raise StrowgerError(INVALID, "Its text is not JSON", field="params") from None


def _changed(call: Call, wish: Wish) -> Wish:
    """The schedule with what the call passes. Raises RBC2702."""
    params = call.params
    if params.get("enabled") is not None:
        wish = replace(wish, enabled=_switch("enabled", params["enabled"]))
    if params.get("recipients") is not None:
        wish = replace(wish, recipients=low_balance.addresses(params["recipients"]))
    if params.get("frequency") is not None:
        wish = replace(wish, frequency=as_text(params, "frequency", INVALID) or "")
    details = _details(params.get("params"))
    if details is None:
        return wish
    if not isinstance(details, dict) or not set(details) <= set(DETAILS):
        raise StrowgerError(INVALID, f"An object of {', '.join(DETAILS)}", field="params")
    return _detailed(details, wish)


def _detailed(details: dict[str, Any], wish: Wish) -> Wish:
    hour, filters = details.get("hour", wish.hour), details.get("filters", wish.filters)
    if isinstance(hour, bool) or not isinstance(hour, int):
        raise StrowgerError(INVALID, "A whole hour from 0 to 23", field="params.hour")
    if not isinstance(filters, dict):
        raise StrowgerError(INVALID, "An object", field="params.filters")
    return replace(
        wish, hour=hour, format=str(details.get("format", wish.format)), filters=filters,
        send_empty=_switch("params.send_empty", details.get("send_empty", wish.send_empty)),
    )  # fmt: skip


def _switch(name: str, value: Any) -> bool:
    found = SWITCH.get(str(value).lower())
    if found is None:
        raise StrowgerError(INVALID, "True or false", field=name)
    return found


OBJECT: Mapping[str, Any] = {
    "type": "object", "required": ["key", "title", "enabled", "recipients", "frequency", "params"],
    "properties": {"key": TEXT, "title": TEXT, "enabled": {"type": "boolean"}, "recipients": {"type": "array", "items": TEXT},
                   "frequency": {"enum": [*FREQUENCIES, low_balance.FREQUENCY]}, "params": {"type": "object"}},
}  # fmt: skip
EXAMPLE = {
    "key": "sms-count", "title": "SMS Count Report", "enabled": True, "recipients": ["ada@example.com"], "frequency": "daily",
    "frequencies": ["daily"], "next_at": "2026-01-06T06:00:00Z",
    "params": {"hour": 6, "format": "csv", "send_empty": False, "filters": {}},
}  # fmt: skip
KEY = Parameter("key", TEXT, "The notification's key, as the list names it.", example="sms-count")
DETAIL_FORMATS = ", ".join(FORMATS)
CHANGES = (
    Parameter("enabled", {"type": ["boolean", "string"]}, "On or off; the details are kept."),
    Parameter("recipients", {"type": ["array", "string"]}, "Up to 20 addresses; none: the owners. Strangers are asked first.",
              example=["ada@example.com"]),
    Parameter("frequency", {"enum": list(FREQUENCIES)}, "One of the notification's `frequencies`."),
    Parameter("params", {"type": ["object", "string"]},
              f"`hour` (0 to 23), `format` ({DETAIL_FORMATS}), `send_empty`, `filters`; of low-balance: `balance_below`.",
              example={"hour": 6, "format": "csv"}),
)  # fmt: skip


def _operation(method: str, tail: str, name: str, summary: str, text: str, handler: Any, **more: Any) -> Operation:
    codes = (*more.pop("codes", ()), *rbc.CODES)
    return Operation(
        method, "/{sid}/notifications" + tail, name, summary, text, handler, codes=codes, tag="Notifications",
        area="platform", failure=rbc.failure, permission="settings.read" if method == "GET" else "settings.write", **more,
    )  # fmt: skip


OPERATIONS = [
    _operation(
        "GET", "", "list_notifications", "List notifications", "Every report that can be mailed by itself, with its schedule.",
        list_notifications, result=rbc.envelope({"type": "array", "items": OBJECT}), example=rbc.body([EXAMPLE]),
    ),
    _operation(
        "GET", "/{key}", "get_notification", "One notification", "Its schedule, recipients and details.", get_notification,
        codes=(UNKNOWN,), path_parameters=(KEY,), result=rbc.envelope(OBJECT), example=rbc.body(EXAMPLE),
    ),
    _operation(
        "PATCH", "/{key}", "change_notification", "Change a notification",
        "Only what is passed changes. Times are those of the account's time zone.", change_notification,
        codes=(UNKNOWN, INVALID), path_parameters=(KEY,), parameters=CHANGES, result=rbc.envelope(OBJECT),
        example=rbc.body(EXAMPLE),
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
