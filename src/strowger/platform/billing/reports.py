"""The credit history as a file and by mail (console.md 6.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from strowger.platform.billing.repository.reading import history_batches
from strowger.platform.reports.types import Job, ReportColumn, ReportType, Row, Span

KINDS = {
    "reserve": "Reserved for messages", "release": "Released", "refund": "Refund", "transfer_in": "Transfer in",
    "transfer_out": "Transfer out", "recharge": "Recharge", "adjustment": "Adjustment", "statement": "Statement",
    "margin": "Margin", "opening": "Opening balance",
}  # fmt: skip


async def history_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """Movements of the balance on one day, oldest first."""
    async for batch in history_batches(job.connection, job.query.account_id, span.start, span.end):
        yield [
            (
                r["created_at"],
                KINDS.get(r["kind"], r["kind"]),
                r["reference"],
                r["amount"],
                r["balance_after"],
                r["by_user"],
            )
            for r in batch
        ]


reports = [
    ReportType(
        "credit-history", "Credit History Report", "Money", "Every movement of the balance.",
        (
            ReportColumn("Date-time", "time"), ReportColumn("Type"), ReportColumn("Reference"),
            ReportColumn("Amount", "money", total=True), ReportColumn("Balance after", "money"), ReportColumn("By"),
        ),
        history_rows, frequencies=("daily", "weekly", "monthly"), permission="billing.read",
    ),
]  # fmt: skip
