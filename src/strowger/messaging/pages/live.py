"""The live tail: messages as they change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from strowger.console.pages import AnyRequest, Page, context_of, page, render
from strowger.console.visitor import Visitor
from strowger.foundation.ids import parse_message_id
from strowger.messaging import words
from strowger.messaging.pages.privacy import seen_rows
from strowger.messaging.repository import reading

FIRST, KEPT = 50, 200
SPAN = timedelta(hours=24)
FILTERS = (
    ("Outgoing", "is:outgoing"),
    ("Incoming", "is:incoming"),
    ("Queued", "is:queued"),
    ("Sent", "is:sent"),
    ("Delivered", "is:delivered"),
    ("Undelivered", "is:undelivered"),
    ("Not sent", "is:not-sent"),
    ("Expired", "is:expired"),
)


def filter_text(row: Any) -> str:
    """What the filter of the tail looks into: ``is:`` words for status and direction, then numbers, trace and text."""
    marks = (words.status_label(row["status"]), words.direction_label(row["direction"]))
    tags = " ".join("is:" + mark.lower().replace(" ", "-") for mark in marks)
    return " ".join((tags, row["sender"], row["recipient"], row["trace"], row["type"], words.shown_text(row)))


def read_ids(text: str) -> list[tuple[UUID, int]]:
    """Ids from a comma separated list, at most KEPT; what is no message id is passed over."""
    found = (parse_message_id(one) for one in text.split(",")[:KEPT])
    return [(one[0], one[1]) for one in found if one and one[1]]


@page("/live", permission="messages.read")
async def live(request: AnyRequest, visitor: Visitor) -> Page:
    """The page; its rows come from /live/rows."""
    return await render(request, "messaging/live.html", title="Live", filters=FILTERS, keep=KEPT)


@page("/live/rows", permission="messages.read")
async def rows(request: AnyRequest, visitor: Visitor) -> Page:
    """Rows of the given ids (?ids=), or the newest ones."""
    context = context_of(request)
    ids = request.query_params.get("ids", "")
    if ids:
        found = await reading.find_messages(context.database.pool, visitor.account_id, read_ids(ids))
    else:
        since = context.clock.now() - SPAN
        found = await reading.latest_messages(context.database.pool, visitor.account_id, since, FIRST)
    return await render(
        request, "messaging/live_rows.html", rows=seen_rows(visitor, found), words=words, filter_text=filter_text
    )


pages: list[Any] = [live, rows]
