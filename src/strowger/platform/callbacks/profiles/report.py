"""Figures of profiles by day (platform.md 6.9), out of the hourly tallies."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from strowger.foundation.context import Context
from strowger.platform.callbacks.profiles.recording import BOUNDS, DELIVERED, DROPPED
from strowger.platform.callbacks.profiles.repository import deliveries as repository
from strowger.platform.callbacks.profiles.schemas import profile_name

KEPT_DAYS = 90
RETRIED, GIVEN_UP = 2, 3
COLUMNS = (
    "DATE", "PROFILE ID", "TITLE", "ENDPOINT HOST", "CALLS", "SUCCESS", "FAILED", "RETRIED", "DROPPED", "AVG MS", "P95 MS",
    "TOP HTTP CODE",
)  # fmt: skip


@dataclass(slots=True)
class Day:
    """What became of a profile's requests to one host on one day.

    ``calls`` are requests made: ``success`` were taken, ``failed`` were the last of their series, ``retried`` are tried
    again. ``dropped`` were not sent because the profile was off.
    """

    day: date
    profile_id: UUID
    name: str
    title: str
    host: str
    success: int = 0
    failed: int = 0
    retried: int = 0
    dropped: int = 0
    ms: int = 0
    buckets: Counter[int] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        """Requests made."""
        return self.success + self.failed + self.retried

    @property
    def average_ms(self) -> int | None:
        """Mean duration of the requests."""
        return round(self.ms / self.calls) if self.calls else None

    @property
    def p95_ms(self) -> int | None:
        """The duration that 95 % of the requests stayed within: the upper bound of its class."""
        if not self.calls:
            return None
        wanted, seen = self.calls * 0.95, 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= wanted:
                return BOUNDS[min(bucket, len(BOUNDS) - 1)]
        return BOUNDS[-1]

    @property
    def top_code(self) -> int | None:
        """The commonest HTTP status."""
        return next((code for code, _ in self.codes.most_common(1)), None)

    def as_object(self) -> dict[str, Any]:
        """As the API answers it."""
        return {
            "date": self.day.isoformat(), "profile_id": self.name, "title": self.title, "endpoint_host": self.host,
            "calls": self.calls, "success": self.success, "failed": self.failed, "retried": self.retried,
            "dropped": self.dropped, "avg_ms": self.average_ms, "p95_ms": self.p95_ms, "top_http_code": self.top_code,
        }  # fmt: skip


async def daily_report(
    context: Context, account_id: int, first: date, last: date, zone: str, profile_id: UUID | None = None
) -> list[Day]:
    """The days from ``first`` to ``last`` in a time zone, newest first, for one profile or all."""
    local = ZoneInfo(zone)
    start = datetime.combine(first, time(), local)
    end = datetime.combine(last + timedelta(days=1), time(), local)
    async with context.database.acquire() as connection:
        rows = await repository.tally(connection, account_id, start, end, zone, profile_id)
    days: dict[tuple[date, UUID, str], Day] = {}
    for row in rows:
        key = (row["day"], row["profile_id"], row["host"])
        name = profile_name(row["pod"], row["profile_id"])
        day = days.setdefault(key, Day(row["day"], row["profile_id"], name, row["title"], row["host"]))
        _add(day, row)
    return sorted(days.values(), key=lambda day: (-day.day.toordinal(), day.title, day.host))


def _add(day: Day, row: Any) -> None:
    number, outcome = row["number"], row["outcome"]
    if outcome == DROPPED:
        day.dropped += number
        return
    name = {DELIVERED: "success", RETRIED: "retried", GIVEN_UP: "failed"}[outcome]
    setattr(day, name, getattr(day, name) + number)
    day.ms += row["ms"]
    day.buckets[row["bucket"]] += number
    if row["http_status"]:
        day.codes[row["http_status"]] += number


def by_day(days: list[Day], first: date, last: date) -> list[tuple[date, dict[str, int]]]:
    """Sums over all profiles for each day of the span, oldest first."""
    sums: dict[date, dict[str, int]] = defaultdict(lambda: {"success": 0, "failed": 0, "retried": 0, "dropped": 0})
    for day in days:
        for name in ("success", "failed", "retried", "dropped"):
            sums[day.day][name] += getattr(day, name)
    span = (last - first).days + 1
    return [(first + timedelta(days=n), sums[first + timedelta(days=n)]) for n in range(span)]
