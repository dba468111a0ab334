"""One message: what it is, all that happened to it, what it waits for, and its callbacks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console.code import ApiCall, Snippet, snippets
from strowger.console.pages import AnyRequest, Crumb, Page, context_of, is_partial, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.clock import utc_text
from strowger.foundation.context import Context
from strowger.foundation.ids import format_message_id, parse_message_id
from strowger.messaging import words
from strowger.messaging.pages import deliveries
from strowger.messaging.pages.deliveries import Delivery, gather_deliveries
from strowger.messaging.pages.panels import Panel, load_panels
from strowger.messaging.pages.privacy import Eraser, seen_row
from strowger.messaging.pages.timeline import Entry, Part, build_parts, build_timeline
from strowger.messaging.pages.waiting import WaitingText, explain_waiting
from strowger.messaging.repository import reading
from strowger.messaging.routing.repository.ranges import operator_names
from strowger.messaging.schemas import Direction, Event
from strowger.messaging.statuses import SPELLINGS, EventKind, Status, Trace, explain
from strowger.platform.callbacks.service import CallbackService
from strowger.protocols.gsm import UnicodeMode, decode_text, encode_text

BROKEN = frozenset({Status.NOT_SENT, Status.FAILED, Status.UNDELIVERED, Status.EXPIRED, Status.CANCELLED})
OPTION_LABELS = {
    "ref": "Reference",
    "ref1": "Reference 1",
    "ref2": "Reference 2",
    "ref_custom": "Own reference",
    "unicode": "Unicode",
    "flash": "Flash",
    "prefix": "Prefix",
    "dlr": "Delivery reports",
    "template_id": "Template ID",
    "entity_id": "Entity ID",
    "carrier": "Only by carrier no.",
    "refused": "Refused as",
    "refused_because": "Because",
    "answers": "Because of",
    "own_number": "From the number itself",
    "port": "Application port",
    "source_port": "From application port",
    "confirmation": "Confirms",
}


@dataclass(slots=True)
class MessageView:
    """All that the page of a message shows. ``alive`` says that something may still happen."""

    id: str
    row: Any
    trace: Trace
    entries: list[Entry]
    parts: list[Part]
    waiting: WaitingText | None
    deliveries: list[Delivery]
    panels: list[Panel]
    facts: list[tuple[str, str]]
    raw: str
    snippets: list[Snippet]
    alive: bool
    version: str

    @property
    def status(self) -> int:
        """The status as stored."""
        return int(self.row["status"])

    @property
    def broken(self) -> bool:
        """Whether it ended otherwise than wished."""
        return self.status in BROKEN

    @property
    def again(self) -> str:
        """Where the same text can be sent once more; empty while it may still arrive, and for codes, which are stale by then."""
        row = self.row
        if not self.broken or row["direction"] == Direction.MO or row["type"] == words.SECRET_TYPE or not row["body"]:
            return ""
        if "*" in row["recipient"]:
            return ""
        return "/send?" + urlencode({"to": row["recipient"], "sender": row["sender"], "body": row["body"]})

    @property
    def took(self) -> float | None:
        """Seconds from acceptance to the final status."""
        final = self.row["final_at"]
        return (final - self.row["created_at"]).total_seconds() if final and not self.row["direction"] else None


def part_texts(row: Any) -> list[str]:
    """The text as it is cut into parts."""
    mode = str((row["options"] or {}).get("unicode", "Auto"))
    chosen: UnicodeMode = "1" if mode == "1" else "0" if mode == "0" else "Auto"
    encoded = encode_text(row["body"], chosen, ported="port" in (row["options"] or {}))
    return [decode_text(part, encoded.data_coding) for part in encoded.parts]


def raw_events(row: Any, events: list[Event]) -> str:
    """The message's events as indented JSON, as they are stored."""
    listed = [
        {
            "at": utc_text(event.at, "milliseconds"),
            "kind": event.kind.name,
            "status": SPELLINGS[event.status].callback,
            "trace": event.trace,
            "part": event.part,
            "carrier_id": event.carrier_id,
            "operator_id": event.operator_id,
            "detail": event.detail,
        }
        for event in events
    ]
    found = {"id": words.message_id(row), "accepted": utc_text(row["created_at"], "milliseconds"), "events": listed}
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


async def _operator(context: Context, network: str | None) -> str:
    """A network as people know it: the operator's name with MCC and MNC."""
    if not network:
        return ""
    async with context.database.acquire() as connection:
        name = (await operator_names(connection, {network})).get(network)
    return f"{name} ({network})" if name else network


def _facts(row: Any, operator: str) -> list[tuple[str, str]]:
    found = [
        ("Direction", words.direction_label(row["direction"])),
        ("Type", row["type"]),
        ("Country", row["country"] or ""),
        ("Network", operator),
        ("Carrier", row["carrier"] or ""),
        ("Refunded", "yes" if row["refunded"] else ""),
        ("Source", row["source"]),
        ("Campaign", row["campaign_name"] or ""),
    ]
    for name, value in (row["options"] or {}).items():
        if value not in (None, ""):
            found.append((OPTION_LABELS.get(name, name), _plain(value)))
    return [(label, text) for label, text in found if text]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def status_call(base_url: str, visitor: Visitor, message_id: str) -> list[Snippet]:
    """The API call that reads this status."""
    return snippets(ApiCall("GET", f"{base_url}/v1/{visitor.sid}/messages/{message_id}"))


async def load_view(context: Context, visitor: Visitor, request_id: UUID, n: int) -> MessageView | None:
    """Everything about a message; None when the account has no such message."""
    pool, account_id = context.database.pool, visitor.account_id
    row = await reading.find_message(pool, account_id, request_id, n)
    if row is None:
        return None
    person = row[words.person_of(row)]
    eraser = Eraser(person) if visitor.numbers_hidden and person.isdecimal() else None  # names are not hidden
    row = seen_row(visitor, row)
    events = await reading.events_of(pool, account_id, request_id, n)
    waiting = await reading.waiting_of(pool, account_id, request_id, n)
    carriers = await reading.carrier_names(pool, list({event.carrier_id for event in events if event.carrier_id}))
    callbacks = CallbackService(context)
    gathered = gather_deliveries(
        await callbacks.queued_of_message(account_id, request_id, n),
        await callbacks.attempts_of_message(account_id, request_id, n),
    )
    message_id = format_message_id(request_id, n)
    texts = part_texts(row) if row["direction"] == Direction.MT else []
    panels = await load_panels(context, account_id, request_id, n)
    if eraser is not None:
        events = [eraser.event(event) for event in events]
        gathered, panels = [eraser.delivery(one) for one in gathered], [eraser.panel(one) for one in panels]
    now = context.clock.now()
    return MessageView(
        id=message_id,
        row=row,
        trace=explain(row["trace"]),
        entries=build_timeline(row, events, carriers),
        parts=build_parts(row["units"], texts, events) if len(texts) > 1 and not _went_as_one(events) else [],
        waiting=explain_waiting(waiting, now) if waiting and row["final_at"] is None else None,
        deliveries=gathered,
        panels=panels,
        facts=_facts(row, await _operator(context, row["network"])),
        raw=raw_events(row, events),
        snippets=status_call(context.settings.base_url, visitor, message_id),
        alive=row["final_at"] is None or any(delivery.waits for delivery in gathered),
        version=_version(row, events, waiting, gathered, panels, now),
    )


def _went_as_one(events: list[Event]) -> bool:
    """Whether a carrier took the message of several parts as one."""
    return any(event.kind is EventKind.SUBMITTED and event.part == 0 for event in events)


def _version(
    row: Any, events: list[Event], waiting: Any, found: list[Delivery], panels: list[Panel], now: datetime
) -> str:
    """Changes when something on the page does; for a waiting message also with its due time."""
    late = bool(waiting and waiting.due_at <= now)
    seen = (
        row["status"],
        row["trace"],
        row["final_at"],
        len(events),
        waiting,
        late,
        [one.mark for one in found],
        panels,
    )
    return hashlib.blake2s(repr(seen).encode(), digest_size=8).hexdigest()


async def _of_request(request: AnyRequest, visitor: Visitor, request_id: UUID) -> Response[Any]:
    pool = context_of(request).database.pool
    numbers = await reading.numbers_of(pool, visitor.account_id, request_id)
    if not numbers:
        raise NotFoundException
    if len(numbers) == 1:
        return redirect(request, f"/messages/{format_message_id(request_id, numbers[0])}")
    return redirect(request, f"/messages?q={request_id}")


@page("/messages/{message_id:str}", permission="messages.read")
async def message(request: AnyRequest, visitor: Visitor, message_id: str) -> Response[Any] | Page:
    """A message by its id; a request's id leads to its message, or to the list of them."""
    found = parse_message_id(message_id)
    if found is None:
        raise NotFoundException
    request_id, n = found
    if n is None:
        return await _of_request(request, visitor, request_id)
    view = await load_view(context_of(request), visitor, request_id, n)
    if view is None:
        raise NotFoundException
    part = is_partial(request)
    if part and request.query_params.get("version") == view.version:
        return Response("", status_code=204)
    template = "messaging/message_part.html" if part else "messaging/message.html"
    title = f"{view.row['sender']} → {words.recipient_text(view.row['recipient'])}"
    crumbs = [Crumb("Messages", "/messages")]
    return await render(request, template, title=title, crumbs=crumbs, view=view, words=words, deliveries=deliveries)


pages: list[Any] = [message]
