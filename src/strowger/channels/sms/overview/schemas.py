"""What the overview shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from strowger.messaging.figures import Figures


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
    """The figures of a span and its rankings."""

    figures: Figures
    countries: list[Share]
    senders: list[Share]
    traces: list[Share]
