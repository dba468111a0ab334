"""Documents in the operator's queue."""

from __future__ import annotations

from collections.abc import Sequence

from strowger.foundation.database import Connection
from strowger.platform.approvals.registry import ApprovalKind, Decided, Decision, Waiting, register
from strowger.platform.documents import repository
from strowger.platform.documents.schemas import CATEGORIES

REASONS = (
    "The document cannot be read; scan it again.",
    "The document has expired.",
    "The name on the document is not that of the account.",
    "This is not the document that is needed.",
)


async def waiting(connection: Connection, limit: int) -> Sequence[Waiting]:
    """The documents that wait, but for those uploaded for a KYC case."""
    return [
        Waiting(
            row["id"], row["account_id"], row["sid"], row["account"], row["title"], row["created_at"],
            facts=[
                ("File", f"{row['file_name']}, {row['size']:,} bytes"),
                ("Category", CATEGORIES.get(row["category"], row["category"])),
                ("Uploaded by", row["uploaded_by"]),
                *([("For number document", row["number_document_id"])] if row["number_document_id"] else []),
            ],
            links=[("Open the file", f"/approvals/documents/{row['id']}")],
        )
        for row in await repository.pending(connection, limit)
    ]  # fmt: skip


async def decide(connection: Connection, number: int, decision: Decision) -> Decided | None:
    """Approve or reject one."""
    status, reason = ("approved", "") if decision.approved else ("rejected", decision.reason)
    row = await repository.decide(connection, number, status, reason, decision.at, decision.by)
    return Decided(row["account_id"], row["title"], row["uploaded_by"]) if row else None


register(ApprovalKind("document", "Documents", waiting, decide, REASONS, "/settings/documents"))
