"""v4's sends: ``sms``, ``sms.json`` and ``sms.xml`` become requests of the present API, their answers come back in v4's shape."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from strowger.channels.sms import fields
from strowger.channels.sms.batches.send import send_batch
from strowger.channels.sms.schedule.times import account_zone
from strowger.channels.sms.send import send_sms
from strowger.channels.sms.v4.errors import Refusal
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.operations import Call
from strowger.platform.gateway.params import Params, as_text
from strowger.platform.gateway.xml import read_xml
from strowger.protocols.gsm import not_gsm7

MAX_PLAIN, MAX_UNICODE = 1000, 500
TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %I:%M%p", "%Y-%m-%d %I:%M %p")
COMMON = {
    "message": "body", "sender": "from", "template_id": "template_id", "entity_id": "entity_id", "unicode": "unicode",
    "flash": "flash", "port": "port", "custom1": "ref1", "custom2": "ref2",
}  # fmt: skip
# What v4's dlrurl calls the variables of a callback.
VARIABLES = {
    "sent": "sent_at", "senttime": "sent_at", "delivered": "delivered_at", "msgid": "id", "sid": "id", "status": "v4_status",
    "reference": "ref", "custom": "ref", "custom1": "ref1", "custom2": "ref2", "credits": "units", "mobile": "mobile",
}  # fmt: skip
PLACE = re.compile(r"\{(\w+)\}")
NOT_A_NAME = re.compile(r"[^\w-]+")


def read_time(text: str, zone: ZoneInfo) -> datetime:
    """A time of v4: ``YYYY-MM-DD HH:MM:SS`` (also with AM or PM) in the account's zone, or ISO 8601 with an offset."""
    text = " ".join(text.split())
    for form in TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise Refusal("A406", "time must be YYYY-MM-DD HH:MM:SS") from problem


async def zone_of(call: Call) -> ZoneInfo:
    """The zone of the account."""
    return ZoneInfo(await account_zone(call.context.database, call.principal))


def read_dlrurl(url: str) -> dict[str, str]:
    """A dlrurl as a callback; without placeholders, status and id are appended."""
    if PLACE.search(url):
        named = PLACE.sub(lambda found: "{" + VARIABLES.get(found[1].lower(), found[1]) + "}", url)
    else:
        named = url + ("&" if "?" in url else "?") + "status={v4_status}&msgid={id}"
    return {"url": named, "method": "GET"}


def _translate(given: Params) -> Params:
    """Fields of a send, on top or in a node, in present names."""
    found: Params = {new: given[old] for old, new in COMMON.items() if given.get(old) not in (None, "")}
    reference = given.get("custom") or given.get("msgid")
    if reference:
        found["ref"] = reference
    url = as_text(given, "dlrurl", "E615")
    if url:
        found["callback"] = read_dlrurl(url)
    body = as_text(found, "body", "E606")
    if body:
        _check_length(body, str(found.get("unicode", "auto")).lower())
    return found


def _check_length(body: str, mode: str) -> None:
    wide = mode in ("1", "true") or (mode == "auto" and bool(not_gsm7(body)))
    limit = MAX_UNICODE if wide else MAX_PLAIN
    if len(body) > limit:
        raise Refusal("A413", f"MAX-LENGTH: {len(body)} characters; at most {limit}")


async def _time(call: Call, given: Params, found: Params) -> None:
    text = as_text(given, "time", "E613")
    if text and text.strip():
        found["time"] = read_time(text, await zone_of(call)).isoformat()


async def sms(call: Call) -> dict[str, Any]:
    """``method=sms``: one text to one number or several."""
    given = call.params
    found = {"to": given.get("to"), "source": "API", **_translate(given)}
    await _time(call, given, found)
    answer = await _answer(send_sms, call, found)
    custom = {name: as_text(given, old) or "" for name, old in _CUSTOM}
    rows = [_row(row, custom) for row in answer["data"]]
    return _accepted(answer, rows, "time" in found, len(rows) > 1)


_CUSTOM = (("customid", "custom"), ("customid1", "custom1"), ("customid2", "custom2"))


async def sms_json(call: Call) -> dict[str, Any]:
    """``method=sms.json``: the field ``json`` holds a batch."""
    given = call.params.get("json")
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except (msgspec.DecodeError, RecursionError) as problem:
            raise Refusal("A400", "json is no valid JSON") from problem
    return await send_nodes(call, given, "json")


async def sms_xml(call: Call) -> dict[str, Any]:
    """``method=sms.xml``: the field ``xml`` holds a batch."""
    text = as_text(call.params, "xml")
    if not text:
        raise Refusal("A400", "xml is missing")
    return await send_nodes(call, read_xml(text.strip().encode()), "xml")


async def send_nodes(call: Call, given: Any, name: str) -> dict[str, Any]:
    """Send a batch in v4's words; ``name`` is what held it."""
    if not isinstance(given, dict):
        raise Refusal("A400", f"{name} must hold an object")
    nodes = given.get("sms")
    nodes = [nodes] if isinstance(nodes, dict) else nodes
    if not isinstance(nodes, list) or not nodes:
        raise Refusal("A412", "sms must hold at least one message")
    found = _translate(given)
    await _time(call, given, found)
    campaign = as_text(given, "campaign")
    if campaign:
        found["campaign_name"] = NOT_A_NAME.sub("_", campaign)[: fields.MAX_CAMPAIGN]
    found["sms"] = [_node(node, i) for i, node in enumerate(nodes, 1)]
    answer = await _answer(send_batch, call, found)
    customs: list[dict[str, str]] = []
    for node in nodes:
        own = node if isinstance(node, dict) else {}
        custom = {new: str(own.get(old) or "") for new, old in _CUSTOM}
        custom["customid"] = custom["customid"] or str(own.get("msgid") or "")
        customs.extend([custom] * _count(own.get("to")))
    rows = [_row(row, customs[i] if i < len(customs) else {}) for i, row in enumerate(answer["data"])]
    return _accepted(answer, rows, "time" in found, grouped=True)


def _node(node: Any, position: int) -> Any:
    if not isinstance(node, dict):
        return node
    try:
        return {"to": node.get("to"), **_translate(node)}
    except Refusal as problem:
        raise Refusal(problem.code, f"sms {position}: {problem.detail}") from problem


def _count(value: object) -> int:
    try:
        return max(1, len(fields.split_recipients(value, False))) if value not in (None, "") else 1
    except StrowgerError:
        return 1


async def _answer(handler: Any, call: Call, params: Params) -> dict[str, Any]:
    call.params = {name: value for name, value in params.items() if value not in (None, "")}
    answer: dict[str, Any] = msgspec.json.decode((await handler(call)).body)
    return answer


def _row(row: dict[str, str], custom: dict[str, str]) -> dict[str, str]:
    return {
        "id": row["message_id"],
        "customid": custom.get("customid", ""),
        "customid1": custom.get("customid1", ""),
        "customid2": custom.get("customid2", ""),
        "mobile": row["recipient"],
        "status": "AWAITED-DLR",
        "senttime": "",
        "dlrtime": "",
    }


def _accepted(answer: dict[str, Any], rows: list[dict[str, str]], scheduled: bool, grouped: bool) -> dict[str, Any]:
    """The envelope of a send; several messages are an object with the group's id and numbered keys."""
    word = "Scheduled" if scheduled else "Submitted"
    data: Any = {"group_id": answer["id"], **{str(i): row for i, row in enumerate(rows)}} if grouped else rows
    return {
        "status": "OK",
        "code": "200",
        "message": f"Campaign of {len(rows)} numbers {word} successfully.",
        "data": data,
    }
