"""What a report type is, and which there are. A module declares its own; requests, files and schedules follow from that.

    register(ReportType("sms-count", "SMS Count Report", "SMS", "Messages by day and sender.", COLUMNS, count_rows))

    async def count_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
        async for batch in cursor_batches(job.connection, SQL, job.query.account_id, uuid_floor(span.start), ...):
            yield [(span.label, row["sender"], row["total"]) for row in batch]

The period of a report is cut into spans (days, weeks or months) and ``rows`` is asked for each in turn: that bounds every query by
time, and tells how far the report is. ``src/strowger/wiring.py`` lists the modules whose types there are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from strowger.foundation.context import Context
from strowger.foundation.database import Connection

Row: TypeAlias = "Sequence[Any]"
Rows: TypeAlias = "Callable[[Job, Span], AsyncIterator[list[Row]]]"
Group = Literal["day", "week", "month", ""]
ColumnKind = Literal["text", "number", "money", "time"]
GROUPS: dict[str, str] = {"day": "Day", "week": "Week (from Monday)", "month": "Month", "": "The whole period"}
SUMMARY_DAYS, DETAIL_DAYS = 92, 31
BATCH = 500


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column of the file. ``total`` says that the sum of its numbers means something, and is shown on the screen.

    ``private``: it holds numbers of people, which roles without the right to see them get masked.
    """

    label: str
    kind: ColumnKind = "text"
    total: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What may narrow a report down. ``text`` takes what is typed, ``multi`` any of ``options`` (value, label)."""

    key: str
    label: str
    kind: Literal["text", "multi"] = "text"
    options: Sequence[tuple[str, str]] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class ReportChart:
    """What a finished report shows as a chart: sums of the columns ``values`` for each value of the column ``by``.

    With ``split`` there is one value column, and a series for each value of that column.
    """

    title: str
    by: str
    values: Sequence[str]
    split: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """One part of a report's period: from ``start`` to before ``end``; ``label`` is its first day."""

    start: datetime
    end: datetime
    label: str


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What is asked for: days of a time zone, both included, cut by ``group``; ``filters`` by key."""

    account_id: int
    first: date
    last: date
    zone: str = "UTC"
    group: str = "day"
    filters: Mapping[str, Any] = field(default_factory=dict)
    columns: Sequence[str] = ()

    @property
    def local(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.zone)

    def midnight(self, day: date) -> datetime:
        """The beginning of a day in the zone, in UTC."""
        return datetime.combine(day, time(), self.local).astimezone(UTC)

    def spans(self) -> list[Span]:
        """The parts of the period, oldest first."""
        found, day = [], self.first
        while day <= self.last:
            following = min(_next(day, self.group), self.last + timedelta(days=1)) if self.group else None
            end = following or self.last + timedelta(days=1)
            found.append(Span(self.midnight(day), self.midnight(end), day.isoformat()))
            day = end
        return found


def _next(day: date, group: str) -> date:
    """The first day of the next week or month, or the next day."""
    if group == "week":
        return day + timedelta(days=7 - day.weekday())
    if group == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=1)


@dataclass(slots=True)
class Job:
    """A report that is being made. ``connection`` reads one snapshot of the database; ``memo`` is for what a type reads once."""

    context: Context
    connection: Connection
    query: ReportQuery
    memo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportType:
    """A kind of report. ``rows`` yields batches of rows in the order of ``columns`` for one span.

    ``groups`` are the spans that may be chosen, the first by itself; ``frequencies`` (daily, weekly, monthly) make it a
    notification that is mailed at ``hour`` by itself. ``permission`` is what seeing it needs besides ``reports.read``.
    """

    name: str
    title: str
    area: str
    text: str
    columns: Sequence[ReportColumn]
    rows: Rows
    filters: Sequence[ReportFilter] = ()
    groups: Sequence[str] = ("day",)
    most_days: int = SUMMARY_DAYS
    chart: ReportChart | None = None
    frequencies: Sequence[str] = ()
    hour: int = 6
    permission: str = "reports.read"
    requested: bool = True

    def chosen(self, query: ReportQuery) -> list[int]:
        """The places of the columns that go into the file."""
        places = [n for n, column in enumerate(self.columns) if column.label in query.columns]
        return places or list(range(len(self.columns)))

    def private(self, query: ReportQuery) -> frozenset[int]:
        """The places of the chosen columns with numbers of people."""
        return frozenset(place for place in self.chosen(query) if self.columns[place].private)


_types: dict[str, ReportType] = {}


def register(*types: ReportType) -> None:
    """Offer report types."""
    for one in types:
        _types[one.name] = one


def find_type(name: str) -> ReportType | None:
    """The type of a name."""
    return _types.get(name)


def all_types() -> list[ReportType]:
    """Every type, by area in the order in which they were registered."""
    return list(_types.values())


async def cursor_batches(
    connection: Connection, statement: str, *values: Any, size: int = BATCH
) -> AsyncIterator[list[Any]]:
    """The rows of a statement through a server-side cursor, so that neither side ever holds them all."""
    cursor = await connection.cursor(statement, *values)
    while batch := await cursor.fetch(size):
        yield batch
