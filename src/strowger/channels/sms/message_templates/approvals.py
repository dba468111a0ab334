"""SMS templates in the operator's queue."""

from __future__ import annotations

from collections.abc import Sequence

from strowger.channels.sms.message_templates import service
from strowger.channels.sms.message_templates.repository import reading
from strowger.foundation.database import Connection
from strowger.platform.approvals.registry import ApprovalKind, Decided, Decision, Waiting

REASONS = (
    "The text differs from the registered template.",
    "The text is marketing; choose the category MKT.",
    "Please say in the text who sends it.",
)


async def waiting(connection: Connection, limit: int) -> Sequence[Waiting]:
    """The templates that wait."""
    return [
        Waiting(
            row["id"], row["account_id"], row["sid"], row["account_name"], row["title"], row["created_at"],
            row["content"], row["replaced"] or "",
            [
                ("Template ID", row["template_id"]),
                ("Category", row["purpose"]),
                ("Sender IDs", ", ".join(row["senders"])),
                ("Country", row["iso_code"]),
                ("Language", row["language"]),
                *([("Entity ID", row["entity_id"])] if row["entity_id"] else []),
            ],
        )
        for row in await reading.pending(connection, limit)
    ]  # fmt: skip


async def decide(connection: Connection, number: int, decision: Decision) -> Decided | None:
    """Approve or reject one."""
    reason = "" if decision.approved else decision.reason
    found = await service.decide(connection, number, decision.approved, reason, decision.at, decision.by)
    return Decided(*found) if found else None


SMS_TEMPLATES = ApprovalKind("sms-templates", "SMS templates", waiting, decide, REASONS, "/templates")
