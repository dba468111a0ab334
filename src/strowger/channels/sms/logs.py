"""Logs pull (sms.md 3.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from strowger.channels.sms import repository
from strowger.channels.sms.repository import LogFilter
from strowger.channels.sms.schemas import encode
from strowger.channels.sms.send import format_moment, send_messages, send_sms
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import format_message_id, parse_message_id, uuid_floor
from strowger.messaging.schemas import Channel, Direction
from strowger.messaging.statuses import SPELLINGS, Status
from strowger.messaging.words import masked, person_of
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import Params, as_text, read_moment, read_whole

MAX_SPAN, MAX_AGE = timedelta(days=7), timedelta(days=90)
DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE = 50, 500, 100_000


async def messages_or_logs(call: Call) -> Answer:
    """``GET /messages``: a send when ``to`` is present, otherwise the logs."""
    return await (send_messages(call) if "to" in call.params else pull_logs(call))


async def sms_or_logs(call: Call) -> Answer:
    """``GET /sms``: a send when ``to`` is present, otherwise the logs."""
    return await (send_sms(call) if "to" in call.params else pull_logs(call))


async def pull_logs(call: Call) -> Answer:
    """One page of the account's messages, newest first."""
    wanted = read_filter(call.params, call.context.clock.now())
    page = read_whole(call.params, "page", 1, MAX_PAGE)
    limit = read_whole(call.params, "limit", DEFAULT_LIMIT, MAX_LIMIT)
    account = call.principal.account_id
    async with call.context.database.pool.acquire(timeout=5) as connection:
        total = await repository.count_log(connection, account, wanted)
        rows = await repository.read_log(connection, account, wanted, limit, (page - 1) * limit)
    meta = {"page": page, "limit": limit, "total": total}
    return Answer(200, encode({"data": [_row(row) for row in _seen(call, rows)], "meta": meta, "error": {}}))


def _range(params: Params, now: datetime) -> tuple[datetime, datetime]:
    midnight = datetime.combine(now.date(), time(), UTC)
    low, high = read_moment(params, "from_date", "E634"), read_moment(params, "to_date", "E634", end=True)
    if low is None:
        low = midnight if high is None else high - timedelta(days=1)
    if high is None:
        high = max(low + timedelta(days=1), midnight + timedelta(days=1))
        high = min(high, low + MAX_SPAN)
    if low > high:
        raise StrowgerError("E634", "Must not be after to_date", field="from_date")
    if high - low > MAX_SPAN + timedelta(days=1):
        raise StrowgerError("E634", "At most 7 days apart", field="to_date")
    if low < midnight - MAX_AGE or high > now + timedelta(days=8):
        raise StrowgerError("E634", "At most 90 days back, and not in the future", field="from_date")
    return low, high


def read_filter(params: Params, now: datetime) -> LogFilter:
    """What a pull asks for. Raises E634 (dates) or E400 (others)."""
    low, high = _range(params, now)
    wanted = LogFilter(
        uuid_floor(low),
        uuid_floor(high),
        Channel.SMS,
        type=as_text(params, "type"),
        statuses=_statuses(as_text(params, "status")),
        trace=as_text(params, "status_trace"),
        sender=as_text(params, "sender"),
        recipient=_digits(as_text(params, "to")),
        campaign_name=as_text(params, "campaign_name"),
    )
    direction = as_text(params, "direction")
    if direction is not None:
        if direction.upper() not in Direction.__members__:
            raise StrowgerError("E400", "Must be MT or MO", field="direction")
        wanted.direction = Direction[direction.upper()]
    name = as_text(params, "id")
    if name is not None:
        known = parse_message_id(name)
        if known is None:
            raise StrowgerError("E400", "Must be a message id", field="id")
        wanted.request_id, wanted.n = known
    return wanted


def _digits(text: str | None) -> str | None:
    return None if text is None else "".join(c for c in text if c.isdigit())[:64]


def _statuses(text: str | None) -> list[int] | None:
    """Statuses by any of their spellings, without regard to case, spaces and hyphens. Raises E400."""
    if text is None:
        return None
    plain = _plain(text)
    found = [
        int(status)
        for status, spelling in SPELLINGS.items()
        if plain in (_plain(spelling.api), _plain(spelling.log), _plain(spelling.callback), _plain(status.name))
    ]
    if not found:
        raise StrowgerError("E400", "No such status", field="status")
    return found


def _plain(text: str) -> str:
    return text.lower().replace(" ", "").replace("-", "").replace("_", "")


def _seen(call: Call, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The rows as the key may see them."""
    return [masked(row, person_of(row)) for row in rows] if call.principal.numbers_hidden else rows


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    options = row["options"] or {}
    status = Status(row["status"])
    return {
        "message_id": format_message_id(row["request_id"], row["n"]),
        "id": str(row["request_id"]),
        "direction": Direction(row["direction"]).name,
        "sender": row["sender"],
        "recipient": row["recipient"],
        "type": row["type"],
        "body": row["body"],
        "status": SPELLINGS[status].log,
        "status_details": row["trace"],
        "units": row["units"],
        "sms_length": row["length"],
        "country": row["country"],
        "network": row["network"],
        "source": row["source"],
        "campaign_name": row["campaign_name"],
        "template_id": options.get("template_id"),
        "ref": options.get("ref"),
        "ref1": options.get("ref1"),
        "ref2": options.get("ref2"),
        "createdDateTime": format_moment(row["created_at"]),
        "sentDateTime": format_moment(row["sent_at"]) if row["sent_at"] else None,
        "deliveredDateTime": format_moment(row["final_at"]) if status is Status.DELIVERED and row["final_at"] else None,
    }
