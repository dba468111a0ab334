"""What v4 reads and changes: status, schedule, credits, usage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from strowger.channels.sms.schedule.changes import change
from strowger.channels.sms.schedule.times import check_due
from strowger.channels.sms.v4 import repository
from strowger.channels.sms.v4.errors import Refusal
from strowger.channels.sms.v4.sending import read_time, zone_of
from strowger.foundation.ids import format_message_id, parse_message_id
from strowger.messaging.notify import local_time, v4_status
from strowger.messaging.repository.reading import find_messages
from strowger.messaging.routing.repository.ranges import operator_names
from strowger.messaging.words import masked, person_of
from strowger.platform.billing import repository as billing
from strowger.platform.gateway.operations import Call
from strowger.platform.gateway.params import as_text

MAX_IDS = 500
MAX_DAYS = 31
DONE = {"status": "OK", "code": "200", "message": "Processed Successfully"}


async def status(call: Call) -> dict[str, Any]:
    """``method=sms.status``: up to 500 message ids."""
    text = as_text(call.params, "id") or ""
    ids = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not 1 <= len(ids) <= MAX_IDS:
        raise Refusal("A400", f"id must hold 1 to {MAX_IDS} message ids")
    named = {name: parse_message_id(name) for name in ids}
    wanted: list[tuple[UUID, int]] = [(known[0], known[1]) for known in named.values() if known and known[1]]
    zone = str(await zone_of(call))
    async with call.context.database.pool.acquire(timeout=5) as connection:
        rows = await find_messages(connection, call.principal.account_id, wanted)
        more = as_text(call.params, "numberinfo") in ("1", "true")
        networks = {row["network"] for row in rows if row["network"]} if more else set()
        operators = await operator_names(connection, networks)
    if call.principal.numbers_hidden:
        rows = [masked(row, person_of(row)) for row in rows]
    found = {format_message_id(row["request_id"], row["n"]): row for row in rows}
    data = [_status_row(name, found.get(name.lower()), zone, operators if more else None) for name in ids]
    return {**DONE, "data": data}


def _status_row(name: str, row: Any, zone: str, operators: Mapping[str, str] | None) -> dict[str, str]:
    if row is None:
        return {"id": name[:100], "mobile": "", "status": "INVALID-MSGID", "senttime": "", "dlrtime": "", "custom": ""}
    options = row["options"] or {}
    shown = {
        "id": name,
        "mobile": row["recipient"],
        "status": v4_status(row["status"], row["trace"]),
        "senttime": local_time(row["sent_at"], zone),
        "dlrtime": local_time(row["final_at"], zone),
        "custom": options.get("ref", ""),
        "custom1": options.get("ref1", ""),
        "custom2": options.get("ref2", ""),
    }
    if operators is None:
        return shown
    network = row["network"] or ""
    return shown | {"provider": operators.get(network, network), "location": row["country"] or ""}


async def schedule(call: Call) -> dict[str, Any]:
    """``method=sms.schedule``: ``task=modify`` with a time, or ``task=delete``, for a group id."""
    context = call.context
    known = parse_message_id(as_text(call.params, "groupid") or "")
    if known is None:
        raise Refusal("A431")
    task = (as_text(call.params, "task") or "").strip().lower()
    if task == "delete":
        await change(call.state, call.principal.account_id, *known)
        text = "Campaign canceled successfully and credits are refunded."
    elif task == "modify":
        given = as_text(call.params, "time", "E613")
        if not given:
            raise Refusal("A406", "time is missing")
        due_at = read_time(given, await zone_of(call))
        check_due(due_at, context.clock.now(), context.settings.retention_days)
        await change(call.state, call.principal.account_id, *known, due_at)
        text = "Campaign updated successfully"
    else:
        raise Refusal("A400", "task must be modify or delete")
    return {**DONE, "message": text, "data": {"group_id": str(known[0])}}


async def balance(call: Call) -> dict[str, Any]:
    """``method=account.credits``: what the account has to spend."""
    async with call.context.database.pool.acquire(timeout=5) as connection:
        found = await billing.balance(connection, call.principal.account_id)
    amount, currency = found or (0, call.principal.currency)
    return {**DONE, "data": {"credits": f"{amount:f}", "currency": currency}}


async def usage(call: Call) -> dict[str, Any]:
    """``method=sms.usagecredit``: messages and units of the days from ``from`` to ``to``, at most 31."""
    zone = await zone_of(call)
    today = call.context.clock.now().astimezone(zone).date()
    first, last = _day(call, "from", today), _day(call, "to", today)
    if not timedelta(0) <= last - first < timedelta(days=MAX_DAYS):
        raise Refusal("A406", f"from must not be after to, and at most {MAX_DAYS} days before it")
    low = datetime.combine(first, time(), zone).astimezone(UTC)
    high = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    async with call.context.database.pool.acquire(timeout=5) as connection:
        rows = await repository.usage(connection, call.principal.account_id, low, high, str(zone))
    days = [{"date": row["day"], "sms": row["number"], "credit": int(row["units"])} for row in rows]
    return {
        **DONE,
        "startdate": first.isoformat(),
        "enddate": last.isoformat(),
        "total_sms": sum(day["sms"] for day in days),
        "total_credit": sum(day["credit"] for day in days),
        "data": days,
    }


def _day(call: Call, name: str, default: date) -> date:
    text = as_text(call.params, name)
    if not text:
        return default
    try:
        found = date.fromisoformat(text.strip()[:10])
    except ValueError as problem:
        raise Refusal("A406", f"{name} must be YYYY-MM-DD") from problem
    if not 1971 <= found.year < 9000:
        raise Refusal("A406", f"{name} must be YYYY-MM-DD")
    return found
