"""The hours in which promotional messages may go (sms.md 7.6 and 11.3). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from strowger.channels.sms.screening.countries import rule_of
from strowger.channels.sms.screening.options import Window


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def applies(window: Window | None, country: str | None) -> bool:
    """Whether the window counts for a country: where the law asks for it, or everywhere by the account's choice."""
    return window is not None and (window.everywhere or rule_of(country).window)


def zone_of(country: str | None, account_zone: str) -> str:
    """Whose clock counts: the recipient's where the country has a single one that is known, else the account's."""
    return rule_of(country).zone or account_zone


def opening(window: Window, zone: str, now: datetime) -> datetime | None:
    """None while the window is open, else the moment at which it opens. It may span midnight.

    Windows that open and close at the same time are always open.
    """
    if window.opens == window.closes:
        return None
    local = now.astimezone(_zone(zone))
    clock = local.time().replace(tzinfo=None)
    if window.opens < window.closes:
        is_open = window.opens <= clock < window.closes
    else:
        is_open = clock >= window.opens or clock < window.closes
    if is_open:
        return None
    day = local.date() if clock < window.opens else local.date() + timedelta(days=1)
    opens = datetime.combine(day, window.opens, local.tzinfo)
    # A moment that a change to summer time leaves out comes back from UTC as the first one that exists.
    return opens.astimezone(now.tzinfo)
