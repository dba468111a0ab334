"""The callback report as a file and by mail (console.md 6.1, platform.md 6.9)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

from strowger.platform.callbacks.profiles.report import COLUMNS, KEPT_DAYS, Day, daily_report
from strowger.platform.reports.types import Job, ReportChart, ReportColumn, ReportType, Row, Span

TEXTS = frozenset({"DATE", "PROFILE ID", "TITLE", "ENDPOINT HOST"})
SUMS = frozenset({"CALLS", "SUCCESS", "FAILED", "RETRIED", "DROPPED"})


def _row(day: Day) -> Row:
    return (
        day.day.isoformat(), day.name, day.title, day.host, day.calls, day.success, day.failed, day.retried, day.dropped,
        day.average_ms, day.p95_ms, day.top_code,
    )  # fmt: skip


async def callback_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """Profiles and hosts of one day."""
    day = date.fromisoformat(span.label)
    found = await daily_report(job.context, job.query.account_id, day, day, job.query.zone)
    yield [_row(one) for one in found]


reports = [
    ReportType(
        "callbacks", "Callback Report", "Developers",
        f"Requests to the receivers of callback profiles by day; the last {KEPT_DAYS} days are kept.",
        tuple(ReportColumn(name, "text" if name in TEXTS else "number", name in SUMS) for name in COLUMNS), callback_rows,
        frequencies=("daily",), permission="callbacks.read",
        chart=ReportChart("Requests by day", "DATE", ("SUCCESS", "RETRIED", "FAILED", "DROPPED")),
    ),
]  # fmt: skip
