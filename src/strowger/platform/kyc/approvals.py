"""KYC cases in the operator's queue; the number of a case is that of its account."""

from __future__ import annotations

from collections.abc import Sequence

from strowger.foundation.database import Connection
from strowger.platform.approvals.registry import ApprovalKind, Decided, Decision, Waiting, register
from strowger.platform.kyc import repository, service

CASE = "/approvals/kyc"


async def waiting(connection: Connection, limit: int) -> Sequence[Waiting]:
    """The cases that wait."""
    return [
        Waiting(
            row["account_id"], row["account_id"], row["sid"], row["name"], row["details"].get("company") or row["name"],
            row["submitted_at"],
            facts=[
                ("Country", row["country"]),
                ("Representative", row["details"].get("representative", "")),
                ("Submitted by", row["submitted_by"]),
                ("State", service.STATES[row["state"]][0]),
            ],
            links=[("Open the case", f"{CASE}/{row['account_id']}")],
        )
        for row in await repository.waiting(connection, limit)
    ]  # fmt: skip


async def decide(connection: Connection, number: int, decision: Decision) -> Decided | None:
    """Approve or reject one."""
    row = await repository.find(connection, number)
    if row is None or not await service.decide(connection, number, decision):
        return None
    return Decided(number, "Verification of your company", row["submitted_by"])


register(ApprovalKind("kyc", "KYC", waiting, decide, tuple(service.REASONS.values()), "/settings/kyc"))
