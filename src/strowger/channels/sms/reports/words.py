"""What reports write for codes of the message log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from strowger.messaging.statuses import SPELLINGS, Status


@lru_cache(maxsize=512)
def country_name(code: str | None) -> str:
    """The English name of a country by its ISO code; the code where there is none."""
    from phonenumbers.geodata.locale import LOCALE_DATA  # large, and only reports need it

    if not code:
        return ""
    names: Mapping[str, str] = LOCALE_DATA.get(code, {})
    name = names.get("en", "")
    return (names.get(name[1:], "") if name.startswith("*") else name) or code


def status_name(status: int) -> str:
    """A status as logs and reports spell it (sms.md 6.2)."""
    return SPELLINGS[Status(status)].log


def created_text(moment: datetime) -> str:
    """A moment in the form of the reference's reports, ``2023-03-01T19:07:20:000Z`` (sms.md 8.3)."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}:{utc.microsecond // 1000:03d}Z"


def share(part: int, whole: int) -> Decimal:
    """Per cent with two places."""
    return (Decimal(100 * part) / whole).quantize(Decimal("0.01")) if whole else Decimal(0)


def seconds(value: Any) -> Decimal | None:
    """A duration with one place."""
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.1"))
