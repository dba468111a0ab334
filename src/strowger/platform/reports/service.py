"""Asking for reports, and what may be done with them afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.ids import new_uuid
from strowger.foundation.mail import Letter, post
from strowger.platform.files import repository as stored_files
from strowger.platform.files import service as files
from strowger.platform.reports import recipients, repository
from strowger.platform.reports.models import Report
from strowger.platform.reports.schemas import DONE, FORMATS, UPLOADED, Params, ReportRefused, params_of
from strowger.platform.reports.types import GROUPS, ReportType, find_type

KEPT = timedelta(days=7)  # a file, and the link to it in mails
REMEMBERED = timedelta(days=90)  # the row of a report
OLDEST = 366  # days back
MOST_WAITING = 100
MOST_VALUES, LONGEST_VALUE = 100, 200
READY = "report-ready"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, already read from a form or a call."""

    first: date
    last: date
    zone: str = ""
    group: str | None = None
    filters: Mapping[str, Any] | None = None
    columns: Sequence[str] = ()
    format: str = "csv"
    recipients: Sequence[str] = ()
    masked: bool = False


def check(kind: ReportType, wish: Wish, today: date) -> Params:
    """The parameters to store. Raises ReportRefused."""
    group = kind.groups[0] if wish.group is None else wish.group
    if wish.first > wish.last:
        raise ReportRefused("first", "The first day must not be after the last.")
    if wish.last > today:
        raise ReportRefused("last", "The last day is in the future.")
    if (wish.last - wish.first).days + 1 > kind.most_days:
        raise ReportRefused("last", f"At most {kind.most_days} days at a time.")
    if wish.first < today - timedelta(days=OLDEST):
        raise ReportRefused("first", "At most twelve months back.")
    if group not in kind.groups:
        raise ReportRefused("group", f"This report cannot be grouped by {GROUPS.get(group, group)}.")
    if wish.format not in FORMATS:
        raise ReportRefused("format", "Choose CSV or XLSX.")
    try:
        ZoneInfo(wish.zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ReportRefused("zone", "There is no such time zone.") from None
    labels = [column.label for column in kind.columns]
    unknown = next((label for label in wish.columns if label not in labels), None)
    if unknown is not None:
        raise ReportRefused("columns", f"There is no column {unknown}.")
    return Params(
        wish.first,
        wish.last,
        wish.zone or "UTC",
        group,
        read_filters(kind, wish.filters or {}),
        list(wish.columns),
        wish.masked,
    )


def read_filters(kind: ReportType, given: Mapping[str, Any]) -> dict[str, Any]:
    """The filters that were given, as they are stored. Raises ReportRefused."""
    found: dict[str, Any] = {}
    known = {item.key: item for item in kind.filters}
    for key, value in given.items():
        item = known.get(key)
        if item is None:
            raise ReportRefused("filters", f"There is no filter {key}.")
        if not value:
            continue
        if item.kind == "multi":
            options = {option for option, _ in item.options}
            if not isinstance(value, list) or not set(value) <= options or len(value) > MOST_VALUES:
                raise ReportRefused(key, "Choose among the listed values.")
        elif not isinstance(value, str) or len(value) > LONGEST_VALUE or "\0" in value:
            raise ReportRefused(key, f"At most {LONGEST_VALUE} characters.")
        found[key] = value
    return found


async def request(context: Context, account_id: int, kind: ReportType, wish: Wish, by: str) -> UUID:
    """Queue a report; returns its id. Raises ReportRefused."""
    now = context.clock.now()
    async with context.database.acquire() as connection:
        account = await repository.account(connection, account_id)
        if await repository.count_waiting(connection, account_id) >= MOST_WAITING:
            raise ReportRefused("", f"{MOST_WAITING} reports wait already. Cancel some of them, or wait.")
    zone = wish.zone or account["time_zone"]
    wish = Wish(
        wish.first, wish.last, zone, wish.group, wish.filters, wish.columns, wish.format, wish.recipients,
        wish.masked,
    )  # fmt: skip
    params = check(kind, wish, today(now, zone))
    report_id = new_uuid()
    await context.database.run(
        lambda c: repository.add(
            c, account_id, report_id, kind.name, kind.title, msgspec.to_builtins(params), wish.format, by,
            list(wish.recipients), now,
        )
    )  # fmt: skip
    await recipients.ask(context, account_id, wish.recipients)
    return report_id


def today(now: datetime, zone: str) -> date:
    """The day of a moment in a time zone."""
    try:
        return now.astimezone(ZoneInfo(zone)).date()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return now.date()


async def add_uploaded(
    context: Context, account_id: int, title: str, stored: files.Stored, by: str, until: datetime
) -> None:
    """Put a stored file among an account's reports."""
    now = context.clock.now()
    async with context.database.session() as session:
        session.add(
            Report(
                account_id=account_id, id=new_uuid(), type=UPLOADED, title=title, params={}, format=stored.name.rpartition(".")[2],
                state=DONE, size=stored.size, file_id=stored.id, requested_by=by, recipients=[], mailed=[], next_at=now,
                created_at=now, finished_at=now, expires_at=until,
            )
        )  # fmt: skip


async def find(context: Context, account_id: int, report_id: UUID) -> Mapping[str, Any] | None:
    """A report of an account; None when it has none of that id."""
    async with context.database.acquire() as connection:
        row = await repository.find(connection, account_id, report_id)
    return dict(row) if row else None


async def regenerate(context: Context, account_id: int, row: Mapping[str, Any], by: str, masked: bool = False) -> UUID:
    """Ask for the same again, people's numbers ``masked`` or whole. Raises ReportRefused when that is not possible any more."""
    kind = find_type(row["type"])
    if kind is None:
        raise ReportRefused("", "There is no report of this type any more.")
    old = params_of(row)
    wish = Wish(
        old.first, old.last, old.zone, old.group, old.filters, old.columns, row["format"], row["recipients"], masked
    )  # fmt: skip
    return await request(context, account_id, kind, wish, by)


async def cancel(context: Context, account_id: int, report_id: UUID) -> bool:
    """Stop a report that waits or is being made."""
    now = context.clock.now()
    return await context.database.run(lambda c: repository.cancel(c, account_id, report_id, now))


async def delete(context: Context, account_id: int, report_id: UUID) -> bool:
    """Remove a report and its file; False while it is being made."""

    async def work(connection: Any) -> bool:
        there, file_id = await repository.delete(connection, account_id, report_id)
        if file_id is not None:
            await stored_files.delete(connection, account_id, [file_id])
        return there

    return await context.database.run(work)


def holds_numbers(row: Mapping[str, Any]) -> bool:
    """Whether a report has whole numbers of people in it."""
    kind = find_type(row["type"])
    if kind is None or row["type"] == UPLOADED:
        return False
    params = params_of(row)
    return not params.masked and bool(kind.private(params.query(0)))


async def file_of(context: Context, row: Mapping[str, Any]) -> files.Stored | None:
    """The file of a report that is done and not expired."""
    if row["state"] != DONE or row["file_id"] is None:
        return None
    return await files.find(context, row["account_id"], row["file_id"])


def ready_letter(context: Context, row: Mapping[str, Any], account: str, stored: files.Stored, rows: int) -> Letter:
    """The mail that brings the link to a finished report."""
    params = msgspec.convert(row["params"], Params)
    days = (
        f"{params.first.isoformat()} to {params.last.isoformat()}" if params.first != params.last else str(params.first)
    )
    until = context.clock.now() + KEPT
    return Letter(
        f"{row['title']}, {days}: {account}",
        (
            f"The report “{row['title']}” of {account} for {days} ({params.zone}) is ready: {rows:,} rows, {stored.name}.",
            f"The link works until {until.astimezone(ZoneInfo(params.zone)):%Y-%m-%d %H:%M} without signing in.",
            "Whoever has it can read the report.",
        ),
        button=("Download the report", files.link(context, stored, KEPT)),
    )


async def mail_ready(
    context: Context, session: AsyncSession, row: Mapping[str, Any], account: str, stored: files.Stored, rows: int,
    addresses: Sequence[str],
) -> None:  # fmt: skip
    """Queue the mail to addresses that may get it, within the caller's transaction."""
    letter = ready_letter(context, row, account, stored, rows)
    for address in addresses:
        await post(session, context, address, READY, letter, row["account_id"])


async def mail_again(context: Context, account_id: int, row: Mapping[str, Any], addresses: Sequence[str]) -> int:
    """Mail a finished report to addresses that may get it, ask the others; returns how many got it. Raises ReportRefused."""
    stored = await file_of(context, row)
    if stored is None:
        raise ReportRefused("", "The file has gone. Make the report again.")
    await recipients.ask(context, account_id, addresses)
    async with context.database.acquire() as connection:
        inside, _ = await recipients.sort_out(connection, account_id, addresses)
        account = await repository.account(connection, account_id)
    async with context.database.session() as session:
        await mail_ready(context, session, row, account["name"], stored, row["rows"], inside)
    await context.database.run(lambda c: repository.add_mailed(c, account_id, row["id"], inside))
    return len(inside)
