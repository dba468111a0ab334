"""Auto-recharge: a stored payment method is charged when the balance falls under a mark (console.md 5.4).

A recharge is a row before the service is asked, so that it is never asked twice for one; its end comes by webhook, and credits
the account once. What a service does not settle within an hour has failed; when its word comes later, it still counts.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger
from strowger.platform.audit import service as audit
from strowger.platform.billing import recharging, trail
from strowger.platform.billing.payments.kind import FAILED, Order, PaymentFailed, Stored, Word
from strowger.platform.billing.purse import zone_of
from strowger.platform.billing.recharging import Row, SetUp, Unpayable
from strowger.platform.billing.repository import auto, reading
from strowger.platform.billing.repository import recharging as queries

log = get_logger(__name__)
HERE = "/billing/auto-recharge"
BATCH, MOST_FAILURES = 20, 3
LEASE, PAUSE, PATIENCE = timedelta(minutes=10), timedelta(hours=6), timedelta(hours=1)


def _bound(account_id: int) -> str:
    return f"auto_recharge:{account_id}"


def able(methods: dict[str, SetUp]) -> dict[str, SetUp]:
    """The payment methods that can be charged without the customer."""
    return {name: one for name, one in methods.items() if one.kind.charge is not None}


async def save(
    context: Context, account_id: int, method: str, threshold: Decimal, amount: Decimal, month_limit: Decimal | None,
    enabled: bool, by: str,
) -> bool:  # fmt: skip
    """Save what is to be done; returns whether a payment method is stored already. Raises Unpayable."""
    if method not in able(await recharging.set_up(context)):
        raise Unpayable("This payment method is not available.")
    now = context.clock.now()

    async def work(connection: Connection) -> bool:
        account = await reading.statement(connection, account_id, now)
        if account is None or account["kind"] != "prepaid" or account["parent_id"] is not None:
            raise Unpayable("Only prepaid accounts add credits; a sub-account gets them from its main account.")
        if not recharging.least(account["currency"]) <= amount <= recharging.MOST:
            raise Unpayable(f"Recharge by {recharging.least(account['currency'])} to {recharging.MOST:,}.")
        if month_limit is not None and month_limit < amount:
            raise Unpayable("The limit of a month must cover one recharge.")
        return await auto.save(connection, account_id, method, threshold, amount, month_limit, enabled, by, now)

    return await context.database.run(work)


async def begin_storing(context: Context, account_id: int, by: str) -> str:
    """Begin to store a payment method; returns the page of the service on which that is done. Raises Unpayable."""

    async def read(connection: Connection) -> tuple[Any, Any, Any]:
        row = await auto.one(connection, account_id)
        statement = await reading.statement(connection, account_id, context.clock.now())
        return row, statement, await queries.profile(connection, account_id)

    row, account, profile = await context.database.run(read)
    chosen = able(await recharging.set_up(context)).get(row["method"]) if row else None
    if chosen is None or chosen.kind.store is None:
        raise Unpayable("This payment method is not available.")
    reference = f"AR-{secrets.token_hex(8).upper()}"
    order = Order(
        reference, row["amount"] * 2, account["currency"], f"Auto-recharge of {account['name']}",
        (profile["email"] if profile else "") or by, f"{context.settings.base_url}{HERE}",
    )  # fmt: skip
    try:
        begun = await chosen.kind.store(context.http, chosen.config, order)
    except PaymentFailed as problem:
        raise Unpayable(str(problem)) from problem
    await context.database.run(lambda c: auto.setup(c, account_id, reference, begun.provider_id, begun.pay_url))
    return begun.pay_url


async def store(context: Context, chosen: SetUp, word: Word) -> str:
    """A payment service says that a payment method was stored; returns what came of it. Raises Unpayable."""
    if word.status == FAILED or word.stored is None or chosen.kind.describe is None:
        return "ignored"
    known = await context.database.run(lambda c: auto.by_setup(c, word.reference))
    if known is None or known["method"] != chosen.kind.name or known["setup_id"] != word.provider_id:
        return "ignored"
    try:
        complete, label = await chosen.kind.describe(context.http, chosen.config, word.stored)
    except PaymentFailed as problem:
        raise Unpayable(str(problem)) from problem
    sealed = context.secrets.seal(msgspec.json.encode(dict(complete)), _bound(known["account_id"]))

    async def keep(connection: Connection) -> str:
        row = await auto.by_setup(connection, word.reference)
        if row is None:
            return "stored already"
        await auto.stored(connection, row["account_id"], sealed, label)
        return "stored"

    return await context.database.run(keep)


async def run(context: Context) -> int:
    """Recharge the accounts whose balance is under their mark; returns how many payments were begun."""
    now, count = context.clock.now(), 0
    methods = able(await recharging.set_up(context))
    if not methods:
        return 0
    for row in await context.database.run(lambda c: auto.due(c, now, BATCH, now + LEASE)):
        chosen = methods.get(row["method"])
        if chosen is not None:
            count += await _recharge(context, row, chosen)
    return count


async def _recharge(context: Context, row: Row, chosen: SetUp) -> bool:
    account_id, now = row["account_id"], context.clock.now()
    month = now.astimezone(zone_of(row["time_zone"])).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    recharge_id = new_uuid()

    async def note(connection: Connection) -> tuple[Row, str] | None:
        spent = await auto.spent(connection, account_id, month)
        if row["month_limit"] is not None and spent + row["amount"] > row["month_limit"]:
            detail = {"limit": f"{row['month_limit']:f}", "currency": row["currency"]}
            await auto.notice(connection, account_id, "auto_limit", detail, now)
            await auto.result(connection, account_id, 0, "The limit of the month is reached", _next_month(month), True)
            return None
        made = await recharging.note(
            connection, account_id, recharge_id, row["amount"], row["method"], "auto-recharge", now
        )
        await auto.mark(connection, account_id, recharge_id)
        return made, await recharging.payer(connection, account_id, row["by_user"])

    noted = await context.database.run(note)
    if noted is None:
        return False
    made, email = noted
    order = Order(
        made["reference"], made["total"], made["currency"], f"Credits for {row['name']} ({made['reference']})", email,
        f"{context.settings.base_url}/billing/credits/{recharge_id}",
    )  # fmt: skip
    try:
        stored: Stored = msgspec.json.decode(context.secrets.open(row["stored"], _bound(account_id)))
        assert chosen.kind.charge is not None
        begun = await chosen.kind.charge(context.http, chosen.config, stored, order)
    except (PaymentFailed, SealBroken) as problem:
        await _failed(context, row, made, problem)
        return False
    await context.database.run(lambda c: queries.started(c, account_id, recharge_id, begun.provider_id, ""))
    await audit.note(
        context, account_id, trail.CLOCK, "auto-recharge", "begin a recharge", reference=made["reference"], method=row["method"],
        amount=made["amount"], total=made["total"], currency=made["currency"], asked_by=row["by_user"],
    )  # fmt: skip
    return True


def _next_month(month: Any) -> Any:
    return (month + timedelta(days=32)).replace(day=1)


async def _failed(context: Context, row: Row, made: Row, problem: Exception) -> None:
    """Note a failure. When nobody knows whether the money was taken, the recharge waits for the service's word."""
    now, words = context.clock.now(), str(problem) or "The stored payment method cannot be read."
    log.warning("auto_recharge_failed", account_id=row["account_id"], problem=words)
    if isinstance(problem, PaymentFailed) and not problem.final:
        return

    async def work(connection: Connection) -> None:
        await queries.settle(connection, row["account_id"], made["id"], FAILED, now, words[:200])
        await count_failure(connection, row["account_id"], words, now)

    await context.database.run(work)
    await recharging.note_outcome(context, made, FAILED, trail.CLOCK, "auto-recharge")


async def count_failure(connection: Connection, account_id: int, words: str, now: Any) -> None:
    """Tell of a failure, and wait; the third in a row switches auto-recharge off."""
    row = await auto.one(connection, account_id)
    if row is None:
        return
    failures = row["failures"] + 1
    goes_on = failures < MOST_FAILURES
    account = await reading.statement(connection, account_id, now)
    detail = {"limit": f"{row['amount']:f}", "currency": account["currency"] if account else "", "why": words[:200]}
    await auto.notice(connection, account_id, "auto_failed" if goes_on else "auto_off", detail, now)
    await auto.result(connection, account_id, failures, words[:200], now + PAUSE, goes_on)


async def settled(connection: Connection, row: Row, status: str, now: Any, note: str | None) -> None:
    """An auto-recharge has ended by the service's word."""
    if status == FAILED:
        await count_failure(connection, row["account_id"], note or "The payment did not come through.", now)
        return
    detail = {"limit": f"{row['amount']:f}", "currency": row["currency"]}
    await auto.notice(connection, row["account_id"], "auto_paid", detail, now)
    await auto.result(connection, row["account_id"], 0, None, None, True)


async def give_up(context: Context) -> int:
    """Fail what a service has not settled for an hour; returns how many."""
    now, words = context.clock.now(), "The payment service has not said what came of it."

    async def work(connection: Connection) -> int:
        accounts = await auto.give_up(connection, now, now - PATIENCE, words)
        for account_id in accounts:
            await count_failure(connection, account_id, words, now)
        return len(accounts)

    return await context.database.run(work)
