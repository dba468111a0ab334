"""The Consent API (platform.md 10.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from strowger.foundation.clock import utc_text
from strowger.foundation.errors import StrowgerError
from strowger.foundation.http_client import HttpFailed, Refused
from strowger.foundation.ids import new_uuid
from strowger.foundation.phone import clean_number
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.callbacks.repository import insert_callbacks
from strowger.platform.callbacks.schemas import NewCallback, read_target
from strowger.platform.consent import repository, service
from strowger.platform.consent.schemas import SOURCES, STATUSES, UNKNOWN, Statement
from strowger.platform.gateway.envelope import INTEGER, TEXT
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Answer, Call, Operation, Parameter
from strowger.platform.gateway.params import Params, as_text, read_moment, read_whole, scalar_text
from strowger.platform.gateway.table import add_operations

register_errors("strowger.platform.consent")
MAX_CONTACTS, MAX_PAGE_SIZE, MAX_TEXT = 1000, 500, 200
FUTURE = timedelta(minutes=5)
FIRST_YEAR, LAST_YEAR = 1970, 2999
STORED = ("-1", "0", "1", "2")
_encode = msgspec.json.Encoder().encode


def _channel(params: Params) -> str:
    channel = (as_text(params, "channel", "CNS402") or "").strip().lower()
    if channel not in CHANNELS:
        raise StrowgerError("CNS402", "One of " + ", ".join(CHANNELS), field="channel")
    return channel


def _text(params: Params, name: str, required: bool = False) -> str:
    text = (as_text(params, name, "CNS400") or "").strip()
    if (required and not text) or len(text) > MAX_TEXT:
        raise StrowgerError(
            "CNS400", f"1 to {MAX_TEXT} characters" if required else f"At most {MAX_TEXT} characters", field=name
        )
    return text


def _contact(channel: str, text: str, country: str, field: str) -> str:
    if channel == "email":
        contact = text.strip().lower() if "@" in text and len(text) <= MAX_TEXT else None
    else:
        contact = clean_number(text, None, country)
    if contact is None:
        raise StrowgerError("CNS400", f"{text[:40]!r} is no contact of this channel", field=field)
    return contact


def _shown(channel: str, contact: str) -> str:
    return contact if channel == "email" else "+" + contact


def _sender(channel: str, text: str) -> str:
    """Numbers are kept without their plus sign, as senders of messages are."""
    return text.lstrip("+") if channel != "email" and text.lstrip("+").isdigit() else text


def _moment(params: Params, name: str, now: datetime) -> datetime:
    moment = read_moment(params, name, "CNS400") or now
    if moment.year < FIRST_YEAR:
        raise StrowgerError("CNS400", f"Before {FIRST_YEAR}", field=name)
    if moment > now + FUTURE:
        raise StrowgerError("CNS400", "It lies in the future", field=name)
    return moment


async def update_consent(call: Call) -> Answer:
    """Record one statement."""
    params, now = call.params, call.context.clock.now()
    channel = _channel(params)
    status = (as_text(params, "consent_status", "CNS400") or "").strip().upper()
    if status not in STATUSES:
        raise StrowgerError("CNS400", "OPT_IN, OPT_OUT or DEACTIVATED", field="consent_status")
    source = _text(params, "source", required=True).lower()
    if source not in SOURCES:
        raise StrowgerError("CNS400", "One of " + ", ".join(SOURCES), field="source")
    request = _text(params, "request_identifier") or call.name
    contact = _contact(
        channel, _text(params, "contact_identifier", required=True), call.principal.country, "contact_identifier"
    )
    statement = Statement(
        call.principal.account_id, channel, _sender(channel, _text(params, "sender_identifier", required=True)), contact,
        STATUSES[status], source, _moment(params, "timestamp", now), _text(params, "consent_category"),
        _text(params, "consent_topic"), _text(params, "source_identifier") or None,
        _text(params, "inbound_message_identifier") or None, request,
    )  # fmt: skip
    _pair(statement.category, statement.topic)
    target = await _target(call, as_text(params, "x_callback_url", "CNS400"))

    async def work(connection: Any) -> str:
        result = "stored" if await service.record(connection, statement, now) else "older"
        if target is not None:
            told = {
                "request_identifier": request, "contact_identifier": _shown(channel, contact), "result": result, "reason": "",
            }  # fmt: skip
            row = NewCallback(new_uuid(), statement.account_id, call.id, 1, "consent", target, told, now, now)
            await insert_callbacks(connection, [row], None)
        return result

    result = await call.context.database.run(work)
    return Answer(202, _encode({"data": {"request_identifier": request, "status": "accepted", "result": result}}))


async def _target(call: Call, url: str | None) -> dict[str, Any] | None:
    """Where the result is told besides the answer."""
    if url is None:
        return None
    names = ("request_identifier", "contact_identifier", "result", "reason")
    try:
        target = read_target({"url": url, "method": "POST", "payload": {name: f"<{name}>" for name in names}})
    except StrowgerError as problem:
        raise StrowgerError("CNS400", problem.detail, field="x_callback_url") from None
    try:
        await call.context.http.check(url)
    except Refused as problem:  # what must not be reached is refused now; a name without an address may get one
        raise StrowgerError("CNS400", str(problem), field="x_callback_url") from None
    except HttpFailed:
        pass
    stored: dict[str, Any] = target.to_json(call.context.secrets, call.principal.account_id)
    return stored


def _pair(category: str, topic: str) -> None:
    if bool(category) != bool(topic):
        raise StrowgerError("CNS400", "Give category and topic, or neither", field="consent_topic")


async def validate_consent(call: Call) -> Answer:
    """The status of contacts towards a sender."""
    params = call.params
    channel, sender = _channel(params), _text(params, "sender_identifier", required=True)
    category, topic = _text(params, "consent_category"), _text(params, "consent_topic")
    _pair(category, topic)
    given = params.get("contact_identifiers")
    if isinstance(given, str):
        given = given.split(",")
    if not isinstance(given, list) or not given:
        raise StrowgerError("CNS400", "A list of contacts", field="contact_identifiers")
    if len(given) > MAX_CONTACTS:
        raise StrowgerError("CNS406", field="contact_identifiers")
    texts = [scalar_text(item) or "" for item in given]
    contacts = [_contact(channel, text, call.principal.country, "contact_identifiers") for text in texts]
    async with call.context.database.acquire() as connection:
        found = await repository.statuses(
            connection, call.principal.account_id, channel, _sender(channel, sender), contacts, category, topic
        )
    rows = []
    for contact in contacts:
        status, at = found.get(contact, (UNKNOWN, None))
        rows.append({"contact_identifier": _shown(channel, contact), "status": status, "updated_at": utc_text(at)})
    return Answer(200, _encode({"data": rows}))


def _day(params: Params, name: str) -> datetime | None:
    text = as_text(params, name, "CNS400")
    if text is None:
        return None
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise StrowgerError("CNS400", "YYYY-MM-DD", field=name) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise StrowgerError("CNS400", f"{FIRST_YEAR} to {LAST_YEAR}", field=name)
    return day


async def list_consent(call: Call) -> Answer:
    """A page of the records."""
    params = call.params
    channel = _channel(params)
    status = as_text(params, "status", "CNS400")
    if status is not None and status not in STORED:
        raise StrowgerError("CNS400", "-1, 0, 1 or 2", field="status")
    order = (as_text(params, "sort_order", "CNS400") or "desc").lower()
    sort = as_text(params, "sort_by", "CNS400") or "created_at"
    if order not in ("asc", "desc") or sort not in repository.SORTS:
        raise StrowgerError("CNS400", "asc or desc; by " + ", ".join(repository.SORTS), field="sort_by")
    page = read_whole(params, "page", 1, 100_000, code="CNS400")
    size = read_whole(params, "page_size", 50, MAX_PAGE_SIZE, code="CNS400")
    contact = _text(params, "contact_identifier")
    until = _day(params, "end_date")
    filters = [
        channel, int(status) if status else None, _day(params, "start_date"), until + timedelta(days=1) if until else None,
        _sender(channel, _text(params, "sender_identifier")) or None,
        _contact(channel, contact, call.principal.country, "contact_identifier") if contact else None,
    ]  # fmt: skip
    async with call.context.database.acquire() as connection:
        rows, total = await repository.records(
            connection, call.principal.account_id, filters, sort, order == "desc", size, (page - 1) * size
        )
    data = [
        {
            "channel": r["channel"], "sender_identifier": r["sender"], "contact_identifier": _shown(channel, r["contact"]),
            "consent_category": r["category"], "consent_topic": r["topic"], "status": r["status"], "source": r["source"],
            "source_identifier": r["source_identifier"], "timestamp": utc_text(r["stated_at"]),
            "created_at": utc_text(r["created_at"]),
            "updated_at": utc_text(r["updated_at"]),
        }
        for r in rows
    ]  # fmt: skip
    return Answer(200, _encode({"data": data, "total": total, "page": page, "page_size": size}))


SCALAR: Mapping[str, Any] = {"type": ["string", "integer"]}
CHANNEL = Parameter("channel", TEXT, "sms, whatsapp, email, rcs or voice.", True, "sms")
SENDER = Parameter("sender_identifier", SCALAR, "The sender ID or number that the consent is towards.", True, "ACME")
CATEGORY = Parameter("consent_category", TEXT, "With the topic: a consent narrower than all messages of the sender.")
TOPIC = Parameter("consent_topic", TEXT, "With the category.")


def _rows(keys: list[str], **more: Any) -> Mapping[str, Any]:
    return {
        "type": "object",
        "required": ["data", *more],
        "properties": {"data": {"type": "array", "items": {"type": "object", "required": keys}}, **more},
    }


LIST: Mapping[str, Any] = {"type": ["array", "string"], "items": SCALAR}
ACCEPTED: Mapping[str, Any] = {
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "object", "required": ["request_identifier", "status"]}},
}
OPERATIONS = [
    Operation(
        "POST", "/{sid}/consent", "update_consent", "Record consent",
        "Records that a contact agreed to, or refused, messages of a sender. The newest `timestamp` wins; an older statement "
        "is kept in the history only (`result` older). What it means for messages is the account's policy: see the guide.",
        update_consent,
        (
            CHANNEL, SENDER, Parameter("contact_identifier", SCALAR, "The number, or e-mail address.", True, "+447700900123"),
            CATEGORY, TOPIC, Parameter("source", TEXT, "Where it comes from: " + ", ".join(SOURCES) + ".", True, "web"),
            Parameter("source_identifier", SCALAR, "For example the form's name."),
            Parameter("timestamp", TEXT, "When it was stated, ISO 8601; default now.", False, "2026-01-05T10:11:12Z"),
            Parameter("consent_status", TEXT, "OPT_IN, OPT_OUT or DEACTIVATED (the number has a new owner).", True, "OPT_IN"),
            Parameter("inbound_message_identifier", SCALAR, "The message that it came with."),
            Parameter("x_callback_url", TEXT, "Called once with the result, as JSON."),
            Parameter("request_identifier", SCALAR, "Returned in the answer; default: the request's id."),
        ),
        codes=("CNS400", "CNS402"), status=202,
        result=ACCEPTED,
        example={"data": {"request_identifier": "form-7", "status": "accepted", "result": "stored"}},
        tag="Consent", area="consent", permission="channels.write",
    ),
    Operation(
        "POST", "/{sid}/consent/validate", "validate_consent", "Validate consent",
        "The status of up to 1000 contacts towards a sender: -1 not on record, 0 opted out, 1 opted in, 2 deactivated.",
        validate_consent,
        (
            CHANNEL, SENDER,
            Parameter("contact_identifiers", LIST, "The contacts.", True, ["+447700900123"]),
            CATEGORY, TOPIC,
        ),
        codes=("CNS400", "CNS402", "CNS406"), result=_rows(["contact_identifier", "status"]),
        example={"data": [{"contact_identifier": "+447700900123", "status": 1, "updated_at": "2026-01-05T10:11:12Z"}]},
        tag="Consent", area="consent", permission="channels.read",
    ),
    Operation(
        "GET", "/{sid}/consent", "list_consent", "Consent records", "The records of a channel, newest first.", list_consent,
        (
            CHANNEL, Parameter("status", SCALAR, "0, 1 or 2."), Parameter("start_date", TEXT, "YYYY-MM-DD, of creation."),
            Parameter("end_date", TEXT, "YYYY-MM-DD, included."), Parameter("sort_order", TEXT, "asc or desc."),
            Parameter("sort_by", TEXT, ", ".join(repository.SORTS) + "."), Parameter("page", SCALAR, "From 1."),
            Parameter("page_size", SCALAR, f"At most {MAX_PAGE_SIZE}; default 50."),
            Parameter("sender_identifier", SCALAR, "Of one sender."), Parameter("contact_identifier", SCALAR, "Of one contact."),
        ),
        codes=("CNS400", "CNS402"), result=_rows(["contact_identifier", "status"], total=INTEGER, page=INTEGER, page_size=INTEGER),
        example={"data": [], "total": 0, "page": 1, "page_size": 50}, tag="Consent", area="consent", permission="channels.read",
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
