"""The Blocklist API (platform.md 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from strowger.foundation.errors import StrowgerError
from strowger.platform.blocklist import repository, service
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.gateway.envelope import INTEGER, TEXT, described, said
from strowger.platform.gateway.errors import ERRORS, entry_of, error_object, register_errors
from strowger.platform.gateway.operations import Answer, Call, Operation, Parameter
from strowger.platform.gateway.params import read_whole, scalar_text
from strowger.platform.gateway.table import add_operations

register_errors("strowger.platform.blocklist")
MAX_NUMBERS = MAX_PAGE = 100
MAX_OFFSET = 10_000_000
COMMON = ("BLK400", "BLK401", "BLK403", "BLK429", "BLK500")  # how the area spells what every operation may answer
SWITCH = {"true": True, "1": True, "false": False, "0": False}
_encode = msgspec.json.Encoder().encode


def _envelope(code: str, message: str, data: Mapping[str, Any]) -> Answer:
    return Answer(200, _encode(said(code, message, data)))


def failure(problem: StrowgerError) -> dict[str, Any]:
    """A failure in this area's envelope and codes (platform.md 9.3)."""
    code = "BLK" + problem.code[1:]
    entry = entry_of(code if code in COMMON else problem.code)
    return {"code": entry.code, "message": entry.text, "data": {}, "error": error_object(problem, entry)}


def read_channels(value: object, required: bool) -> list[str] | None:
    """Channels of a name, a list of names or ``all``; None when none is named and none is needed. Raises BLK402."""
    if isinstance(value, str) and value.strip().startswith("["):
        value = _json(value)
    given = value if isinstance(value, list) else [value]
    names = [name.strip().lower() for name in given if isinstance(name, str) and name.strip()]
    if not names and not required and value in (None, ""):
        return None
    if names == ["all"]:
        return list(CHANNELS)
    if not names or len(names) != len(given) or not set(names) <= set(CHANNELS):
        raise StrowgerError("BLK402", "One of " + ", ".join(CHANNELS) + ", or all", field="channel")
    return list(dict.fromkeys(names))


def _json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


async def list_blocked(call: Call) -> Answer:
    """A page of the blocklist, or the state of named numbers."""
    channels = read_channels(call.params.get("channel"), required=False)
    limit = read_whole(call.params, "limit", MAX_PAGE, MAX_PAGE, code="BLK409")
    offset = read_whole(call.params, "offset", 0, MAX_OFFSET, 0, "BLK409")
    numbers = _numbers(call.params.get("mobile"))
    account_id = call.principal.account_id
    async with call.context.database.acquire() as connection:
        if numbers:
            contacts = await _states(connection, call, numbers, channels or list(CHANNELS))
            total, contacts = len(contacts), contacts[offset : offset + limit]
        else:
            rows, total = await repository.page(connection, account_id, channels, limit, offset)
            contacts = [service.describe(row) for row in rows]
    data = {"total": total, "limit": limit, "offset": offset, "contacts": contacts}
    return _envelope("BLK200", "Request executed successfully", data)


def _numbers(value: object) -> list[str]:
    given = value if isinstance(value, list) else [value]
    numbers = [part.strip() for item in given if isinstance(item, str | int) for part in str(item).split(",")]
    numbers = list(dict.fromkeys(filter(None, numbers)))
    if len(numbers) > MAX_NUMBERS:
        raise StrowgerError("BLK406", field="mobile")
    return numbers


async def _states(connection: Any, call: Call, numbers: list[str], channels: list[str]) -> list[dict[str, Any]]:
    pairs: dict[tuple[str, str], str] = {}
    for number in numbers:
        for channel in channels:
            address = service.read_address(channel, number, call.principal.country)
            if address is not None:
                pairs[(channel, address)] = number
        if number not in pairs.values():
            raise StrowgerError("BLK408", "Not a number in international form", field="mobile")
    found = {
        (r["channel"], r["address"]): r
        for r in await repository.find(connection, call.principal.account_id, list(pairs))
    }
    return [
        service.describe(found[pair])
        if pair in found
        else {"mobile": pair[1] if pair[0] == "email" else "+" + pair[1], "channel": pair[0], "blocklist_status": 0}
        for pair in pairs
    ]


async def change_blocked(call: Call) -> Answer:
    """Add numbers to the blocklist and remove others."""
    channels = read_channels(call.params.get("channel"), required=True) or []
    wanted = _read_contacts(call.params.get("contacts"))
    failed: list[dict[str, str]] = []
    pairs: dict[int, list[tuple[str, str]]] = {0: [], 1: []}
    seen: dict[tuple[str, str], int] = {}
    for number, status in wanted:
        for channel in channels:
            address = service.read_address(channel, number, call.principal.country)
            if address is None:
                failed.append({"number": number[:200], "code": "BLK408", "message": ERRORS["BLK408"].text})
                break
            if seen.setdefault((channel, address), status) != status:
                raise StrowgerError("BLK407", field="contacts")
            pairs[status].append((channel, address))
    context, account_id = call.context, call.principal.account_id

    async def work(connection: Any) -> tuple[int, int]:
        added = await service.block(connection, account_id, pairs[1], "api", context.clock.now())
        return added, await service.unblock(connection, account_id, pairs[0])

    added, removed = await context.database.run(work)
    code, message = ("BLK207", "Some numbers failed") if failed else ("BLK200", "Request executed successfully")
    return _envelope(code, message, {"added": added, "removed": removed, "failed": failed})


async def _sharing(call: Call) -> Answer:
    found = await service.sharing(call.context, call.principal.account_id)
    data = {"share_blocklist": found.shares, "applied_by_parent": found.shared}
    return _envelope("BLK200", "Request executed successfully", data)


async def get_sharing(call: Call) -> Answer:
    """Whether the list applies to sub-accounts, and the parent's to this account."""
    return await _sharing(call)


async def change_sharing(call: Call) -> Answer:
    """Say whether the list applies to sub-accounts."""
    text = (scalar_text(call.params.get("share_blocklist")) or "").strip().lower()
    if text not in SWITCH:
        raise StrowgerError("BLK410", field="share_blocklist")
    await service.share(call.context, call.principal.account_id, SWITCH[text])
    return await _sharing(call)


def _read_contacts(value: object) -> list[tuple[str, int]]:
    """(number, status) in order. Raises BLK404, BLK405, BLK406, BLK407."""
    if isinstance(value, str):
        value = _json(value)
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise StrowgerError("BLK404", field="contacts")
    found: dict[str, int] = {}
    for item in value:
        status = scalar_text(item.get("blocklist_status"))
        if status not in ("0", "1"):
            raise StrowgerError("BLK405", field="blocklist_status")
        given = item.get("numbers")
        numbers = given.split(",") if isinstance(given, str) else given
        if not isinstance(numbers, list) or not numbers:
            raise StrowgerError("BLK404", field="numbers")
        for number in numbers:
            text = (scalar_text(number) or "").strip()
            if not text:
                raise StrowgerError("BLK404", "Each number must be a text", field="numbers")
            if found.setdefault(text, int(status)) != int(status):
                raise StrowgerError("BLK407", field="numbers")
        if len(found) > MAX_NUMBERS:
            raise StrowgerError("BLK406", field="numbers")
    return list(found.items())


COUNT: Mapping[str, Any] = {"type": ["integer", "string"]}
CHANNEL: Mapping[str, Any] = {"type": ["string", "array"], "items": TEXT}


def _result(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return described({"type": "object", "required": list(properties), "properties": properties})


def _example(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return said("BLK200", "Request executed successfully", data)


ROWS: Mapping[str, Any] = {"type": "array", "items": {"type": "object"}}
CONTACTS: Mapping[str, Any] = {
    "type": "object",
    "required": ["blocklist_status", "numbers"],
    "properties": {
        "blocklist_status": COUNT,
        "numbers": {"type": ["array", "string"], "items": {"type": ["string", "integer"]}},
    },
}
ENTRY = {
    "mobile": "+447700900123", "channel": "sms", "blocklist_status": 1, "source": "api", "created_at": "2026-01-05T10:11:12Z",
}  # fmt: skip
BOTH = ("v1", "v2")
SHARING = _result({"share_blocklist": {"type": "boolean"}, "applied_by_parent": {"type": "boolean"}})
OPERATIONS = [
    Operation(
        "GET", "/{sid}/contacts/blocklisted", "get_blocklist", "The blocklist",
        "One row for each number and channel, oldest first. Numbers asked for by `mobile` that are not blocked come with "
        "`blocklist_status` 0.",
        list_blocked,
        (
            Parameter("limit", COUNT, "Rows, at most 100 (the default)."),
            Parameter("offset", COUNT, "Rows to pass over."),
            Parameter("channel", CHANNEL, "sms, voice, whatsapp, rcs or email; none: all.", False, "sms"),
            Parameter("mobile", TEXT, "Numbers to look for, separated by commas, at most 100 (+ as %2B)."),
        ),
        codes=("BLK402", "BLK406", "BLK408", "BLK409", *COMMON), failure=failure,
        result=_result({"total": INTEGER, "limit": INTEGER, "offset": INTEGER, "contacts": ROWS}),
        example=_example({"total": 1, "limit": 100, "offset": 0, "contacts": [ENTRY]}),
        versions=BOTH, tag="Blocklist", area="blocklist", permission="channels.read",
    ),
    Operation(
        "POST", "/{sid}/contacts/blocklisted", "change_blocklist", "Block and unblock numbers",
        "Blocked numbers get nothing on the channel, whatever its type, until they are removed here. Repeats are no error; "
        "numbers that cannot be read are told in `failed` (BLK207).",
        change_blocked,
        (
            Parameter("channel", CHANNEL, "A channel, a list of them, or `all`.", True, "sms"),
            Parameter(
                "contacts",
                {"type": ["array", "string"], "items": CONTACTS},
                "Up to 100 numbers under their status: 1 blocks, 0 unblocks. In a form, the list as JSON text.", True,
                [{"blocklist_status": 1, "numbers": ["+447700900123"]}],
            ),
        ),
        codes=("BLK402", "BLK404", "BLK405", "BLK406", "BLK407", *COMMON), failure=failure,
        result=_result({"added": INTEGER, "removed": INTEGER, "failed": ROWS}),
        example=_example({"added": 1, "removed": 0, "failed": []}),
        versions=BOTH, tag="Blocklist", area="blocklist", permission="channels.write",
    ),
    Operation(
        "GET", "/{sid}/contacts/blocklisted/sharing", "get_blocklist_sharing", "Whether sub-accounts share the blocklist",
        "`share_blocklist`: this account's list applies to its sub-accounts; `applied_by_parent`: its main account's list "
        "applies to it, without being shown to it.",
        get_sharing, codes=COMMON, failure=failure, result=SHARING,
        example=_example({"share_blocklist": True, "applied_by_parent": False}),
        versions=BOTH, tag="Blocklist", area="blocklist", permission="channels.read",
    ),
    Operation(
        "PATCH", "/{sid}/contacts/blocklisted/sharing", "change_blocklist_sharing", "Share the blocklist with sub-accounts",
        "With `share_blocklist` true, whom this account blocks gets nothing from its sub-accounts either. They cannot see or "
        "change the list, and keep lists of their own. Default false; who may have no sub-accounts is refused (BLK403).",
        change_sharing,
        (Parameter("share_blocklist", {"type": ["boolean", "string", "integer"]}, "true or false.", True, True),),
        codes=("BLK410", *COMMON), failure=failure, result=SHARING,
        example=_example({"share_blocklist": True, "applied_by_parent": False}),
        versions=BOTH, tag="Blocklist", area="blocklist", permission="subaccounts.write",
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
