"""The route of the attempts: what `strowger callbacks tail` reads."""

from __future__ import annotations

from typing import Any

import msgspec

from strowger.console.visitor import NUMBERS
from strowger.foundation.clock import utc_text
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import format_message_id
from strowger.platform.callbacks.attempts.service import Wanted, place_of, read_on, read_place
from strowger.platform.callbacks.profiles.descriptions import DELIVERY, FAILED, NAME
from strowger.platform.callbacks.profiles.errors import OK, failure_body
from strowger.platform.callbacks.profiles.schemas import profile_name
from strowger.platform.callbacks.schemas import AttemptOutcome
from strowger.platform.callbacks.sender import KEPT as BYTES_KEPT
from strowger.platform.gateway import rbc
from strowger.platform.gateway.envelope import INTEGER, OBJECT, TEXT, Schema, said
from strowger.platform.gateway.operations import Answer, Call, Operation, Parameter
from strowger.platform.gateway.params import as_text, read_whole
from strowger.platform.gateway.table import add_operations

ENCODE = msgspec.json.Encoder().encode
TEXTS = "messages.read"  # bodies may hold texts of messages
PAGE, MOST = 50, 200
LONGEST_WAIT = 15
OUTCOMES = {"delivered": AttemptOutcome.DELIVERED, "retry": AttemptOutcome.RETRY, "failed": AttemptOutcome.FAILED}
NAMES = {outcome: name for name, outcome in OUTCOMES.items()}
MESSAGE = "Attempts fetched successfully"


async def attempts(call: Call) -> Answer:
    """Attempts since a place. Raises E403 for a key from which people's numbers are hidden: addresses and bodies hold them."""
    if call.principal.numbers_hidden:
        call.require(NUMBERS, "api-key")
    after = as_text(call.params, "after")
    wanted = Wanted(read_whole(call.params, "limit", PAGE, MOST, 1), as_text(call.params, "event"), _outcomes(call))
    wait = read_whole(call.params, "wait", 0, LONGEST_WAIT, 0)
    place = None if after is None else read_place(after)
    rows, place, more = await read_on(call.context, call.principal.account_id, place, wanted, wait)
    meta = {"after": str(place), "more": more, "limit": wanted.limit}
    return Answer(200, ENCODE(said(OK, MESSAGE, [_shown(row, call.may(TEXTS)) for row in rows], status=200, meta=meta)))


def _outcomes(call: Call) -> tuple[AttemptOutcome, ...]:
    words = (as_text(call.params, "status") or "").lower().split(",")
    found = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
    if unknown := [word for word in found if word not in OUTCOMES]:
        raise StrowgerError("E400", f"{unknown[0][:30]!r} is none of {', '.join(OUTCOMES)}", field="status")
    return tuple(OUTCOMES[word] for word in found)


def _shown(row: Any, bodies: bool) -> dict[str, Any]:
    body = row["request_body"] if bodies else None
    return {
        "place": str(place_of(row)), "callback_id": str(row["callback_id"]), "attempt": row["attempt"],
        "at": utc_text(row["at"], "milliseconds"),
        "event": row["event"], "message_id": format_message_id(row["request_id"], row["n"]) if row["n"] else None,
        "profile_id": profile_name(row["pod"], row["profile_id"]) if row["pod"] else None,
        "method": row["method"], "url": row["url"], "status": NAMES[AttemptOutcome(row["outcome"])],
        "http_status": row["http_status"], "error": row["error"], "duration_ms": row["duration_ms"],
        "request": {
            "headers": row["request_headers"] or {}, "body": body,
            "cut": body is not None and len(body.encode()) >= BYTES_KEPT,
        },
        "response": {"headers": row["response_headers"] or {}, "body": row["response_body"] if bodies else None},
    }  # fmt: skip


TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
WHOLE: Schema = {"type": ["integer", "string"]}
PARAMETERS = (
    Parameter(
        "after",
        TEXT,
        "`meta.after` of an earlier answer, or `place` of an attempt; left out, reading begins now.",
        example="48213",
    ),
    Parameter("wait", WHOLE, f"Seconds to wait for the first attempt, 0 to {LONGEST_WAIT}; 0 unless told.", example=10),
    Parameter("limit", WHOLE, f"Attempts in one answer, {PAGE} unless told, at most {MOST}."),
    Parameter("event", TEXT, "Only attempts of this event, for example `sms_send`."),
    Parameter("status", TEXT, "Only these: delivered, retry (it comes again), failed; several with commas."),
)
ROW: Schema = {
    "type": "object",
    "required": [
        "place", "callback_id", "attempt", "at", "event", "message_id", "profile_id", "method", "url", "status", "http_status",
        "error", "duration_ms", "request", "response",
    ],
    "properties": {
        **dict.fromkeys(("place", "callback_id", "at", "event", "method", "url", "status"), TEXT),
        **dict.fromkeys(("message_id", "profile_id", "error"), TEXT_OR_NONE),
        "attempt": INTEGER, "duration_ms": INTEGER, "http_status": {"type": ["integer", "null"]},
        "request": OBJECT, "response": OBJECT,
    },
}  # fmt: skip
META: Schema = {
    "type": "object",
    "required": ["after", "more", "limit"],
    "properties": {"after": TEXT, "more": {"type": "boolean"}, "limit": INTEGER},
}
EXAMPLE = {
    **rbc.body(
        [
            {
                "place": "48213.019b76daa800700080005a1d3c9e0f42.1", "callback_id": DELIVERY, "attempt": 1,
                "at": "2026-01-05T10:11:12.345Z", "event": "sms_send",
                "message_id": f"{DELIVERY}:1", "profile_id": NAME, "method": "POST", "url": "https://example.net/dlr",
                "status": "retry", "http_status": 503, "error": "http_503", "duration_ms": 41,
                "request": {"headers": {"X-Callback-Attempt": "1"}, "body": '{"id":"..."}', "cut": False},
                "response": {"headers": {"content-type": "text/plain"}, "body": "busy"},
            }
        ],
        200, OK, MESSAGE,
    ),
    "meta": {"after": "48214", "more": False, "limit": PAGE},
}  # fmt: skip
_ENVELOPE = rbc.envelope({"type": "array", "items": ROW})
add_operations([
    Operation(
        "GET", "/{sid}/callback/attempts", "list_callback_attempts", "Attempts of callbacks since a place",
        "Every attempt of the account's callbacks of the last 7 days, inline ones and those of profiles, in the order in which"
        " they were written. Ask again with `meta.after` to read on without gap or repetition; `wait` holds the answer until"
        " something comes. Values of your own headers are masked as `***`; of a body the first 2 KB are kept (`request.cut`)."
        " A limited key sees bodies with `messages.read`, and where the account hides numbers it needs `messages.numbers`.",
        attempts, PARAMETERS, result={**_ENVELOPE, "properties": {**_ENVELOPE["properties"], "meta": META}},
        example=EXAMPLE, tag="Callback profiles", area="platform", permission="callbacks.read", failure=failure_body,
        failure_schema=FAILED,
    )
])  # fmt: skip
routes: list[Any] = []  # the gateway's mount serves the operation
