"""Date and Time: working hours and holidays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from msgspec import Meta, Struct

from strowger.console.form import Field
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.schemas import Problem
from strowger.engagement.flows.widgets.base import (
    MATCH,
    NO_MATCH,
    Branch,
    Choices,
    Outcome,
    Stage,
    WidgetType,
    lines_of,
    register,
)

DAYS = (
    ("0", "Monday"), ("1", "Tuesday"), ("2", "Wednesday"), ("3", "Thursday"), ("4", "Friday"), ("5", "Saturday"), ("6", "Sunday"),
)  # fmt: skip
SLOT = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)")
HOLIDAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s+(yearly))?", re.IGNORECASE)
MAX_SLOTS, MAX_HOLIDAYS = 10, 100
DAY = 24 * 60


class Slot(Struct):
    """Minutes of the day: from ``start`` up to, not including, ``end``; one that ends before it starts crosses midnight."""

    start: Annotated[int, Meta(ge=0, lt=DAY)]
    end: Annotated[int, Meta(ge=0, le=DAY)]

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


class Holiday(Struct, omit_defaults=True):
    """A day; ``yearly``: that day of every year."""

    day: date
    yearly: bool = False


class DateTimeConfig(Struct, omit_defaults=True):
    """``zone`` empty is the account's. Both ends of the range of dates belong to it; no weekdays means every day."""

    kind: Literal["hours", "holiday"] = "hours"
    zone: Annotated[str, Meta(max_length=60)] = ""
    first: date | None = None
    last: date | None = None
    weekdays: Annotated[list[Annotated[int, Meta(ge=0, le=6)]], Meta(max_length=7)] = []
    slots: Annotated[list[Slot], Meta(max_length=MAX_SLOTS)] = []
    holidays: Annotated[list[Holiday], Meta(max_length=MAX_HOLIDAYS)] = []


def is_within(config: DateTimeConfig, moment: datetime) -> bool:
    """Whether a moment, local to the widget's zone, is a holiday or within the working hours."""
    today = moment.date()
    if config.kind == "holiday":
        return any(h.day == today or (h.yearly and _same_day(h.day, today)) for h in config.holidays)
    minute = moment.hour * 60 + moment.minute
    slots = config.slots or [Slot(0, DAY)]
    for slot in slots:
        if slot.start < slot.end:
            if slot.start <= minute < slot.end and _is_day(config, today):
                return True
        elif minute >= slot.start:
            if _is_day(config, today):
                return True
        elif minute < slot.end and _is_day(config, today - timedelta(days=1)):  # it began yesterday
            return True
    return False


def _same_day(one: date, other: date) -> bool:
    return (one.month, one.day) == (other.month, other.day)


def _is_day(config: DateTimeConfig, day: date) -> bool:
    if (config.first and day < config.first) or (config.last and day > config.last):
        return False
    return not config.weekdays or day.weekday() in config.weekdays


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _read_slots(text: str) -> list[Slot]:
    found = []
    for line in lines_of(text.replace(",", "\n")):
        match = SLOT.fullmatch(line)
        start, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (0, 0)
        if match is None or start == end or end > DAY:
            raise Refused(f"“{line[:30]}” is no time slot like 09:00-17:30.", "slots")
        found.append(Slot(start, end))
    if len(found) > MAX_SLOTS:
        raise Refused(f"At most {MAX_SLOTS} time slots.", "slots")
    return found


def _read_holidays(text: str) -> list[Holiday]:
    found = []
    for line in lines_of(text.replace(",", "\n")):
        match = HOLIDAY.fullmatch(line)
        try:
            day = date.fromisoformat(match[1]) if match else None
        except ValueError:
            day = None
        if match is None or day is None:
            raise Refused(f"“{line[:30]}” is no day like 2026-12-25 or 2026-12-25 yearly.", "holidays")
        found.append(Holiday(day, bool(match[2])))
    if len(found) > MAX_HOLIDAYS:
        raise Refused(f"At most {MAX_HOLIDAYS} days.", "holidays")
    return found


def _read_date(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused("Enter a date.", field) from None


class DateTime(WidgetType[DateTimeConfig]):
    """Two ways, by the clock and the calendar."""

    key, label = "date_time", "Date and Time"
    icon = "clock"
    text = "Goes one of two ways: within working hours or not, on a holiday or not."
    Config = DateTimeConfig
    either = True

    def branches(self, config: DateTimeConfig) -> Sequence[Branch]:
        """Match and no match."""
        return (Branch(MATCH, "Match"), Branch(NO_MATCH, "No match"))

    def fields(self, choices: Choices) -> Sequence[Field]:
        """Zone, kind, hours, holidays."""
        zones = tuple((name, name) for name in sorted(available_timezones()))
        return (
            Field("kind", "Match", "radio", required=True, default="hours", options=(
                ("hours", "Working hours", "The weekdays and time slots below"), ("holiday", "Holiday", "The days below"))),
            Field("zone", "Time zone", "select", options=(("", f"The account's ({choices.time_zone})"), *zones)),
            Field("weekdays", "Weekdays", "checks", options=DAYS),
            Field("slots", "Time slots", "textarea", rows=3, max_length=500, placeholder="09:00-17:30",
                  help="One in a line, by the 24-hour clock; 22:00-06:00 crosses midnight. None: the whole day."),
            Field("first", "From", "date", width="half"),
            Field("last", "Until", "date", width="half"),
            Field("holidays", "Holidays", "textarea", rows=3, max_length=3000, placeholder="2026-12-25 yearly",
                  help="One day in a line; “yearly” repeats it every year."),
        )  # fmt: skip

    def shown(self, config: DateTimeConfig) -> Mapping[str, Any]:
        """Lists as lines."""
        return {
            "kind": config.kind, "zone": config.zone, "weekdays": [str(day) for day in config.weekdays],
            "slots": "\n".join(map(str, config.slots)), "first": config.first or "", "last": config.last or "",
            "holidays": "\n".join(f"{h.day}{' yearly' if h.yearly else ''}" for h in config.holidays),
        }  # fmt: skip

    def typed(self, values: Mapping[str, Any], old: DateTimeConfig) -> DateTimeConfig:
        """Lines as lists."""
        first, last = (_read_date(values[name], name) for name in ("first", "last"))
        if first and last and last < first:
            raise Refused("This is before the first day.", "last")
        return DateTimeConfig(
            values["kind"], values["zone"], first, last, sorted(int(day) for day in values["weekdays"]),
            _read_slots(values["slots"]), _read_holidays(values["holidays"]),
        )  # fmt: skip

    def check(self, config: DateTimeConfig, choices: Choices) -> Iterator[Problem]:
        """A zone that exists, and something to match."""
        if config.zone and _zone(config.zone) is None:
            yield Problem("Choose a time zone.", field="zone")
        if config.kind == "holiday" and not config.holidays:
            yield Problem("Write at least one holiday.", field="holidays")
        if config.kind == "hours" and not (config.slots or config.weekdays or config.first or config.last):
            yield Problem("Choose weekdays, time slots or dates: everything would match.", field="slots")

    def summary(self, config: DateTimeConfig) -> str:
        """Hours or the number of holidays."""
        if config.kind == "holiday":
            return f"{len(config.holidays)} holidays"
        days = " ".join(DAYS[day][1][:3] for day in config.weekdays)
        return f"{days} {', '.join(map(str, config.slots))}".strip()

    async def run(self, config: DateTimeConfig, stage: Stage) -> Outcome:
        """Look at the clock."""
        name = config.zone or str(stage.principal.facts.get("time_zone", "UTC"))
        moment = stage.now.astimezone(_zone(name) or ZoneInfo("UTC"))
        matched = is_within(config, moment)
        return Outcome(
            MATCH if matched else NO_MATCH, {"local_time": moment.isoformat(timespec="minutes"), "zone": name}
        )


register(DateTime())
