"""What the overview shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from strowger.console.chart import Chart
from strowger.messaging.statuses import Status

DELIVERED = (Status.DELIVERED,)
UNDELIVERED = (Status.UNDELIVERED, Status.EXPIRED)
NOT_SENT = (Status.NOT_SENT, Status.FAILED)
FAILED = (*UNDELIVERED, *NOT_SENT)
OPEN = (Status.SCHEDULED, Status.QUEUED, Status.SENT)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days in the visitor's zone, both included. ``days`` is what was chosen; 0 for dates of one's own."""

    first: date
    last: date
    days: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a ranking: what, its messages, and of how many (per cent)."""

    name: str
    messages: int
    percent: float
    path: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of a span. ``spent`` is what was charged and not given back, in the account's currency."""

    messages: int
    delivered: int
    undelivered: int
    not_sent: int
    open: int
    units: int
    spent: Decimal
    chart: Chart
    countries: list[Share]
    senders: list[Share]
    traces: list[Share]

    @property
    def rate(self) -> str:
        """Delivered of those with an outcome."""
        final = self.delivered + self.undelivered + self.not_sent
        return f"{100 * self.delivered / final:.1f} % of those with an outcome" if final else "no outcome yet"
