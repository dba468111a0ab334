"""The SMPP page: where to bind, who may, who is bound now, and what waits to be delivered."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import NotFoundException

from strowger.channels.sms.smpp_access import repository, service
from strowger.channels.sms.smpp_access.models import SmppUser
from strowger.channels.sms.smpp_access.user_forms import CHECKS, CREATE, EDIT, LIST, limits_of, shown
from strowger.console import menu, palette
from strowger.console.form import FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Page, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, ListSource, Row, RowAction, Table
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError

READ, WRITE = "developers.read", "developers.write"
CRUMBS = [Crumb("SMPP", LIST)]
STATES = {"active": "Active", "disabled": "Disabled"}
COMMANDS = """strowger smpp-user create billing --window 50 --tps 200
strowger smpp-user list
strowger smpp-user remove billing"""
KANNEL = """group = smsc
smsc = smpp
smsc-id = strowger
host = {host}
port = {port}
transceiver-mode = true
smsc-username = {system_id}
smsc-password = {password}
system-type = smpp
enquire-link-interval = 60
max-pending-submits = {window}"""
SHOWN_ONCE = "Copy the password now: it is shown only once."

menu.register("Developers", "SMPP", LIST, "plug-connected", 40)
palette.register_action("Create an SMPP user", f"{LIST}/new", "plug-connected")


def _path(row: Row, act: str = "") -> str:
    return f"{LIST}/{row['id']}{act}"


def _may(row: Row) -> bool:
    return bool(row["may_change"])


USERS = Table(
    "smpp-users",
    columns=(
        Column("system_id", "System ID", "mono", sort=True, href=lambda row: _path(row) if _may(row) else None),
        Column("label", "Label", sort=True),
        Column("state", "State", "status", label_of=STATES.__getitem__, tone={"active": "success", "disabled": "neutral"}),
        Column("binds", "Binds", value=lambda row: f"{row['bound']} of {row['max_binds']}"),
        Column("waiting", "Waiting", "number", sort=True),
        Column("window", "Window", "number", sort=True),
        Column("tps", "Per second", value=lambda row: str(row["tps"] or "No limit")),
        Column("networks", "Allowed from", value=lambda row: ", ".join(row["networks"]) or "Everywhere"),
        Column("last_bound_at", "Last bound", "time", sort=True),
        Column("last_address", "Last address", "mono", shown=False),
        Column("created_at", "Created", "time", sort=True, shown=False),
    ),
    filters=(Filter("state", "State", "multi", tuple(STATES.items())),),
    search="Search by system ID or label",
    sort="system_id",
    empty=Empty(
        "No SMPP users yet",
        "A program that speaks SMPP 3.4 binds here with a system ID and a password. Make one for each program.",
        Action("Create SMPP user", f"{LIST}/new", "plus"),
        "strowger smpp-user create billing",
    ),
    row_actions=(
        RowAction("Edit", _path, "pencil", when=_may),
        RowAction(
            "Rotate password", lambda row: _path(row, "/rotate"), "refresh", "POST", when=_may,
            confirm=lambda row: f"“{row['system_id']}” gets a new password. Binds made with the old one end now.",
        ),
        RowAction(
            "Disable", lambda row: _path(row, "/off"), "ban", "POST", danger=True,
            when=lambda row: _may(row) and row["state"] == "active",
            confirm=lambda row: f"The binds of “{row['system_id']}” end now. What waits for it is kept for 72 hours.",
        ),
        RowAction(
            "Enable", lambda row: _path(row, "/on"), "check", "POST",
            when=lambda row: _may(row) and row["state"] == "disabled",
        ),
        RowAction(
            "Remove", lambda row: _path(row, "/remove"), "trash", "POST", danger=True, when=_may,
            confirm=lambda row: f"The binds of “{row['system_id']}” end now, and what waits for it ({row['waiting']}) is dropped.",
        ),
    ),
)  # fmt: skip


def _row(item: service.LiveUser, may_change: bool) -> Row:
    user = item.user
    return {
        "id": user.id, "system_id": user.system_id, "label": user.label, "state": "active" if user.active else "disabled",
        "bound": len(item.binds), "max_binds": user.max_binds, "window": user.window_size, "tps": user.tps,
        "networks": user.networks, "waiting": item.waiting, "last_bound_at": user.last_bound_at,
        "last_address": user.last_address, "created_at": user.created_at, "may_change": may_change,
    }  # fmt: skip


def _source(context: Context, may_change: bool) -> ListSource:
    async def rows(account_id: int) -> list[Row]:
        return [_row(item, may_change) for item in await service.live_users(context, account_id)]

    return ListSource(rows, searched=("system_id", "label"))


async def _facts(request: AnyRequest, visitor: Visitor) -> dict[str, Any]:
    """What stands around the list: where to bind, an example, the binds that stand."""
    context = context_of(request)
    host, port, tls_port = service.address_of(context.settings)
    live = await service.live_users(context, visitor.account_id)
    example = KANNEL.format(host=host, port=port, system_id="SYSTEM_ID", password="PASSWORD", window=10)  # noqa: S106
    return {
        "host": host, "port": port, "tls_port": tls_port, "example": example, "live": live, "commands": COMMANDS,
        "served": context.settings.smpp_access, "counted": service.COUNTED,
    }  # fmt: skip


@page(LIST, permission=READ)
async def list_users(request: AnyRequest, visitor: Visitor) -> Page:
    """The account's SMPP users, their binds and queues, and how to connect."""
    context = context_of(request)
    may_change = visitor.may(WRITE)
    wanted = await context.database.run(lambda c: repository.sync_checks(c, visitor.account_id))
    return await USERS.respond(
        request, visitor, _source(context, may_change), title="SMPP", template="smpp_access/users.html",
        actions=[Action("Create SMPP user", f"{LIST}/new", "plus", primary=True, key="c")] if may_change else [],
        checks=CHECKS.blank(visitor, wanted=wanted), may_change=may_change, **await _facts(request, visitor),
    )  # fmt: skip


@page(f"{LIST}/state", permission=READ)
async def live_state(request: AnyRequest, visitor: Visitor) -> Page:
    """The part that renews itself."""
    return await render(request, "smpp_access/binds.html", **await _facts(request, visitor))


async def _form(request: AnyRequest, form: FormState, title: str) -> Page:
    return await render(request, "console/form_page.html", title=title, crumbs=CRUMBS, form=form, status=form.status)


async def _show_once(request: AnyRequest, made: service.NewUser, user: SmppUser, title: str) -> Page:
    host, port, tls_port = service.address_of(context_of(request).settings)
    example = KANNEL.format(
        host=host, port=port, system_id=made.system_id, password=made.password, window=user.window_size
    )
    return await render(
        request, "smpp_access/shown.html", title=title, crumbs=CRUMBS, made=made, host=host, port=port, tls_port=tls_port,
        example=example, text=SHOWN_ONCE,
    )  # fmt: skip


@page(f"{LIST}/new", permission=WRITE)
async def new_user(request: AnyRequest, visitor: Visitor) -> Page:
    """The form of a new user."""
    return await _form(request, CREATE.blank(visitor), "Create SMPP user")


@page(f"{LIST}/new", methods=["POST"], permission=WRITE)
async def create_user(request: AnyRequest, visitor: Visitor) -> Page:
    """Make a user and show its password, once."""
    context, form = context_of(request), await CREATE.read(request, visitor)
    if not form.ok:
        return await _form(request, form, "Create SMPP user")
    try:
        made = await service.create_user(
            context, visitor.account_id, form["system_id"], label=form["label"], networks=form["networks"] or [],
            limits=limits_of(form),
        )  # fmt: skip
    except StrowgerError as problem:
        form.fail(problem.field or "", f"{problem.detail}.")
        return await _form(request, form, "Create SMPP user")
    user = await service.get_user(context, visitor.account_id, made.id)
    return await _show_once(request, made, user, "SMPP user created")


async def _found(request: AnyRequest, visitor: Visitor, user_id: int) -> SmppUser:
    try:
        return await service.get_user(context_of(request), visitor.account_id, user_id)
    except (StrowgerError, OverflowError):
        raise NotFoundException from None


@page(f"{LIST}/{{user_id:int}}", permission=WRITE)
async def show_user(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """The form that changes a user."""
    user = await _found(request, visitor, user_id)
    return await _form(request, EDIT.blank(visitor, **shown(user)), user.system_id)


@page(f"{LIST}/{{user_id:int}}", methods=["POST"], permission=WRITE)
async def change_user(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """Rename and limit."""
    user = await _found(request, visitor, user_id)
    form = await EDIT.read(request, visitor)
    if not form.ok:
        return await _form(request, form, user.system_id)
    await service.change_user(
        context_of(request), visitor.account_id, user_id, label=form["label"], networks=form["networks"] or [],
        limits=limits_of(form),
    )  # fmt: skip
    return redirect(request, LIST, f"SMPP user {user.system_id} saved.")


@page([f"{LIST}/{{user_id:int}}/on", f"{LIST}/{{user_id:int}}/off"], methods=["POST"], permission=WRITE)
async def switch_user(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """Enable or disable a user."""
    user = await _found(request, visitor, user_id)
    active = request.url.path.endswith("/on")
    await service.set_active(context_of(request), visitor.account_id, user_id, active)
    return redirect(request, LIST, f"SMPP user {user.system_id} {'enabled' if active else 'disabled'}.")


@page(f"{LIST}/{{user_id:int}}/rotate", methods=["POST"], permission=WRITE)
async def rotate_password(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """Give a new password and show it, once."""
    user = await _found(request, visitor, user_id)
    made = await service.rotate_password(context_of(request), visitor.account_id, user_id)
    return await _show_once(request, made, user, "Password rotated")


@page(f"{LIST}/{{user_id:int}}/remove", methods=["POST"], permission=WRITE)
async def remove_user(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """Remove a user."""
    user = await _found(request, visitor, user_id)
    await service.remove_user(context_of(request), visitor.account_id, user_id)
    return redirect(request, LIST, f"SMPP user {user.system_id} removed.")


@page(f"{LIST}/checks", methods=["POST"], permission=WRITE)
async def set_checks(request: AnyRequest, visitor: Visitor) -> Page:
    """Switch smpp_sync_checks of the account."""
    form = await CHECKS.read(request, visitor)
    await context_of(request).database.run(
        lambda c: repository.set_sync_checks(c, visitor.account_id, bool(form["wanted"]))
    )
    return redirect(request, LIST, "Saved; it counts within seconds.")


pages: list[Any] = [
    list_users,
    live_state,
    new_user,
    create_user,
    show_user,
    change_user,
    switch_user,
    rotate_password,
    remove_user,
    set_checks,
]
