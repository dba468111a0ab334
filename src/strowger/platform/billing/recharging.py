"""Recharges: from the wish over the payment to credit and invoice."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid
from strowger.foundation.money import ZERO
from strowger.platform.audit import service as audit
from strowger.platform.billing import service, trail
from strowger.platform.billing.payments import kinds
from strowger.platform.billing.payments.kind import FAILED, PAID, MethodKind, Order, PaymentFailed
from strowger.platform.billing.repository import reading, recharging

Row = Mapping[str, Any]
CENT = Decimal("0.01")
LEAST = {"INR": Decimal(500)}
LEAST_ELSE, MOST = Decimal(10), Decimal(1_000_000)


class Unpayable(Exception):
    """A recharge cannot be made or settled; the text is for people."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """A payment method that the operator has switched on, with its configuration in clear."""

    kind: MethodKind
    config: Mapping[str, str]


def least(currency: str) -> Decimal:
    """The smallest recharge."""
    return LEAST.get(currency, LEAST_ELSE)


def _bound(name: str) -> str:
    return f"payment_method:{name}"


async def set_up(context: Context) -> dict[str, SetUp]:
    """The payment methods that are switched on, by name."""
    rows = {row["name"]: row for row in await context.database.run(recharging.methods)}
    found = {}
    for name, kind in kinds().items():
        row = rows.get(name)
        if row is not None and row["enabled"]:
            found[name] = SetUp(kind, {**row["config"], **open_secrets(context, row)})
    return found


def open_secrets(context: Context, row: Row) -> dict[str, str]:
    """The secret part of a method's configuration; empty when it cannot be opened any more."""
    try:
        opened: dict[str, str] = msgspec.json.decode(context.secrets.open(row["secret"], _bound(row["name"])))
    except (SealBroken, TypeError):
        return {}
    return opened


async def save_method(context: Context, kind: MethodKind, enabled: bool, given: Mapping[str, str]) -> None:
    """Set up a payment method; secrets that are left empty stay. Raises Unpayable when one is missing."""
    row = next((r for r in await context.database.run(recharging.methods) if r["name"] == kind.name), None)
    kept = open_secrets(context, row) if row is not None and row["secret"] else {}
    hidden = {f.name: given.get(f.name) or kept.get(f.name, "") for f in kind.fields if f.secret}
    plain = {f.name: given.get(f.name, "") for f in kind.fields if not f.secret}
    missing = [f.label for f in kind.fields if f.required and not {**plain, **hidden}.get(f.name)]
    if enabled and missing:
        raise Unpayable(f"It cannot be switched on without: {', '.join(missing)}.")
    sealed = context.secrets.seal(msgspec.json.encode(hidden), _bound(kind.name)) if hidden else None
    await context.database.run(lambda c: recharging.save_method(c, kind.name, enabled, plain, sealed))


async def start(context: Context, account_id: int, amount: Decimal, method: str, by: str) -> Row:
    """Begin a recharge; returns its row, with ``pay_url`` where the customer pays it. Raises Unpayable."""
    chosen = (await set_up(context)).get(method)
    if chosen is None:
        raise Unpayable("This payment method is not available.")
    recharge_id, now = new_uuid(), context.clock.now()

    async def work(connection: Connection) -> tuple[Row, str, str]:
        made = await note(connection, account_id, recharge_id, amount, method, by, now)
        account = await reading.statement(connection, account_id, now)
        return made, await payer(connection, account_id, by), account["name"] if account else ""

    row, email, name = await context.database.run(work)
    order = Order(
        row["reference"], row["total"], row["currency"], f"Credits for {name} ({row['reference']})", email,
        f"{context.settings.base_url}/billing/credits/{recharge_id}",
    )  # fmt: skip
    try:
        begun = await chosen.kind.start(context.http, chosen.config, order)
    except PaymentFailed as problem:
        words = str(problem)
        await context.database.run(
            lambda c: recharging.settle(c, account_id, recharge_id, FAILED, context.clock.now(), words)
        )
        raise Unpayable(words) from problem
    try:
        await context.database.run(
            lambda c: recharging.started(c, account_id, recharge_id, begun.provider_id, begun.pay_url)
        )
    except asyncpg.UniqueViolationError as clash:
        raise Unpayable("The payment service named a payment that it had named before.") from clash
    found = await context.database.run(lambda c: recharging.one(c, account_id, recharge_id))
    assert found is not None
    return found


async def note(
    connection: Connection, account_id: int, recharge_id: UUID, amount: Decimal, method: str, by: str, now: datetime
) -> Row:
    """Write down a recharge that waits, with its tax. Raises Unpayable."""
    account = await reading.statement(connection, account_id, now)
    if account is None or account["kind"] != "prepaid" or account["parent_id"] is not None:
        raise Unpayable("Only prepaid accounts add credits; a sub-account gets them from its main account.")
    if not least(account["currency"]) <= amount <= MOST:
        raise Unpayable(f"Enter {least(account['currency'])} to {MOST:,}.")
    profile = await recharging.profile(connection, account_id)
    country = (profile["country"] if profile else None) or account["country"]
    tax = await recharging.tax(connection, country)
    rate = tax["rate"] if tax else ZERO
    owed = (amount * rate / 100).quantize(CENT, ROUND_HALF_UP)
    reference = f"RC-{secrets.token_hex(5).upper()}"
    await recharging.add(
        connection, recharge_id, account_id, reference, method, amount, owed, rate, tax["name"] if tax else "", amount + owed,
        account["currency"], by, now,
    )  # fmt: skip
    made = await recharging.one(connection, account_id, recharge_id)
    assert made is not None
    return made


async def payer(connection: Connection, account_id: int, by: str) -> str:
    """The address that a payment service is told: that for invoices, else that of whoever asked."""
    profile = await recharging.profile(connection, account_id)
    return (profile["email"] if profile else "") or by


async def decide(context: Context, reference: str, status: str, note: str, by: str) -> str:
    """The operator's word about a recharge that waits. Raises Unpayable when there is none."""

    async def work(connection: Connection) -> tuple[Row, str]:
        row = await recharging.lock(connection, reference)
        if row is None:
            raise Unpayable("There is no such recharge.")
        return row, await finish(connection, row, status, context.clock.now(), note or None, by)

    row, outcome = await context.database.run(work)
    await note_outcome(context, row, outcome, trail.OPERATOR, by)
    return outcome


async def note_outcome(context: Context, row: Row, outcome: str, role: str, by: str) -> None:
    """What came of a recharge, in the audit log of its account."""
    if outcome in (PAID, FAILED):
        await audit.note(
            context, row["account_id"], role, by, f"recharge {outcome}", reference=row["reference"], method=row["method"],
            amount=row["amount"], total=row["total"], currency=row["currency"],
        )  # fmt: skip


async def finish(connection: Connection, row: Row, status: str, now: datetime, note: str | None, by: str) -> str:
    """Settle a recharge once: credit and invoice when it is paid. A failed one may still be paid, never the reverse."""
    if row["status"] == PAID or (row["status"] == FAILED and status == FAILED):
        return "settled already"
    account = row["account_id"]
    await recharging.settle(connection, account, row["id"], status, now, note)
    if status == PAID:
        await service.recharge(connection, account, row["amount"], row["reference"], now, by)
        await issue(connection, account, row, now)
    return status


async def issue(connection: Connection, account_id: int, row: Row, now: datetime) -> str:
    """The invoice of a paid recharge."""
    lines = [{"text": f"Credits, reference {row['reference']}", "amount": f"{row['amount']:.2f}"}]
    if row["tax"]:
        lines.append({"text": f"{row['tax_name']} {row['tax_rate'].normalize():f} %", "amount": f"{row['tax']:.2f}"})
    content = {**(await addresses(connection, account_id)), "lines": lines, "paid": True, "method": row["method"]}
    return await recharging.add_invoice(
        connection, account_id, "recharge", row["total"], row["currency"], now, content, recharge=row["id"]
    )


async def addresses(connection: Connection, account_id: int) -> dict[str, Any]:
    """Who issues an invoice and to whom it goes, as they are now."""
    own = await recharging.profile_of(connection, account_id)
    issuer = await recharging.profile_of(connection, await recharging.operator(connection))
    return {"to": own, "issuer": issuer}


async def receipt(context: Context, account_id: int, recharge: UUID) -> Row | None:
    """A recharge of an account."""
    return await context.database.run(lambda c: recharging.one(c, account_id, recharge))
