"""What may be switched on, and how it is kept: one schedule for each report type that has frequencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strowger.foundation.context import Context
from strowger.platform.notifications import repository
from strowger.platform.notifications.schedule import FREQUENCIES, next_run, zone_of
from strowger.platform.reports import recipients
from strowger.platform.reports import repository as reports
from strowger.platform.reports.schemas import FORMATS, ReportRefused
from strowger.platform.reports.service import read_filters
from strowger.platform.reports.types import ReportType, all_types, find_type

LOW_BALANCE = "low-balance"


@dataclass(frozen=True, slots=True)
class Wish:
    """A schedule as somebody wants it. Without recipients it goes to the owners."""

    frequency: str
    hour: int
    recipients: Sequence[str] = ()
    format: str = "csv"
    filters: Mapping[str, Any] = field(default_factory=dict)
    send_empty: bool = False
    enabled: bool = True


def offered() -> list[ReportType]:
    """The types that can be mailed by themselves."""
    return [kind for kind in all_types() if kind.frequencies]


def offered_type(key: str) -> ReportType | None:
    """One of them."""
    kind = find_type(key)
    return kind if kind is not None and kind.frequencies else None


def default_wish(kind: ReportType) -> Wish:
    """A schedule before anybody changed it; it is off."""
    return Wish(kind.frequencies[0], kind.hour, enabled=False)


def wish_of(row: Mapping[str, Any]) -> Wish:
    """A stored schedule."""
    return Wish(
        row["frequency"],
        row["hour"],
        row["recipients"],
        row["format"],
        row["filters"],
        row["send_empty"],
        row["enabled"],
    )


def check(kind: ReportType, wish: Wish) -> dict[str, Any]:
    """The filters as they are stored. Raises ReportRefused."""
    if wish.frequency not in kind.frequencies:
        words = ", ".join(kind.frequencies)
        raise ReportRefused(
            "frequency", f"{FREQUENCIES.get(wish.frequency, 'This')} is not offered for it; only {words}."
        )
    if not 0 <= wish.hour <= 23:
        raise ReportRefused("hour", "A whole hour from 0 to 23.")
    if wish.format not in FORMATS:
        raise ReportRefused("format", "Choose CSV or XLSX.")
    return read_filters(kind, wish.filters)


async def save(context: Context, account_id: int, kind: ReportType, wish: Wish, by: str) -> Mapping[str, Any]:
    """Keep a schedule, and ask those of its recipients who are strangers. Raises ReportRefused; then nothing changes."""
    filters, now = check(kind, wish), context.clock.now()

    async def work(connection: Any) -> Mapping[str, Any]:
        account = await reports.account(connection, account_id)
        values = {
            "key": kind.name, "enabled": wish.enabled, "frequency": wish.frequency, "hour": wish.hour,
            "recipients": list(wish.recipients), "format": wish.format, "filters": filters, "send_empty": wish.send_empty,
            "next_at": next_run(wish.frequency, wish.hour, zone_of(account["time_zone"]), now), "changed_by": by,
            "changed_at": now,
        }  # fmt: skip
        return await repository.save(connection, account_id, values)

    row = await context.database.run(work)
    if wish.enabled:
        await recipients.ask(context, account_id, wish.recipients)
    return row


async def find(context: Context, account_id: int, key: str) -> Mapping[str, Any] | None:
    """A schedule as it is stored; None when it never was."""
    async with context.database.acquire() as connection:
        return await repository.find(connection, account_id, key)


async def delete(context: Context, account_id: int, key: str) -> bool:
    """Forget a schedule; what it sent stays in its history."""
    return await context.database.run(lambda c: repository.delete(c, account_id, key))
