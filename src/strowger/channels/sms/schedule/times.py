"""Reading the moment at which a message is to leave (sms.md 3.2, 3.8)."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from strowger.channels.sms import repository
from strowger.foundation.database import OUTAGES, Database
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.platform.gateway.keys import Principal
from strowger.platform.gateway.params import Params, as_text

EARLIEST = timedelta(minutes=15)
LATEST_MONTHS = 3
KEPT_AFTERWARDS = timedelta(days=7)  # the log keeps a message by the day on which it was accepted
MAX_LENGTH = 40
_ZONE = "sms.zone"


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time some months later; the last day of the month where it has no such day."""
    count = moment.month - 1 + months
    year, month = moment.year + count // 12, count % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def latest(now: datetime, retention_days: int) -> datetime:
    """The last moment for which a message can be scheduled: 3 months ahead, and within the time that messages are kept."""
    return min(add_months(now, LATEST_MONTHS), now + timedelta(days=retention_days) - KEPT_AFTERWARDS)


def parse_moment(text: str, zone: ZoneInfo, code: str = "E613", field: str = "time") -> datetime:
    """An ISO 8601 date and time; without an offset it is local time of ``zone``. Raises ``code``.

    A space may stand for the offset's plus sign, which is what an unescaped one becomes in a form.
    """
    text = text.strip()
    head, _, tail = text.rpartition(" ")
    if head and ("T" in head or " " in head.strip()):
        text = f"{head.strip()}+{tail}"
    try:
        if not len("2026-01-31 1") <= len(text) <= MAX_LENGTH:
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
        return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise StrowgerError(code, "Must be like 2026-07-13T12:58:00+04:30", field=field) from problem


def read_zone(params: Params, account_zone: str) -> ZoneInfo:
    """The zone of moments without an offset: the parameter's, else the account's. Raises E613."""
    name = as_text(params, "timezone", "E613")
    if name is None:
        return ZoneInfo(account_zone)
    try:
        return ZoneInfo(name.strip())
    except (OSError, ValueError, ZoneInfoNotFoundError) as problem:  # also what is no name at all
        raise StrowgerError("E613", "Must be a name like Europe/London", field="timezone") from problem


def check_due(due_at: datetime, now: datetime, retention_days: int) -> datetime:
    """Raise E614 for a moment that is too near or too far."""
    first, last = now + EARLIEST, latest(now, retention_days)
    if not first <= due_at <= last:
        wanted = f"Must be from {first.isoformat(timespec='seconds')} to {last.isoformat(timespec='seconds')}"
        raise StrowgerError("E614", wanted, field="time")
    return due_at


async def account_zone(database: Database, principal: Principal) -> str:
    """The time zone of an account; kept with the principal."""
    known: str | None = principal.facts.get(_ZONE)
    if known is None:
        try:
            async with database.pool.acquire(timeout=5) as connection:
                known = await repository.time_zone(connection, principal.account_id)
        except OUTAGES as problem:
            raise Unavailable from problem
        principal.facts[_ZONE] = known
    return known


async def zone_of(database: Database, principal: Principal, params: Params) -> ZoneInfo:
    """The zone of a request's moments without an offset."""
    return read_zone(params, "UTC" if params.get("timezone") else await account_zone(database, principal))


def read_due(params: Params, zone: ZoneInfo, now: datetime, retention_days: int) -> datetime | None:
    """When the message is to leave; None: at once. Raises E613, E614."""
    text = as_text(params, "time", "E613")
    if text is None or not text.strip():
        return None
    return check_due(parse_moment(text, zone), now, retention_days)
