"""Outgoing messages counted by day and outcome: the figures and the chart that the overviews show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from strowger.console.chart import Chart, Series
from strowger.console.visitor import Visitor
from strowger.foundation.money import ZERO
from strowger.messaging.statuses import Status

QUERY_SECONDS = 5  # longer, and there are too many messages to count while somebody waits
DELIVERED = (Status.DELIVERED,)
UNDELIVERED = (Status.UNDELIVERED, Status.EXPIRED)
NOT_SENT = (Status.NOT_SENT, Status.FAILED)
FAILED = (*UNDELIVERED, *NOT_SENT)
OPEN = (Status.SCHEDULED, Status.QUEUED, Status.SENT)
BARS = (
    ("Delivered", DELIVERED, "success"), ("On the way", OPEN, "info"), ("Undelivered", UNDELIVERED, "warning"),
    ("Not sent", NOT_SENT, "danger"),
)  # fmt: skip


def rate_of(delivered: int, failed: int) -> str:
    """Delivered of those with an outcome, as a percentage; empty without any."""
    final = delivered + failed
    return f"{100 * delivered / final:.1f} %" if final else ""


@dataclass(frozen=True, slots=True)
class Figures:
    """The messages of some days. ``spent`` is what was charged and not given back, in the account's currency."""

    messages: int
    delivered: int
    undelivered: int
    not_sent: int
    open: int
    units: int
    spent: Decimal
    chart: Chart

    @property
    def rate(self) -> str:
        """Delivered of those with an outcome, in words."""
        rate = rate_of(self.delivered, self.undelivered + self.not_sent)
        return f"{rate} of those with an outcome" if rate else "no outcome yet"


def bounds(visitor: Visitor, first: date, last: date) -> tuple[datetime, datetime]:
    """From when (included) to when (excluded) these days last in the visitor's zone; both days included."""
    low, high = (
        datetime.combine(day, time.min, visitor.zone).astimezone(UTC) for day in (first, last + timedelta(days=1))
    )
    return low, high


def total(rows: Iterable[Any], statuses: Sequence[Status] | None) -> int:
    """The messages of rows with one of the statuses (None: any)."""
    return sum(row["messages"] for row in rows if statuses is None or row["status"] in statuses)


def figures_of(rows: Sequence[Any], visitor: Visitor, first: date, last: date, name: str, title: str) -> Figures:
    """From rows by day and status (``day``, ``status``, ``messages``, ``units``, ``spent``) to figures and chart.

    ``name`` and ``title`` are the chart's.
    """
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    by_day: defaultdict[date, list[Any]] = defaultdict(list)
    for row in rows:
        by_day[row["day"].date()].append(row)
    chart = Chart(
        name, title, [f"{day:%d %b}" for day in days],
        [Series(label, [total(by_day[day], statuses) for day in days], tone) for label, statuses, tone in BARS], "stacked",
        zone=visitor.time_zone, category_label="Day",
    )  # fmt: skip
    return Figures(
        total(rows, None), total(rows, DELIVERED), total(rows, UNDELIVERED), total(rows, NOT_SENT), total(rows, OPEN),
        sum(row["units"] for row in rows), sum((row["spent"] for row in rows), ZERO), chart,
    )  # fmt: skip
