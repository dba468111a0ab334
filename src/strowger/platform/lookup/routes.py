"""The Lookup API (platform.md 8.2 to 8.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from strowger.foundation.errors import StrowgerError
from strowger.platform.callbacks.profiles.naming import named_profile
from strowger.platform.gateway.envelope import INTEGER, OBJECT, TEXT
from strowger.platform.gateway.errors import entry_of, error_object, register_errors
from strowger.platform.gateway.operations import Answer, Call, Operation, Parameter
from strowger.platform.gateway.params import scalar_text
from strowger.platform.gateway.rbc import keep_answer
from strowger.platform.gateway.table import add_operations
from strowger.platform.lookup import repository, service
from strowger.platform.lookup.schemas import describe, format_id, parse_id

register_errors("strowger.platform.lookup")
MOST_GET, MOST_POST = 20, 1000
DONE, ACCEPTED, RUNNING = (
    ("LKP200", "Request processed successfully"),
    ("LKP201", "Request accepted successfully"),
    ("LKP202", "Request in progress"),
)
OWN = {f"E{number}": f"LKP{number}" for number in (400, 401, 403, 429, 500, 503)}
_encode = msgspec.json.Encoder().encode


def failure(problem: StrowgerError) -> dict[str, Any]:
    """A failure in this area's words: what every operation may answer has its own code where the area has one."""
    entry = entry_of(OWN.get(problem.code, problem.code))
    return {"code": entry.code, "message": entry.text, "error": error_object(problem, entry)}


def failure_of_list(problem: StrowgerError) -> dict[str, Any]:
    """As ``failure``, in the envelope of the POST (platform.md 2.1)."""
    return {"data": failure(problem)}


def read_list(value: object, most: int, field: str) -> list[str]:
    """Numbers of a list or of a text with commas. Raises LKP400, LKP413."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError) as problem:
            raise StrowgerError("LKP400", "The list cannot be read", field=field) from problem
    given = value if isinstance(value, list) else [value]
    found: list[str] = []
    for item in given:
        text = None if isinstance(item, bool) else scalar_text(item)
        if text is None:
            raise StrowgerError("LKP400", "Each number must be a text", field=field)
        found += [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise StrowgerError("LKP400", field=field)
    if len(found) > most:
        raise StrowgerError("LKP413", f"{len(found)} numbers; at most {most}", field=field)
    return found


def _body(request_id: UUID, rows: Sequence[Mapping[str, Any]], said: tuple[str, str] = DONE) -> dict[str, Any]:
    return {
        "code": said[0],
        "message": said[1],
        "price": float(sum(row["price"] for row in rows)),
        "id": format_id(request_id),
        "total_processed_count": len(rows),
        "data": [describe(row) for row in rows],
    }


async def lookup_now(call: Call) -> Answer:
    """Look numbers of the path up at once."""
    texts = read_list(call.path_params["phone"], MOST_GET, "phone")
    caller = call.principal
    request_id, rows = await service.look_up(call.context, caller.account_id, texts, caller.country, "api", caller.name)
    return Answer(200, _encode(_body(request_id, rows)))


async def _profile(call: Call, named: object) -> UUID:
    """The profile that is told: of the channel Lookup (each number) or Default (the end). Raises LKP406."""
    context, caller, field = call.context, call.principal, "callback_profile_id"
    try:
        found = await named_profile(context, caller, named, "lookup", service.RESULT, "LKP406", field)
    except StrowgerError:
        found = await named_profile(context, caller, named, "default", service.EVENT, "LKP406", field)
    return found.id


async def lookup_later(call: Call) -> Answer:
    """Take a list of numbers in; workers answer it."""
    texts = read_list(call.params.get("mobile"), MOST_POST, "mobile")
    context, principal, profile = call.context, call.principal, None
    named = call.params.get("callback_profile_id")
    if named not in (None, ""):
        profile = await _profile(call, named)
    asked = service.read_numbers(texts, principal.country)
    made: list[Answer] = []

    async def keep(connection: Any, opened: service.Opened) -> None:
        made[:] = [_accepted(call, opened)]
        await keep_answer(connection, call, made[0])

    await service.open_request(
        context, principal.account_id, asked, source="api", by=principal.name, profile=profile, keep=keep
    )
    return made[0]


def _accepted(call: Call, opened: service.Opened) -> Answer:
    base = f"{call.context.settings.base_url}/api/v1/{call.principal.sid}/lookup/get-info/"
    rows = []
    for one in opened.asked:
        name = format_id(opened.id, one.n)
        rows.append({"lookup_id": name, "mobile_number": one.number or one.given, "url": base + name})
    body = {
        "code": ACCEPTED[0], "message": ACCEPTED[1], "id": format_id(opened.id), "total_processed_count": len(rows), "data": rows,
    }  # fmt: skip
    return Answer(201, _encode({"data": body}))


async def get_info(call: Call) -> Answer:
    """What was found: of one number, or of all of a request."""
    known = parse_id(call.path_params["lookup_id"])
    if known is None:
        raise StrowgerError("LKP404", field="lookup_id")
    async with call.context.database.acquire() as connection:
        rows = await repository.items(connection, call.principal.account_id, *known)
    if not rows:
        raise StrowgerError("LKP404", field="lookup_id")
    done = [row for row in rows if row["state"]]
    if len(done) < len(rows):
        return Answer(202, _encode(_body(known[0], done, RUNNING)), ((b"retry-after", b"2"),))
    return Answer(200, _encode(_body(known[0], rows)))


FLAG: Mapping[str, Any] = {"type": ["boolean", "null"]}
ROW: Mapping[str, Any] = {
    "type": "object",
    "required": ["lookup_id", "mobile_number"],
    "properties": {
        "lookup_id": TEXT, "mobile_number": TEXT, "country": TEXT, "country_code": {"type": ["integer", "null"]},
        "line_type": TEXT, "current_mcc": TEXT, "current_mnc": TEXT, "current_operator": TEXT, "original_mcc": TEXT,
        "original_mnc": TEXT, "original_operator": TEXT, "ported": FLAG, "roaming": FLAG, "roaming_country": TEXT,
        "status": TEXT, "error_code": TEXT, "error_message": TEXT, "source": {"enum": ["plan", "hlr"]},
        "cached": {"type": "boolean"}, "price": {"type": "number"}, "url": TEXT,
    },
}  # fmt: skip
RESULT: Mapping[str, Any] = {
    "type": "object",
    "required": ["code", "message", "price", "id", "total_processed_count", "data"],
    "properties": {
        "code": TEXT, "message": TEXT, "price": {"type": "number"}, "id": TEXT, "total_processed_count": INTEGER,
        "data": {"type": "array", "items": ROW},
    },
}  # fmt: skip
FAILURE: Mapping[str, Any] = {
    "type": "object",
    "required": ["code", "message", "error"],
    "properties": {"code": TEXT, "message": TEXT, "error": OBJECT},
}
FAILURE_OF_LIST: Mapping[str, Any] = {"type": "object", "required": ["data"], "properties": {"data": FAILURE}}
ID = "2026-01-05messages11111111-2222-4333-8444-555555555555"
FOUND = {
    "lookup_id": f"{ID}:1", "mobile_number": "447400123456", "country": "GB", "country_code": 44, "line_type": "mobile",
    "current_mcc": "234", "current_mnc": "15", "current_operator": "Vodafone", "original_mcc": "234", "original_mnc": "20",
    "original_operator": "Three", "ported": True, "roaming": False, "roaming_country": "", "status": "active", "error_code": "",
    "error_message": "", "source": "hlr", "cached": False, "price": 0.004,
}  # fmt: skip
EXAMPLE = {
    "code": "LKP200", "message": DONE[1], "price": 0.004, "id": ID, "total_processed_count": 1, "data": [FOUND],
}  # fmt: skip
WAITING = {**EXAMPLE, "code": "LKP202", "message": RUNNING[1], "price": 0, "total_processed_count": 0, "data": []}
TAKEN = {
    "code": "LKP201", "message": ACCEPTED[1], "id": ID, "total_processed_count": 1,
    "data": [{"lookup_id": f"{ID}:1", "mobile_number": "447400123456",
              "url": f"https://api.example/api/v1/HXEU0000000001GB/lookup/get-info/{ID}:1"}],
}  # fmt: skip
OPERATIONS = [
    Operation(
        "GET", "/{sid}/lookup/{phone}", "lookup_numbers", "Look numbers up at once",
        "Country, kind of line and original network come from the numbering plan; for mobile numbers a home location register "
        "is asked where the operator has set one up and a price is listed. Charged is what such a register answered; an answer "
        "of the last 24 hours costs nothing again. Numbers that are none do not fail the request.",
        lookup_now,
        path_parameters=(
            Parameter("phone", TEXT, "Up to 20 numbers with country code, separated by commas.", True, "+447400123456"),
        ),
        codes=("LKP400", "LKP402", "LKP403", "LKP413", "LKP503"),
        result=RESULT, example=EXAMPLE, tag="Lookup", area="lookup", permission="lookup.write", failure=failure,
        failure_schema=FAILURE,
    ),
    Operation(
        "POST", "/{sid}/lookup", "lookup_list", "Look a list up in the background",
        "Each number gets an address at which its answer stands within moments, and for 30 days. The whole list is paid in "
        "advance; what nobody answers is given back. A number that is named twice counts once.",
        lookup_later,
        (
            Parameter("mobile", {"type": ["array", "string"], "items": {"type": ["string", "integer"]}},
                      "Up to 1,000 numbers with country code; in a form separated by commas.", True, ["+447400123456"]),
            Parameter("callback_profile_id", TEXT,
                      "Told when all are answered: a profile of the channel Lookup of each number, one of Default once."),
        ),
        codes=("LKP400", "LKP402", "LKP403", "LKP406", "LKP413"),
        status=201,
        result={"type": "object", "required": ["data"], "properties": {"data": {
            "type": "object", "required": ["code", "message", "id", "total_processed_count", "data"],
            "properties": {"code": TEXT, "message": TEXT, "id": TEXT, "total_processed_count": INTEGER,
                           "data": {"type": "array", "items": ROW}}}}},
        example={"data": TAKEN}, tag="Lookup", area="lookup", idempotent=True, permission="lookup.write", failure=failure_of_list,
        failure_schema=FAILURE_OF_LIST,
    ),
    Operation(
        "GET", "/{sid}/lookup/get-info/{lookup_id}", "lookup_info", "What a lookup found",
        "With `:<n>` at its end the id names one number, without it the whole request.",
        get_info,
        path_parameters=(Parameter("lookup_id", TEXT, "As the list was answered.", True, f"{ID}:1"),),
        codes=("LKP404",), result=RESULT, example=EXAMPLE, also=((202, RESULT, WAITING),), tag="Lookup", area="lookup",
        permission="lookup.read", failure=failure, failure_schema=FAILURE,
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
