"""What is done with a KYC case: details, documents, hand in, withdraw; look at, approve, reject, ask for more, ask anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.mail import Letter, post
from strowger.platform.accounts import repository as accounts
from strowger.platform.approvals.registry import Decision
from strowger.platform.billing.repository import recharging as billing
from strowger.platform.documents import repository as documents
from strowger.platform.kyc import repository
from strowger.platform.kyc.profiles import Profile, Requirement, profile_of
from strowger.platform.team.roles import OWNER

STATES = {
    "not_started": ("Not started", "neutral"), "draft": ("Draft", "neutral"), "submitted": ("Submitted", "info"),
    "in_review": ("In review", "info"), "approved": ("Approved", "success"), "rejected": ("Rejected", "danger"),
    "expired": ("To be renewed", "warning"),
}  # fmt: skip
OPEN = ("draft", "rejected", "expired")  # the customer may change it
WAITING = ("submitted", "in_review")
BOUND = "kyc"
TRIAL = "trial"
COMPANY = ("company", "address", "city", "state", "postal_code")
REASONS = {
    "unreadable": "A document cannot be read.",
    "mismatch": "The documents and the details do not agree.",
    "outdated": "A document is too old.",
    "incomplete": "Something is missing.",
    "not-eligible": "This company cannot be served here.",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A requirement with the documents that meet it, the latest last."""

    requirement: Requirement
    needed: bool
    documents: Sequence[Mapping[str, Any]]

    @property
    def is_met(self) -> bool:
        """Whether one document is there that was not rejected."""
        return any(row["status"] != "rejected" for row in self.documents)


@dataclass(frozen=True, slots=True)
class Case:
    """All of an account's case."""

    account: Mapping[str, Any]
    state: str
    details: dict[str, str]
    reason: str
    profile: Profile
    proofs: Sequence[Proof]
    row: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether the customer may change it."""
        return self.state == "not_started" or self.state in OPEN

    @property
    def has_details(self) -> bool:
        """Whether the first step is done."""
        wanted = [item.key for item in self.profile.identifiers if item.required]
        return all(self.details.get(key) for key in ("company", "address", "city", "representative", "phone", *wanted))

    @property
    def missing(self) -> list[str]:
        """The labels of documents that are still needed."""
        return [proof.requirement.label for proof in self.proofs if proof.needed and not proof.is_met]


async def is_trial(connection: Connection, account_id: int) -> bool:
    """Whether an account may not do yet what the approval opens: campaigns, numbers."""
    found = await repository.account(connection, account_id)
    return found is None or found["state"] == TRIAL


async def case_of(context: Context, account_id: int) -> Case:
    """The case of an account, begun or not. Raises StrowgerError E404 for an unknown account."""
    async with context.database.acquire() as connection:
        return await read_case(context, connection, account_id)


async def read_case(context: Context, connection: Connection, account_id: int) -> Case:
    """As ``case_of``, on a connection."""
    account = await repository.account(connection, account_id)
    if account is None:
        raise StrowgerError("E404")
    row = await repository.find(connection, account_id)
    profile = profile_of(context.settings, account["country"])
    details: dict[str, str] = dict(row["details"]) if row else {}
    if not details:
        known = await billing.profile(connection, account_id)
        details = {name: known[name] for name in COMPANY if known and known[name]}
    uploaded = await documents.of_purpose(connection, account_id)
    proofs = [
        Proof(item, item.is_needed(details), [dict(doc) for doc in uploaded if doc["purpose"] == item.key])
        for item in profile.documents
    ]
    state = row["state"] if row else "not_started"
    return Case(dict(account), state, details, row["reason"] if row else "", profile, proofs, dict(row) if row else {})


async def _open_case(connection: Connection, account_id: int) -> asyncpg.Record | None:
    row = await repository.lock(connection, account_id)
    if row is not None and row["state"] not in OPEN:
        raise StrowgerError("E409", "The case is with the operator, or approved; it cannot be changed now.")
    return row


async def save_details(context: Context, account_id: int, details: dict[str, str]) -> None:
    """Keep the first step; company, address and tax numbers go on invoices as well. Raises E409 while it waits."""
    now = context.clock.now()

    async def work(connection: Connection) -> None:
        await _open_case(connection, account_id)
        await repository.save(connection, account_id, details, now)
        known = await billing.profile(connection, account_id)
        values = {name: known[name] for name in billing.PROFILE_FIELDS} if known else {}
        account = await repository.account(connection, account_id)
        assert account is not None
        tax = details.get("gstin") or details.get("vat_id") or details.get("tax_id") or details.get("tax_number")
        values |= {name: details.get(name, "") for name in COMPANY}
        values |= {"country": values.get("country") or account["country"]}
        values |= {"tax_id": tax or values.get("tax_id", ""), "tan": details.get("tan") or values.get("tan", "")}
        await billing.save_profile(connection, account_id, values)

    await context.database.run(work)


async def begin(connection: Connection, account_id: int, now: Any) -> None:
    """In the transaction of an upload: the case can take documents, and is a draft from now on. Raises E409."""
    row = await _open_case(connection, account_id)
    if row is None:
        await repository.save(connection, account_id, {}, now)


async def submit(context: Context, account_id: int, by: str, ip: str) -> None:
    """Hand a case in. Raises E409 when it is not open, E400 naming what is missing."""
    now = context.clock.now()

    async def work(connection: Connection) -> None:
        await _open_case(connection, account_id)
        case = await read_case(context, connection, account_id)
        if not case.has_details:
            raise StrowgerError("E400", "The company's details are not complete.")
        if case.missing:
            raise StrowgerError("E400", f"Still missing: {', '.join(case.missing)}.")
        usable: list[UUID] = [
            d["file_id"] for proof in case.proofs for d in proof.documents if d["status"] != "rejected"
        ]
        await documents.bind(connection, account_id, usable, BOUND)
        await repository.submit(connection, account_id, by, ip, now)

    await context.database.run(work)


async def withdraw(context: Context, account_id: int) -> bool:
    """Take a case back that nobody looks at yet."""

    async def work(connection: Connection) -> bool:
        moved = await repository.move(connection, account_id, ("submitted",), "draft")
        if moved:
            await documents.unbind(connection, account_id, BOUND)
        return moved

    return await context.database.run(work)


async def look_at(context: Context, account_id: int, reviewer: str) -> None:
    """The operator opens a case: it is in review from now on."""

    async def work(connection: Connection) -> None:
        await repository.move(connection, account_id, ("submitted",), "in_review", reviewer=reviewer)

    await context.database.run(work)


async def decide(connection: Connection, account_id: int, decision: Decision) -> bool:
    """Approve (the trial ends, the documents are approved and stay) or reject (the documents are rejected, too)."""
    state = "approved" if decision.approved else "rejected"
    reason = "" if decision.approved else decision.reason
    if not await repository.move(connection, account_id, WAITING, state, reason, decision.by, decision.at):
        return False
    await documents.settle(connection, account_id, BOUND, state, reason, decision.at, decision.by)
    if decision.approved:
        await repository.activate(connection, account_id)
    else:
        await documents.unbind(connection, account_id, BOUND)
    return True


async def ask(context: Context, account_id: int, text: str, reviewer: str, anew: bool = False) -> bool:
    """Ask for more about a waiting case, or for an approved one anew; the owners are told. False when it is neither."""
    now = context.clock.now()
    states, state = (("approved",), "expired") if anew else (WAITING, "draft")

    async def work(connection: Connection) -> bool:
        if not await repository.move(connection, account_id, states, state, text, reviewer, now):
            return False
        await documents.unbind(connection, account_id, BOUND)
        return True

    if not await context.database.run(work):
        return False
    subject = "Please renew the proofs of your company" if anew else "Your verification needs something more"
    letter = Letter(
        subject,
        ("The operator writes:", text),
        button=("Open the verification", f"{context.settings.base_url}/settings/kyc"),
    )
    async with context.database.session() as session:
        for user in await accounts.list_users(session, account_id):
            if user.role == OWNER:
                await post(session, context, user.email, "kyc-renewal" if anew else "kyc-more", letter, account_id)
    return True
