"""Credit usage of sub-accounts as a file (console.md 6.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

from strowger.platform.billing.repository.reading import children_used
from strowger.platform.gateway.services import SERVICES
from strowger.platform.reports.types import Job, ReportChart, ReportColumn, ReportFilter, ReportType, Row, Span

SUBACCOUNTS = ReportFilter("subaccount", "Subaccounts", help="Names apart by commas; empty: all of them.")


def is_chosen(job: Job, name: str) -> bool:
    """Whether a report is about the sub-account of this name."""
    wanted = {part.strip().lower() for part in str(job.query.filters.get(SUBACCOUNTS.key, "")).split(",")} - {""}
    return not wanted or name.lower() in wanted


async def usage_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """What each sub-account spent on a day of its own time zone, by channel."""
    rows = await children_used(job.connection, job.query.account_id, date.fromisoformat(span.label))
    yield [
        (span.label, row["name"], row["email"], SERVICES.get(row["service"], row["service"]), row["amount"])
        for row in rows
        if is_chosen(job, row["name"])
    ]


reports = [
    ReportType(
        "subaccounts-usage", "Credit Usage Report of Subaccounts", "Subaccounts",
        "What sub-accounts spent, by day and channel. A day is one of the sub-account's time zone.",
        (
            ReportColumn("Date"), ReportColumn("Subaccount Name"), ReportColumn("Email Address"), ReportColumn("Channel"),
            ReportColumn("Amount", "money", total=True),
        ),
        usage_rows, (SUBACCOUNTS,), permission="subaccounts.read", chart=ReportChart("Spent by day", "Date", ("Amount",)),
    ),
]  # fmt: skip
