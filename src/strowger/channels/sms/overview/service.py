"""From counted rows to cards, chart and rankings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from strowger.channels.sms.overview import repository
from strowger.channels.sms.overview.schemas import Overview, Share, Span
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.ids import uuid_floor
from strowger.messaging.figures import bounds, figures_of
from strowger.messaging.schemas import Direction
from strowger.messaging.statuses import explain

SPANS = (1, 7, 30)
MOST_DAYS = 90
SHOWN = 8


class BadSpan(ValueError):
    """The dates cannot be used; the message says why."""


def read_span(visitor: Visitor, now: datetime, days: str, first: str, last: str) -> Span:
    """The span that a page's query asks for; 7 days by default. Raises BadSpan."""
    today = visitor.local(now).date()
    if not (first or last):
        chosen = int(days) if days in {str(number) for number in SPANS} else 7
        return Span(today - timedelta(days=chosen - 1), today, chosen)
    try:
        start, end = date.fromisoformat(first or last), date.fromisoformat(last or first)
    except ValueError:
        raise BadSpan("Give both dates as year, month and day.") from None
    if end < start:
        raise BadSpan("The last day comes before the first.")
    if start > today:
        raise BadSpan("The first day is still to come.")
    if (end - start).days >= MOST_DAYS:
        raise BadSpan(f"At most {MOST_DAYS} days are shown at once; a report covers more.")
    return Span(start, min(end, today))


async def overview(context: Context, visitor: Visitor, span: Span) -> Overview | None:
    """The figures of a span; None when there are too many messages to count while somebody waits."""
    low, high = map(uuid_floor, bounds(visitor, span.first, span.last))
    try:
        rows = await repository.counts(context.database.pool, visitor.account_id, low, high, str(visitor.zone))
    except TimeoutError:
        return None
    days = [row for row in rows if row["by_day"]]
    return Overview(
        figures_of(days, visitor, span.first, span.last, "sms-days", "Outgoing messages by day"),
        countries=_ranking((row for row in rows if row["by_country"]), "country", span, lambda name: name or "not known"),
        senders=_ranking((row for row in rows if row["by_sender"]), "sender", span, str),
        traces=_traces((row for row in rows if row["trace"]), span),
    )  # fmt: skip


def _ranking(rows: Iterable[Any], column: str, span: Span, label: Callable[[str], str]) -> list[Share]:
    found = sorted(rows, key=lambda row: (-row["messages"], row[column]))
    total = sum(row["messages"] for row in found)
    return [
        Share(
            label(row[column]), row["messages"], 100 * row["messages"] / total,
            _list_path(span, **{column: row[column]}) if row[column] else "",
        )
        for row in found[:SHOWN]
    ]  # fmt: skip


def _traces(rows: Iterable[Any], span: Span) -> list[Share]:
    found = sorted(rows, key=lambda row: (-row["messages"], row["trace"]))
    total = sum(row["messages"] for row in found)
    return [
        Share(
            row["trace"], row["messages"], 100 * row["messages"] / total, _list_path(span, trace=row["trace"]),
            explain(row["trace"]).meaning,
        )
        for row in found[:SHOWN]
    ]  # fmt: skip


def _list_path(span: Span, **filters: str) -> str:
    """The message list with these filters, in this time."""
    when = {"created_at_from": f"{span.first}T00:00", "created_at_to": f"{span.last}T23:59"}
    return "/messages?" + urlencode({"direction": int(Direction.MT), **filters, **when})
