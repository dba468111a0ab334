"""Developers > IP Configuration: named sets of networks, which keys and sub-accounts use (console.md 5.4)."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu, palette
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import Action, AnyRequest, Crumb, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, ListSource, Row, RowAction, Table
from strowger.foundation.context import Context
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.keys import read_networks
from strowger.platform.ip_configs import service
from strowger.platform.ip_configs.errors import ConfigProblem, InUse, NoSuchConfig

LIST = "/developers/ip-configs"
CRUMBS = [Crumb("IP Configuration", LIST)]
Answer = Response[Any]

menu.register("Developers", "IP Configuration", LIST, "network", 15)
palette.register_action("Create an IP configuration", f"{LIST}/new", "network")


def _networks(text: str) -> list[str]:
    try:
        return read_networks(text)
    except AccountProblem as problem:
        raise Invalid(str(problem)) from None


FIELDS = (
    Field("name", "Name", required=True, max_length=service.MAX_NAME, help="For example the office or the data centre."),
    Field(
        "networks", "Addresses and networks", "textarea", required=True, parse=_networks, rows=5, max_length=4000,
        help="IPv4 or IPv6 addresses or networks (CIDR), one per line, at most 50.",
    ),
)  # fmt: skip
CREATE = Form("create-ip-config", FIELDS, submit="Create IP configuration", action=f"{LIST}/new", cancel=LIST)
EDIT = Form("edit-ip-config", FIELDS, submit="Save IP configuration", cancel=LIST)


def _path(row: Row, act: str = "") -> str:
    return f"{LIST}/{row['id']}{act}"


CONFIGS = Table(
    "ip-configs",
    columns=(
        Column("name", "Name", sort=True, href=_path),
        Column("networks", "Addresses and networks", "mono", value=lambda row: ", ".join(row["networks"])),
        Column("used_by", "Used by keys", "number", sort=True),
        Column("changed_at", "Changed", "time", sort=True),
        Column("created_at", "Created", "time", sort=True, shown=False),
    ),
    search="Search by name or address",
    sort="name",
    empty=Empty(
        "No IP configurations yet",
        "A named set of addresses that keys and sub-accounts share: change it here, and it counts for all of them.",
        Action("Create IP configuration", f"{LIST}/new", "plus"),
    ),
    row_actions=(
        RowAction("Edit", _path, "pencil"),
        RowAction(
            "Delete", lambda row: _path(row, "/delete"), "trash", "POST", danger=True, when=lambda row: not row["used_by"],
            confirm=lambda row: f"“{row['name']}” goes for good. No key uses it.",
        ),
    ),
)  # fmt: skip


def config_source(context: Context) -> ListSource:
    """The sets of an account as rows of the table."""

    async def rows(account_id: int) -> list[Row]:
        found = await service.list_configs(context, account_id)
        return [{**row, "addresses": " ".join(row["networks"])} for row in found]

    return ListSource(rows, searched=("name", "addresses"))


async def _form(request: AnyRequest, form: FormState, title: str, using: list[str] | None = None) -> Answer:
    return await render(
        request, "ip_configs/form.html", title=title, crumbs=CRUMBS, form=form, status=form.status, using=using
    )


@page(LIST, permission="developers.read")
async def list_configs(request: AnyRequest, visitor: Visitor) -> Answer:
    """The account's sets."""
    return await CONFIGS.respond(
        request, visitor, config_source(context_of(request)), title="IP Configuration",
        actions=[Action("Create IP configuration", f"{LIST}/new", "plus", primary=True, key="c")],
    )  # fmt: skip


@page(f"{LIST}/new", methods=["GET", "POST"], permission="developers.write")
async def new_config(request: AnyRequest, visitor: Visitor) -> Answer:
    """Make a set."""
    if request.method == "GET":
        return await _form(request, CREATE.blank(visitor), "Create IP configuration")
    form = await CREATE.read(request, visitor)
    if form.ok:
        try:
            await service.create(context_of(request), visitor.account_id, form["name"], form["networks"])
        except ConfigProblem as problem:
            form.fail(problem.field, str(problem))
        else:
            return redirect(request, LIST, f"“{form['name']}” created. Choose it in a key or a sub-account.")
    return await _form(request, form, "Create IP configuration")


async def _found(request: AnyRequest, visitor: Visitor, config_id: int) -> tuple[Any, list[str]]:
    context = context_of(request)
    try:
        found = await service.get(context, visitor.account_id, config_id)
    except NoSuchConfig:
        raise NotFoundException from None
    return found, await service.users(context, visitor.account_id, config_id)


@page(f"{LIST}/{{config_id:int}}", permission="developers.read")
async def show_config(request: AnyRequest, visitor: Visitor, config_id: int) -> Answer:
    """The form that changes a set."""
    found, using = await _found(request, visitor, config_id)
    form = EDIT.blank(visitor, name=found["name"], networks="\n".join(found["networks"]))
    return await _form(request, form, found["name"], using)


@page(f"{LIST}/{{config_id:int}}", methods=["POST"], permission="developers.write")
async def change_config(request: AnyRequest, visitor: Visitor, config_id: int) -> Answer:
    """Change a set, for every key that uses it."""
    context = context_of(request)
    found, using = await _found(request, visitor, config_id)
    form = await EDIT.read(request, visitor)
    if form.ok:
        try:
            await service.change(context, visitor.account_id, config_id, form["name"], form["networks"])
        except ConfigProblem as problem:
            form.fail(problem.field, str(problem))
        else:
            return redirect(request, LIST, f"“{form['name']}” saved. It counts within seconds.")
    return await _form(request, form, found["name"], using)


@page(f"{LIST}/{{config_id:int}}/delete", methods=["POST"], permission="developers.write")
async def delete_config(request: AnyRequest, visitor: Visitor, config_id: int) -> Answer:
    """Delete a set that no key uses."""
    try:
        await service.delete(context_of(request), visitor.account_id, config_id)
    except InUse as problem:
        return redirect(request, LIST, str(problem), "danger")
    except NoSuchConfig:
        raise NotFoundException from None
    return redirect(request, LIST, "IP configuration deleted.")


pages: list[Any] = [list_configs, new_config, show_config, change_config, delete_config]
