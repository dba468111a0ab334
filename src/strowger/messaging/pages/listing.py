"""The list of messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from litestar.response import Response

from strowger.console.code import ApiCall, as_curl
from strowger.console.pages import Action, AnyRequest, context_of, page
from strowger.console.table import Column, Empty, Filter, Row, SqlSource, Table, TableQuery
from strowger.console.visitor import Visitor
from strowger.foundation.database import Database
from strowger.messaging import words
from strowger.messaging.models import Message
from strowger.messaging.pages.privacy import seen_source
from strowger.messaging.repository import reading
from strowger.messaging.statuses import TRACES, Status

DEFAULT_SPAN, NUMBER_SPAN = timedelta(hours=24), timedelta(days=30)
SEND = Action("Send a message", "/send", "send", primary=True, key="n")


def _sender_text(row: Row) -> str:
    return words.recipient_text(row["sender"]) if row["direction"] else str(row["sender"])


def _option(name: str) -> Callable[[Row], str]:
    return lambda row: str((row["options"] or {}).get(name, ""))


def _delivered_at(row: Row) -> datetime | None:
    return row["final_at"] if row["status"] == Status.DELIVERED else None


COLUMNS = (
    Column("request_id", "Created", "time", sort=True, value=lambda row: row["created_at"]),
    Column("id", "Message ID", "mono", shown=False, value=words.message_id),
    Column("direction", "Direction", sort=True, label_of=words.direction_label),
    Column("sender", "From", sort=True, value=_sender_text),
    Column("recipient", "To", sort=True, value=lambda row: words.recipient_text(row["recipient"])),
    Column("body", "Text", value=words.shown_text),
    Column("type", "Type", sort=True, shown=False),
    Column("units", "Parts", "number", sort=True, shown=False),
    Column("status", "Status", "status", sort=True, tone=words.TONES, label_of=words.status_label),
    Column("trace", "Trace", "mono", sort=True, href=lambda row: words.trace_path(row["trace"])),
    Column("carrier", "Carrier", shown=False),
    Column("price", "Price", "money", sort=True),
    Column("refunded", "Refunded", value=lambda row: "yes" if row["refunded"] else "", shown=False),
    Column("country", "Country", sort=True, shown=False),
    Column("network", "Network", sort=True, shown=False),
    Column("source", "Source", sort=True, shown=False),
    Column("campaign_name", "Campaign", sort=True, shown=False),
    Column("template_id", "Template ID", "mono", value=_option("template_id"), shown=False),
    Column("ref", "Reference", value=_option("ref"), shown=False),
    Column("length", "Length", "number", sort=True, shown=False),
    Column("encoding", "Encoding", shown=False),
    Column("sent_at", "Sent", "time", sort=True, shown=False),
    Column("final_at", "Final since", "time", sort=True, shown=False),
    Column("delivered_at", "Delivered", "time", value=_delivered_at, shown=False),
)
FILTERS = (
    Filter("created_at", "Created", "time"),
    Filter("status", "Status", "multi", [(str(int(code)), label) for code, label in words.LABELS.items()]),
    Filter("direction", "Direction", "select", [(str(code), label) for code, label in words.DIRECTIONS.items()]),
    Filter("trace", "Trace"),
    Filter("sender", "From"),
    Filter("recipient", "To"),
    Filter("type", "Type", "multi", [(name, name) for name in words.TYPES]),
    Filter("country", "Country"),
    Filter("source", "Source"),
    Filter("campaign_name", "Campaign"),
    Filter("template_id", "Template ID"),
)
NULLABLE = frozenset({"price", "country", "network", "campaign_name", "sent_at", "final_at"})
TABLE = Table(
    "messages",
    COLUMNS,
    FILTERS,
    search="Id, number or text",
    row_href=words.message_path,
)


def span_start(query: TableQuery, now: datetime) -> datetime | None:
    """From when on the list reads when no time was chosen: a day; a month for a number; everything for an id."""
    if "created_at" in query.filters or words.is_id(query.search):
        return None
    return now - (NUMBER_SPAN if reading.number_in(query.search) else DEFAULT_SPAN)


def message_source(database: Database, start: datetime | None) -> SqlSource:
    """The rows of a message list from ``start`` on."""
    return SqlSource(
        database,
        reading.message_rows(start),
        Message.__table__.c.account_id,
        key=("request_id", "n"),
        columns=dict(Message.__table__.c.items()),
        search=reading.search_messages,
        filters={
            "created_at": lambda span: reading.within(span.start, span.end),
            "status": lambda chosen: Message.status.in_([int(one) for one in chosen]),
            "direction": lambda chosen: Message.direction == int(chosen),
            "trace": lambda text: (
                Message.trace == text if text in TRACES else Message.trace.icontains(text, autoescape=True)
            ),
            "country": lambda text: Message.country == text.upper()[:2],
            "recipient": reading.to_number,
            "template_id": lambda text: Message.options["template_id"].astext == text.strip(),
        },
        nullable=NULLABLE,
    )


def _first_call(visitor: Visitor, base_url: str) -> str:
    call = ApiCall(
        "POST",
        f"{base_url}/v1/{visitor.sid}/messages",
        {"to": "+491701234567", "sender": "STROWG", "type": "TXN", "body": "Hello"},
    )
    return as_curl(call).replace(" \\\n  ", " ")


async def _empty(database: Database, visitor: Visitor, base_url: str) -> Empty:
    if await reading.has_messages(database.pool, visitor.account_id):
        wider = Action("Show the last 30 days", "/messages?created_at=30d", "calendar-time")
        return Empty("No messages in the last 24 hours", "Older ones are kept: choose a longer time.", wider)
    text = "Every message that you send or receive appears here, with all that happened to it."
    return Empty("No messages yet", text, SEND, _first_call(visitor, base_url))


@page("/messages", permission="messages.read")
async def messages(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The list: search, filters, sort, views, paging and export by the kit."""
    context = context_of(request)
    now = context.clock.now()
    query = TABLE.query(request, visitor, now)
    table = replace(TABLE, empty=await _empty(context.database, visitor, context.settings.base_url))
    return await table.respond(
        request,
        visitor,
        seen_source(visitor, message_source(context.database, span_start(query, now))),
        title="Messages",
        template="messaging/list.html",
        actions=[SEND],
    )


pages: list[Any] = [messages]
