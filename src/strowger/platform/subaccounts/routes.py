"""The routes of the sub-accounts API, each with its description (platform.md 3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from strowger.console.visitor import NUMBERS
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway import rbc
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Answer, Call, Handler, Operation
from strowger.platform.gateway.params import Params, as_text, read_whole
from strowger.platform.gateway.table import add_operations
from strowger.platform.subaccounts import descriptions as d
from strowger.platform.subaccounts import repository, service
from strowger.platform.subaccounts.schemas import public_object, read_amount, read_switch

register_errors("strowger.platform.subaccounts")
STATUSES = ("invited", "active", "suspended", "deleted")
MAX_PAGE = 100
LISTS = ("channels", "low_balance_alert_emails", "lba_emails")


def _actor(call: Call) -> service.Actor:
    return service.Actor(call.principal.account_id, f"API key {call.principal.key_id}")


def _params(call: Call) -> Params:
    """The parameters; in a form a list of one arrives as a text."""
    if not call.spaced:
        return call.params
    lists = {name: [value] for name in LISTS if isinstance(value := call.params.get(name), str)}
    return {**call.params, **lists}


def _sid(call: Call) -> str:
    return str(call.path_params["subaccount_sid"])


async def _wants_keys(call: Call) -> bool:
    """Whether keys are shown in clear: with one, everything can be done that a sub-account may, so reading is not enough.

    It reads whole numbers, too, and so is kept from a key from which they are hidden.
    """
    asked = read_switch(call.params, "reveal_key", False)
    if asked:
        call.require("subaccounts.write", "reveal_key")
        if call.principal.numbers_hidden:
            call.require(NUMBERS, "reveal_key")
    shown = bool(call.principal.settings.get("subaccount_key_in_get"))
    return (asked or shown) and call.may("subaccounts.write") and not call.principal.numbers_hidden


async def create_subaccount(call: Call) -> Answer:
    """Make a sub-account; its key and invitation are shown only in this answer."""

    async def keep(connection: Any, made: service.Made) -> None:
        # The key in clear is nowhere kept: a repeated call gets it masked.
        await rbc.keep_answer(connection, call, rbc.success(public_object(made.row), 201))

    made = await service.create(call.context, _actor(call), _params(call), keep)
    hidden = call.principal.numbers_hidden  # who does not see whole numbers gets no key and no session that would
    data = public_object(made.row, None if hidden else made.key)
    if made.invitation and not hidden:
        data["invitation_url"] = made.invitation
    return rbc.success(data, 201)


async def list_subaccounts(call: Call) -> Answer:
    """All sub-accounts of the account, page by page."""
    context, parent = call.context, call.principal.account_id
    page, limit = read_whole(call.params, "page", 1, 10_000), read_whole(call.params, "limit", 25, MAX_PAGE)
    status = as_text(call.params, "status")
    if status is not None and status not in STATUSES:
        raise StrowgerError("E400", f"Must be one of {', '.join(STATUSES)}", field="status")
    search, reveal = as_text(call.params, "search"), await _wants_keys(call)

    async def work(connection: Any) -> list[Any]:
        await service.parent_of(connection, parent)
        now, offset = context.clock.now(), (page - 1) * limit
        return list(await repository.page(connection, parent, now, status, search, limit, offset))

    rows = await context.database.run(work)
    keys = [await service.reveal_key(context, _actor(call), row) if reveal else None for row in rows]
    return rbc.success([public_object(row, key) for row, key in zip(rows, keys, strict=True)])


async def get_subaccount(call: Call) -> Answer:
    """One sub-account."""
    row = await service.get(call.context, call.principal.account_id, _sid(call))
    key = await service.reveal_key(call.context, _actor(call), row) if await _wants_keys(call) else None
    return rbc.success(public_object(row, key))


async def change_subaccount(call: Call) -> Answer:
    """Change what is passed."""
    return rbc.success(public_object(await service.change(call.context, _actor(call), _sid(call), _params(call))))


async def recharge_subaccount(call: Call) -> Answer:
    """Move credits to or, negative, from a sub-account."""
    amount = read_amount(call.params)

    def answer(balances: tuple[Decimal, Decimal]) -> Answer:
        own, parents = balances
        return rbc.success({"sid": _sid(call), "balance": float(own), "parent_balance": float(parents)})

    async def keep(connection: Any, balances: tuple[Decimal, Decimal]) -> None:
        await rbc.keep_answer(connection, call, answer(balances))

    return answer(await service.recharge(call.context, _actor(call), _sid(call), amount, keep))


async def suspend_subaccount(call: Call) -> Answer:
    """Stop sends and sign-in."""
    return rbc.success(public_object(await service.suspend(call.context, _actor(call), _sid(call))))


async def resume_subaccount(call: Call) -> Answer:
    """Bring a suspended sub-account back."""
    return rbc.success(public_object(await service.resume(call.context, _actor(call), _sid(call))))


async def delete_subaccount(call: Call) -> Answer:
    """End a sub-account; its credit goes to the parent."""
    row = await service.delete(call.context, _actor(call), _sid(call))
    return rbc.success(public_object(row), code="RBC2347", message="Account deleted successfully!")


def _operation(
    method: str, tail: str, name: str, summary: str, text: str, handler: Handler, codes: tuple[str, ...], **more: Any
) -> Operation:
    below = (d.SID,) if tail else ()
    settings = {"result": rbc.envelope(d.OBJECT), "example": rbc.body(d.EXAMPLE), **more}
    return Operation(
        method, "/{sid}/subaccounts" + tail, name, summary, text, handler, path_parameters=below, codes=(*codes, *rbc.CODES),
        tag="Sub-accounts", area="platform", failure=rbc.failure,
        permission="subaccounts.read" if method == "GET" else "subaccounts.write", **settings,
    )  # fmt: skip


ONE = "/{subaccount_sid}"
OPERATIONS = [
    _operation(
        "POST", "", "create_subaccount", "Create a sub-account",
        "Makes an account below this one, with an owner, a first API key and, when assigned, credit moved from this account.",
        create_subaccount, d.CREATE_CODES, parameters=d.CREATE, status=201,
        example=rbc.body({**d.EXAMPLE, "invitation_url": "https://example.net/join/token"}, 201), idempotent=True,
    ),
    _operation(
        "GET", "", "list_subaccounts", "List sub-accounts", "All sub-accounts but deleted ones, in the order of their numbers.",
        list_subaccounts, ("RBC2323", "RBC2360"), parameters=d.LIST, result=rbc.envelope({"type": "array", "items": d.OBJECT}),
        example=rbc.body([d.EXAMPLE]),
    ),
    _operation(
        "GET", ONE, "get_subaccount", "One sub-account", "Status, services and credit of a sub-account.", get_subaccount,
        d.ONE_CODES, parameters=d.REVEAL,
    ),
    _operation(
        "PATCH", ONE, "change_subaccount", "Change a sub-account",
        "Only what is passed changes. E-mail address, channels, country and credit type are fixed.", change_subaccount,
        d.CHANGE_CODES, parameters=d.CHANGE,
    ),
    _operation(
        "POST", ONE + "/recharges", "recharge_subaccount", "Recharge a sub-account",
        "Moves credits from this account to the sub-account; a negative amount moves them back.", recharge_subaccount,
        d.RECHARGE_CODES, parameters=(d.AMOUNT_FIELD,), result=rbc.envelope(d.RECHARGED),
        example=rbc.body({"sid": "HXEU0000000001GB_1", "balance": 1700.5, "parent_balance": 8300}), idempotent=True,
    ),
    _operation(
        "POST", ONE + "/suspend", "suspend_subaccount", "Suspend a sub-account", "Sends and sign-in stop; the balance stays.",
        suspend_subaccount, d.STATE_CODES,
    ),
    _operation(
        "POST", ONE + "/resume", "resume_subaccount", "Resume a sub-account", "Brings a suspended sub-account back.",
        resume_subaccount, d.STATE_CODES,
    ),
    _operation(
        "DELETE", ONE, "delete_subaccount", "Delete a sub-account",
        "Keys and users end; credit, numbers and senders go to this account. Its messages stay as long as any.",
        delete_subaccount, d.STATE_CODES,
        example=rbc.body({**d.EXAMPLE, "status": "deleted", "balance": 0}, 200, "RBC2347", "Account deleted successfully!"),
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
