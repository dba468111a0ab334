"""Credits history, credits usage and summary reports of sub-accounts (console.md 5.12, 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from litestar import Response

from strowger.console.chart import Chart, Series
from strowger.console.pages import Action, AnyRequest, Visitor, context_of, page
from strowger.console.table import Column, Empty, Filter, SqlSource, Table, TableQuery, TimeRange
from strowger.foundation.database import Database
from strowger.platform.gateway.services import PRICED
from strowger.platform.subaccounts import repository
from strowger.platform.subaccounts.pages.shared import LIST, tabs
from strowger.platform.subaccounts.repository import ENTRY, SUB

SPAN, LONGEST = timedelta(days=30), timedelta(days=366)
HISTORY = Table(
    "credits-history",
    columns=(
        Column("id", "Date", "time", sort=True, value=lambda row: row["created_at"]),
        Column("name", "Subaccount Name", sort=True),
        Column("email", "Subaccount Email", sort=True),
        Column("amount", "Credits Transferred", "money", sort=True),
        Column("reference", "What for", shown=False),
        Column("by_user", "By", shown=False),
    ),
    filters=(Filter("created_at", "Date", "time"),),
    search="Search by sub-account",
    empty=Empty(
        "There is no data to display", "Credits that you move to or take back from sub-accounts are listed here."
    ),
)
NOBODY = Empty(
    "No credits have been allocated", "There is no sub-account yet to which credits could go.",
    Action("Add a Subaccount", f"{LIST}/new", "plus"),
)  # fmt: skip
USED = Table(
    "credits-usage",
    columns=(
        Column("name", "Subaccount Name", sort=True),
        Column("email", "Email Address", sort=True),
        Column("service", "Channel", sort=True, label_of=lambda name: PRICED.get(name, name)),
        Column("messages", "Messages", "number", sort=True),
        Column("amount", "Amount", "money", sort=True),
    ),
    filters=(Filter("day", "Days", "time"),),
    search="Search by sub-account",
    sort="key",
    empty=Empty("There is no data to display", "What your sub-accounts spend is summed up here, by channel."),
)
DAILY = Table(
    "credit-usage-report",
    columns=(
        Column("day", "Date", sort=True, value=lambda row: row["day"].isoformat()),
        *USED.columns,
    ),
    filters=USED.filters,
    search=USED.search,
    sort="-key",
    empty=USED.empty,
)


def days_of(query: TableQuery, visitor: Visitor, today: date) -> tuple[date, date]:
    """The chosen days, at most 366 of them and none of today: it is not over yet."""
    chosen, last = query.filters.get("day"), today - timedelta(days=1)
    first = last - SPAN + timedelta(days=1)
    if isinstance(chosen, TimeRange):
        last = min(last, visitor.local(chosen.end).date()) if chosen.end else last
        first = visitor.local(chosen.start).date() if chosen.start else last - SPAN
    return max(first, last - LONGEST), last


def _history(database: Database, since: Any) -> SqlSource:
    rows = repository.transfer_rows()
    return SqlSource(
        database, rows if since is None else rows.where(ENTRY.created_at >= since), SUB.parent_id, key=("id",),
        columns={name: ENTRY[name] for name in ("id", "amount", "created_at")} | {"name": SUB.name, "email": SUB.email},
        search=repository.search_names,
    )  # fmt: skip


class _Summed(SqlSource):
    """Sums of days: the days are chosen before they are summed, not by a filter after."""

    def _conditions(self, query: TableQuery) -> list[Any]:
        return SqlSource._conditions(self, replace(query, filters={}))


GENERATE = (
    Action("Generate SMS summary", "/reports/new/sms-subaccounts", "report", primary=True),
    Action("Generate credit usage", "/reports/new/subaccounts-usage", "report-money"),
    Action("View downloaded reports", "/reports", "files"),
)


def _usage(database: Database, first: date, last: date, by_day: bool) -> SqlSource:
    rows = repository.usage_rows(first, last, by_day).subquery()
    return _Summed(
        database, repository.wrapped(rows), rows.c.parent_id, key=("key",),
        search=lambda text: rows.c.name.icontains(text, autoescape=True) | rows.c.email.icontains(text, autoescape=True),
    )  # fmt: skip


@page(f"{LIST}/credits", permission="subaccounts.read")
async def credits_history(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Credits moved to and from sub-accounts; the last 30 days unless told."""
    context = context_of(request)
    now = context.clock.now()
    chosen = "created_at" in HISTORY.query(request, visitor, now).filters
    children = await context.database.run(lambda c: repository.ever(c, visitor.account_id))
    table = HISTORY if children else replace(HISTORY, empty=NOBODY)
    return await table.respond(
        request, visitor, _history(context.database, None if chosen else now - SPAN), title="Credits History",
        template="subaccounts/list.html", tabs=tabs(f"{LIST}/credits"),
        note="" if chosen else "The last 30 days; choose a range for others.",
    )  # fmt: skip


async def _chart(database: Database, parent_id: int, first: date, last: date, visitor: Visitor) -> Chart:
    rows = await repository.usage_by_day(database, parent_id, first, last)
    sums = {row["day"]: row["amount"] for row in rows}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    values = [sums.get(day, Decimal(0)) for day in days]
    return Chart(
        "usage", "Spent by sub-accounts", [f"{day:%-d %b}" for day in days], [Series("Spent", values)], "bar",
        unit=visitor.currency, zone=visitor.time_zone, category_label="Day",
    )  # fmt: skip


async def _summed(
    request: AnyRequest,
    visitor: Visitor,
    table: Table,
    path: str,
    title: str,
    by_day: bool,
    actions: Sequence[Action] = (),
) -> Response[Any]:
    context = context_of(request)
    now = context.clock.now()
    first, last = days_of(table.query(request, visitor, now), visitor, visitor.local(now).date())
    chart = await _chart(context.database, visitor.account_id, first, last, visitor)
    return await table.respond(
        request, visitor, _usage(context.database, first, last, by_day), title=title, template="subaccounts/list.html",
        tabs=tabs(path), chart=chart, actions=list(actions),
        note=f"{first.isoformat()} to {last.isoformat()}, both included; today is not over yet.",
    )  # fmt: skip


@page(f"{LIST}/usage", permission="subaccounts.read")
async def credits_usage(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """What sub-accounts spent, by channel."""
    return await _summed(request, visitor, USED, f"{LIST}/usage", "Credits Usage", False)


@page(f"{LIST}/reports", permission="subaccounts.read")
async def summary_report(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The summary report of credit usage day by day, and the ways to reports with a file of their own."""
    return await _summed(request, visitor, DAILY, f"{LIST}/reports", "Credit Usage Report", True, GENERATE)


pages: list[Any] = [credits_history, credits_usage, summary_report]
