"""What a parent does with its sub-accounts: make, change, recharge, suspend, delete, invite (platform.md 3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.notify import notify
from strowger.platform.accounts import keys
from strowger.platform.accounts.service import token_hash
from strowger.platform.billing import repository as billing
from strowger.platform.billing.service import Overdrawn, transfer
from strowger.platform.ip_configs.service import put_on_keys
from strowger.platform.subaccounts import events, repository
from strowger.platform.subaccounts.inviting import new_link
from strowger.platform.subaccounts.letters import send_invitation
from strowger.platform.subaccounts.schemas import (
    ASSIGNED,
    MAX_SUBACCOUNTS,
    SHARED,
    Changes,
    NewSubaccount,
    Params,
    read_changes,
    read_new,
)

KINDS = ("enterprise", "isv")
Row = Mapping[str, Any]
Finish = Callable[[Connection, Any], Awaitable[None]]  # what a caller does in the same transaction


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: the parent's account, a name for the record, and from where."""

    parent_id: int
    name: str
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A new sub-account with its key, and the link of its invitation, which are shown only now."""

    row: Row
    key: str
    invitation: str


async def parent_of(connection: Connection, account_id: int) -> Row:
    """The account as a parent. Raises RBC2360 (not enabled, or itself a sub-account), RBC2323 (no wallet)."""
    found = await repository.parent(connection, account_id)
    if (
        found is None
        or found["parent_id"] is not None
        or found["settings"].get("subaccounts_enabled", True) is not True
    ):
        raise StrowgerError("RBC2360")
    if found["balance"] is None:
        raise StrowgerError("RBC2323")
    return found


async def one(connection: Connection, context: Context, parent_id: int, sid: str) -> Row:
    """A sub-account by its SID. Raises RBC2358."""
    found = await repository.one(connection, parent_id, sid, context.clock.now())
    if found is None:
        raise StrowgerError("RBC2358", field="subaccount_sid")
    return found


async def get(context: Context, parent_id: int, sid: str) -> Row:
    """A sub-account by its SID, for a parent that may have some. Raises RBC2358, RBC2360."""

    async def work(connection: Connection) -> Row:
        await parent_of(connection, parent_id)
        return await one(connection, context, parent_id, sid)

    return await context.database.run(work)


async def _move(
    context: Context, connection: Connection, parent: Row, child: int, amount: Decimal, reference: str, by: str
) -> tuple[Decimal, Decimal]:
    """Move credits from the parent to the child (negative: back). Raises RBC2316, RBC2317, RBC2349."""
    now = context.clock.now()
    try:
        if amount < 0:
            own, parents = await transfer(connection, child, parent["id"], -amount, reference, now, by)
        else:
            parents, own = await transfer(connection, parent["id"], child, amount, reference, now, by)
    except Overdrawn:
        if amount < 0:
            raise StrowgerError("RBC2349", field="amount") from None
        code = "RBC2316" if parent["kind"] == "postpaid" else "RBC2317"
        raise StrowgerError(code, field="credit_amount") from None
    return own, parents


async def create(context: Context, actor: Actor, params: Params, finish: Finish | None = None) -> Made:
    """Make a sub-account: account, owner, first key, credit, all in one transaction. Raises the codes of platform.md 3.7."""

    async def work(connection: Connection) -> Made:
        parent = await parent_of(connection, actor.parent_id)
        new = read_new(params, context.settings.pod, parent["kind"])
        await repository.lock_parent(connection, actor.parent_id)
        await _check_place(connection, parent, new)
        made = await _make(context, connection, actor, parent, new)
        if finish is not None:
            await finish(connection, made)
        return made

    try:
        return await context.database.run(work)
    except asyncpg.UniqueViolationError as clash:
        raise StrowgerError("RBC2357", field="email") from clash


async def _check_place(connection: Connection, parent: Row, new: NewSubaccount) -> None:
    kind = parent["settings"].get("customer_kind")
    if kind is not None and kind not in KINDS:
        raise StrowgerError("RBC2326")
    domain = (parent["email"] or "").rpartition("@")[2].lower()
    if kind == "enterprise" and domain and new.email.rpartition("@")[2] != domain:
        raise StrowgerError("RBC2322", f"Must end in @{domain}", field="email")
    if await repository.count(connection, parent["id"]) >= MAX_SUBACCOUNTS:
        raise StrowgerError("RBC2320", f"An account has at most {MAX_SUBACCOUNTS} sub-accounts")
    if await repository.name_taken(connection, parent["id"], new.name):
        raise StrowgerError("RBC2356", field="account_name")
    if await repository.email_taken(connection, new.email):
        raise StrowgerError("RBC2357", field="email")


async def _make(context: Context, connection: Connection, actor: Actor, parent: Row, new: NewSubaccount) -> Made:
    now, number = context.clock.now(), await repository.next_number(connection, parent["id"])
    sid, settings = f"{parent['sid']}_{number}", {"channels": list(new.channels)}
    account = await repository.add_account(
        connection, sid, new.name, new.country, parent["currency"], parent["time_zone"], settings, parent["id"], now
    )
    await repository.add_user(connection, account, new.email, new.name)
    key = keys.seal_key(context)
    await repository.add_key(connection, account, "first key", key.digest, key.sealed, key.hint, now)
    shared = new.credit_type == SHARED
    await billing.open_wallet(
        connection, account, Decimal(0), SHARED if shared else "prepaid", parent["id"] if shared else None
    )
    status = "invited" if new.is_invited else "active"
    await repository.add(
        connection, account, parent["id"], number, new.name, new.email, new.credit_type, status, list(new.channels), now
    )  # fmt: skip
    if new.alert:
        await repository.set_alert(connection, account, new.alert.limit, new.alert.emails)
    if new.monthly_limit is not None:
        await repository.set_month_limit(connection, account, new.monthly_limit)
    if new.margin:
        await repository.set_margin(connection, account, new.margin)
    if new.ip_config:
        await _put_config(connection, parent["id"], account, new.ip_config)
    if new.credit:
        await _move(context, connection, parent, account, new.credit, "initial credit", actor.name)
    link = await new_link(context, connection, account) if new.is_invited else ""
    await _record(context, connection, actor, account, "created", credit_type=new.credit_type, credit=str(new.credit))
    await notify(connection, "accounts")
    row = await one(connection, context, parent["id"], sid)
    if link:
        await send_invitation(context, connection, row, parent["name"], link)
    return Made(row, key.text, link)


async def _put_config(connection: Connection, parent_id: int, account_id: int, name: str) -> None:
    """Put an IP configuration on the keys that there are and on those to come. Raises RBC2363."""
    found = await put_on_keys(connection, parent_id, account_id, name)
    await repository.set_ip_config(connection, account_id, found)


async def _record(
    context: Context, connection: Connection, actor: Actor, account_id: int, act: str, **detail: Any
) -> None:
    await repository.add_event(
        connection, actor.parent_id, account_id, context.clock.now(), act, actor.name, actor.ip, **detail
    )


async def _lock(connection: Connection, actor: Actor, sid: str, *states: str) -> tuple[Row, Row]:
    """Parent and sub-account, locked, in one of the states. Raises RBC2358, RBC2359, RBC2360."""
    parent = await parent_of(connection, actor.parent_id)
    row = await repository.lock_one(connection, actor.parent_id, sid)
    if row is None:
        raise StrowgerError("RBC2358", field="subaccount_sid")
    if row["status"] not in states:
        raise StrowgerError("RBC2359", f"It is {row['status']}", field="subaccount_sid")
    return parent, row


async def change(context: Context, actor: Actor, sid: str, params: Params) -> Row:
    """Change what is passed. ``credit_amount`` is the new balance: the difference moves. Raises the codes of 3.7."""

    async def work(connection: Connection) -> Row:
        parent, row = await _lock(connection, actor, sid, "invited", "active", "suspended")
        changes = read_changes(params, row["credit_type"])
        await _change(context, connection, actor, parent, row, changes)
        await notify(connection, "accounts")
        return await one(connection, context, actor.parent_id, sid)

    return await context.database.run(work)


async def _change(
    context: Context, connection: Connection, actor: Actor, parent: Row, row: Row, changes: Changes
) -> None:
    account = row["account_id"]
    detail: dict[str, Any] = {}
    if "account_name" in changes.given and changes.name != row["name"]:
        if await repository.name_taken(connection, parent["id"], changes.name, account):
            raise StrowgerError("RBC2356", field="account_name")
        await repository.rename(connection, account, changes.name)
        detail["name"] = [row["name"], changes.name]
    if changes.credit is not None:
        purses = await billing.lock_purses(connection, [account, parent["id"]])
        difference = changes.credit - purses[account].balance
        if difference:
            await _move(context, connection, parent, account, difference, "balance set", actor.name)
            detail["balance"] = [str(purses[account].balance), str(changes.credit)]
    if "low_balance_alert" in changes.given:
        alert = changes.alert
        await repository.set_alert(connection, account, alert.limit if alert else None, alert.emails if alert else ())
        detail["alert"] = str(alert.limit) if alert else "off"
    if "monthly_limit" in changes.given:
        await repository.set_month_limit(connection, account, changes.monthly_limit)
        detail["monthly_limit"] = changes.monthly_limit
    if "margin" in changes.given:
        await repository.set_margin(connection, account, changes.margin)
        detail["margin"] = str(changes.margin)
    if "ip_config_name" in changes.given:
        await _put_config(connection, parent["id"], account, changes.ip_config)
        detail["ip_config"] = changes.ip_config
    await _record(context, connection, actor, account, "edited", **detail)


async def recharge(
    context: Context, actor: Actor, sid: str, amount: Decimal, finish: Finish | None = None
) -> tuple[Decimal, Decimal]:
    """Move credits to a sub-account (negative: back). Returns its balance and the parent's.

    Raises RBC2316, RBC2317, RBC2349, RBC2354, RBC2358, RBC2359, RBC2360.
    """

    async def work(connection: Connection) -> tuple[Decimal, Decimal]:
        parent, row = await _lock(connection, actor, sid, "invited", "active")
        if row["credit_type"] != ASSIGNED:
            raise StrowgerError("RBC2354", field="amount")
        balances = await _move(context, connection, parent, row["account_id"], amount, "recharge", actor.name)
        await _record(context, connection, actor, row["account_id"], "recharged", amount=str(amount))
        if finish is not None:
            await finish(connection, balances)
        return balances

    try:
        return await context.database.run(work)
    except StrowgerError as problem:
        if problem.code in ("RBC2316", "RBC2317"):
            problem.field = "amount"
        raise


async def _changed(connection: Connection, context: Context, parent_id: int, sid: str) -> Row:
    """The sub-account with its new status, which is told to every process and to the parent's server."""
    await notify(connection, "accounts")
    row = await one(connection, context, parent_id, sid)
    await events.tell_status(connection, parent_id, row, context.clock.now())
    return row


async def suspend(context: Context, actor: Actor, sid: str) -> Row:
    """Stop sends and sign-in; the balance stays. Raises RBC2358, RBC2359, RBC2360."""

    async def work(connection: Connection) -> Row:
        _, row = await _lock(connection, actor, sid, "invited", "active")
        await repository.set_status(connection, row["account_id"], "suspended", "suspended")
        await repository.end_sessions(connection, row["account_id"])
        await _record(context, connection, actor, row["account_id"], "suspended", was=row["status"])
        return await _changed(connection, context, actor.parent_id, sid)

    return await context.database.run(work)


async def resume(context: Context, actor: Actor, sid: str) -> Row:
    """Bring a suspended sub-account back. Raises RBC2358, RBC2359, RBC2360."""

    async def work(connection: Connection) -> Row:
        _, row = await _lock(connection, actor, sid, "suspended")
        joined = not row["was_invited"] or await repository.has_joined(connection, row["account_id"])
        await repository.set_status(connection, row["account_id"], "active" if joined else "invited", "active")
        await _record(context, connection, actor, row["account_id"], "resumed")
        return await _changed(connection, context, actor.parent_id, sid)

    return await context.database.run(work)


async def delete(context: Context, actor: Actor, sid: str, *, only_empty: bool = False) -> Row:
    """End a sub-account: credit, numbers and senders go to the parent, keys and users end. Its data stays.

    ``only_empty`` (the console) wants it suspended and without balance. Raises RBC2358, RBC2359, RBC2360.
    """

    async def work(connection: Connection) -> Row:
        states = ("suspended",) if only_empty else ("invited", "active", "suspended")
        parent, row = await _lock(connection, actor, sid, *states)
        account = row["account_id"]
        purses = await billing.lock_purses(connection, [account, parent["id"]])
        balance = purses[account].balance
        if balance and only_empty:
            raise StrowgerError("RBC2359", "It still has a balance", field="subaccount_sid")
        if balance > 0:
            await _move(context, connection, parent, account, -balance, "deleted", actor.name)
        await repository.set_status(connection, account, "deleted", "closed", context.clock.now())
        await repository.end_sessions(connection, account)
        await repository.wind_up(connection, account, parent["id"])
        await _record(context, connection, actor, account, "deleted", returned=str(balance))
        return await _changed(connection, context, actor.parent_id, sid)

    return await context.database.run(work)


async def set_channels(context: Context, actor: Actor, sid: str, channels: list[str]) -> None:
    """Say which services a sub-account may use. Raises RBC2358, RBC2359, RBC2360."""

    async def work(connection: Connection) -> None:
        _, row = await _lock(connection, actor, sid, "invited", "active", "suspended")
        if set(row["channels"]) != set(channels):
            await repository.set_channels(connection, row["account_id"], channels)
            detail = {"was": row["channels"], "services": channels}
            await _record(context, connection, actor, row["account_id"], "services", **detail)
            await notify(connection, "accounts")

    await context.database.run(work)


async def set_day_cap(context: Context, actor: Actor, sid: str, cap: Decimal | None) -> None:
    """Say what a sub-account may spend in a day; None: no cap. Raises RBC2358, RBC2359, RBC2360."""

    async def work(connection: Connection) -> None:
        _, row = await _lock(connection, actor, sid, "invited", "active", "suspended")
        await repository.set_day_cap(connection, row["account_id"], cap)
        await _record(context, connection, actor, row["account_id"], "spend cap", cap=None if cap is None else str(cap))

    await context.database.run(work)


async def invite(context: Context, actor: Actor, sid: str) -> str:
    """Mail a new invitation for 72 hours; returns its link. An earlier one ends. Raises RBC2358, RBC2359, RBC2360."""

    async def work(connection: Connection) -> str:
        parent, row = await _lock(connection, actor, sid, "invited", "active")
        if await repository.has_joined(connection, row["account_id"]):
            raise StrowgerError("RBC2359", "Its owner has a password already", field="subaccount_sid")
        if row["status"] == "active":
            await repository.set_status(connection, row["account_id"], "invited", "active")
        await _record(context, connection, actor, row["account_id"], "invited")
        link = await new_link(context, connection, row["account_id"])
        made = await one(connection, context, actor.parent_id, sid)
        await send_invitation(context, connection, made, parent["name"], link)
        return link

    return await context.database.run(work)


async def join(context: Context, token: str, row: Row, name: str, password_hash: str) -> bool:
    """Take an invitation. False when it has just been taken."""

    async def work(connection: Connection) -> bool:
        taken = await repository.join(connection, row["account_id"], name, password_hash, token_hash(token))
        if taken:
            actor = Actor(row["parent_id"], row["email"])
            await _record(context, connection, actor, row["account_id"], "joined")
            await _changed(connection, context, row["parent_id"], row["sid"])
        return taken

    return await context.database.run(work)


async def reveal_key(context: Context, actor: Actor, row: Row) -> str | None:
    """The first active key in clear, for the parent; written to the record."""

    async def work(connection: Connection) -> Row | None:
        found = await repository.first_key(connection, row["account_id"])
        if found is not None:
            await _record(context, connection, actor, row["account_id"], "key revealed")
        return found

    found = await context.database.run(work)
    return keys.open_key(context, found["key_hash"], found["key_sealed"]) if found else None
