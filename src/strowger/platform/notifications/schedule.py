"""When a notification is due, and which days it is about. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAILY, WEEKLY, MONTHLY = "daily", "weekly", "monthly"
FREQUENCIES = {DAILY: "Daily", WEEKLY: "Weekly, on Monday", MONTHLY: "Monthly, on the 1st"}


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; UTC when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def next_run(frequency: str, hour: int, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment after ``after`` at which it is due, in UTC."""
    day = after.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, time(hour), zone).astimezone(UTC)
        if moment > after and _fits(frequency, day):
            return moment
        day += timedelta(days=1)


def _fits(frequency: str, day: date) -> bool:
    if frequency == WEEKLY:
        return day.weekday() == 0
    return frequency == DAILY or day.day == 1


def period(frequency: str, day: date) -> tuple[date, date]:
    """First and last day of what is over on a day: yesterday, the last Monday to Sunday, the last month."""
    if frequency == WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return monday - timedelta(days=7), monday - timedelta(days=1)
    if frequency == MONTHLY:
        last = day.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    return day - timedelta(days=1), day - timedelta(days=1)
