"""Sender IDs in the operator's queue."""

from __future__ import annotations

from collections.abc import Sequence

from strowger.channels.sms.senders import repository
from strowger.channels.sms.senders.countries import kind_of, rule_of
from strowger.foundation.database import Connection
from strowger.platform.approvals.registry import ApprovalKind, Decided, Decision, Waiting

REASONS = (
    "The name does not resemble your company's.",
    "The name belongs to another company.",
    "Please add the registration of this sender ID.",
)


async def waiting(connection: Connection, limit: int) -> Sequence[Waiting]:
    """The sender IDs that wait."""
    return [
        Waiting(
            row["id"], row["account_id"], row["sid"], row["account_name"], row["sender"], row["created_at"],
            row["description"],
            facts=[
                ("Country", row["iso_code"] or "every"),
                ("Kind", kind_of(row["sender"])),
                *([("Entity ID", row["entity_id"] or "none")] if rule_of(row["iso_code"]).registry else []),
                *([("Sample", row["sample"])] if row["sample"] else []),
            ],
        )
        for row in await repository.pending(connection, limit)
    ]  # fmt: skip


async def decide(connection: Connection, number: int, decision: Decision) -> Decided | None:
    """Approve or reject one."""
    status = "Approved" if decision.approved else "Rejected"
    reason = None if decision.approved else decision.reason
    found = await repository.decide(connection, number, status, reason, decision.at, decision.by)
    return Decided(*found) if found else None


SENDERS = ApprovalKind("senders", "Sender IDs", waiting, decide, REASONS, "/senders")
