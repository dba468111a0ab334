"""The time formats of SMPP (SMPP 3.4 section 7.1.1).

Absolute `YYMMDDhhmmsstnnp` is a time with its offset in quarter hours; relative `YYMMDDhhmmss000R` counts from the
clock of the message centre. The two-digit year means 2000 to 2099.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.status import ESME_RINVSCHED

_FORM = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9])([0-9]{2})([-+R])")
_QUARTER: Final = timedelta(minutes=15)
_MAX_QUARTERS: Final = 48


@dataclass(frozen=True, slots=True)
class RelativeTime:
    """A span in calendar units, each 0 to 99."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0

    def after(self, start: datetime) -> datetime:
        """Add the span to a time; a day that the target month lacks becomes its last day."""
        month_index = start.year * 12 + start.month - 1 + self.years * 12 + self.months
        year, month = divmod(month_index, 12)
        day = min(start.day, monthrange(year, month + 1)[1])
        moved = start.replace(year=year, month=month + 1, day=day)
        return moved + timedelta(days=self.days, hours=self.hours, minutes=self.minutes, seconds=self.seconds)

    @classmethod
    def of(cls, span: timedelta) -> "RelativeTime":
        """Write a span of up to 99 days exactly, in whole seconds; a longer one is cut to that."""
        total = min(max(0, int(span.total_seconds())), 99 * 86400 + 86399)
        days, rest = divmod(total, 86400)
        hours, rest = divmod(rest, 3600)
        minutes, seconds = divmod(rest, 60)
        return cls(days=days, hours=hours, minutes=minutes, seconds=seconds)


SmppTime = datetime | RelativeTime


def parse_time(text: str, error_status: int = ESME_RINVSCHED, sequence_number: int = 0) -> SmppTime | None:
    """Read a time field; empty means none was given.

    `error_status` is what `SmppError` carries: ESME_RINVSCHED or ESME_RINVEXPIRY, by the field.
    """
    if not text:
        return None
    match = _FORM.fullmatch(text)
    if match is None:
        raise SmppError("not a time", error_status, sequence_number, field="time")
    numbers = [int(group) for group in match.groups()[:8]]
    if match[9] == "R":
        return RelativeTime(*numbers[:6])
    try:
        return _absolute(numbers, match[9])
    except ValueError:
        raise SmppError("no such time", error_status, sequence_number, field="time") from None


def _absolute(numbers: list[int], sign: str) -> datetime:
    year, month, day, hour, minute, second, tenths, quarters = numbers
    if quarters > _MAX_QUARTERS:
        raise ValueError
    offset = quarters * _QUARTER
    zone = timezone(-offset if sign == "-" else offset)
    return datetime(2000 + year, month, day, hour, minute, second, tenths * 100_000, tzinfo=zone)


def format_time(value: SmppTime | None, error_status: int = ESME_RINVSCHED) -> str:
    """Write a time field; None is empty.

    Fractions are cut to tenths. A time whose offset is not a quarter hour within 12 hours, or that has no offset, is
    written in UTC.
    """
    if value is None:
        return ""
    if isinstance(value, RelativeTime):
        return _format_relative(value, error_status)
    quarters, rest = divmod(value.utcoffset() or timedelta(), _QUARTER)
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    elif rest or abs(quarters) > _MAX_QUARTERS:
        value, quarters = _to_utc(value, error_status), 0
    if not 2000 <= value.year <= 2099:
        raise SmppError(f"year {value.year}", error_status, field="time")
    sign = "-" if quarters < 0 else "+"
    return f"{value:%y%m%d%H%M%S}{value.microsecond // 100_000}{abs(quarters):02d}{sign}"


def _to_utc(value: datetime, error_status: int) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise SmppError(f"year {value.year}", error_status, field="time") from None


def _format_relative(value: RelativeTime, error_status: int) -> str:
    units = (value.years, value.months, value.days, value.hours, value.minutes, value.seconds)
    if not all(0 <= unit <= 99 for unit in units):
        raise SmppError("unit above 99", error_status, field="time")
    return "{:02d}{:02d}{:02d}{:02d}{:02d}{:02d}000R".format(*units)
