"""The callback report as a file and by mail (console.md 6.1, platform.md 6.9)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

from strowger.foundation.ids import format_message_id, uuid_time
from strowger.platform.callbacks.profiles.report import COLUMNS, KEPT_DAYS, Day, daily_report
from strowger.platform.callbacks.profiles.repository import deliveries
from strowger.platform.callbacks.schemas import AttemptOutcome, CallbackState
from strowger.platform.reports.types import DETAIL_DAYS, Job, ReportChart, ReportColumn, ReportType, Row, Span

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


STATES = {CallbackState.PENDING: "Waiting", CallbackState.FAILED: "Failed", CallbackState.DROPPED: "Dropped"}
OUTCOMES = {AttemptOutcome.DELIVERED: "Delivered", AttemptOutcome.FAILED: "Failed", AttemptOutcome.RETRY: "Waiting"}


async def request_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """Single requests, by the moment at which they were made."""
    async for batch in deliveries.requests(job.connection, job.query.account_id, span.start, span.end):
        yield [
            (
                uuid_time(r["callback_id"]), r["title"], r["event"], format_message_id(r["request_id"], r["n"]), r["method"],
                r["url"], r["attempt"], r["http_status"], r["error"],
                STATES.get(r["state"]) or OUTCOMES.get(r["outcome"], ""),
            )
            for r in batch
        ]  # fmt: skip


reports = [
    ReportType(
        "callbacks", "Callback Report", "Developers",
        f"Requests to the receivers of callback profiles by day; the last {KEPT_DAYS} days are kept.",
        tuple(ReportColumn(name, "text" if name in TEXTS else "number", name in SUMS) for name in COLUMNS), callback_rows,
        frequencies=("daily",), permission="callbacks.read",
        chart=ReportChart("Requests by day", "DATE", ("SUCCESS", "RETRIED", "FAILED", "DROPPED")),
    ),
    ReportType(
        "callback-requests", "Callback Requests", "Developers", "Every request to the receivers of callback profiles.",
        (
            ReportColumn("TIME", "time"), ReportColumn("PROFILE"), ReportColumn("EVENT"), ReportColumn("REFERENCE"),
            ReportColumn("METHOD"), ReportColumn("URL", private=True), ReportColumn("ATTEMPTS", "number", total=True),
            ReportColumn("LAST HTTP CODE", "number"), ReportColumn("LAST ERROR"), ReportColumn("STATUS"),
        ),
        request_rows, most_days=DETAIL_DAYS, permission="callbacks.read",
        chart=ReportChart("Attempts by outcome", "PROFILE", ("ATTEMPTS",), "STATUS"),
    ),
]  # fmt: skip
