"""Pages of the team: members, invitations, roles, login history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu, palette
from strowger.console.form import Field, Form, FormState
from strowger.console.layout import Action, Crumb
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, ListSource, Row, RowAction, Table
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.platform.access import history, sign_in
from strowger.platform.access import repository as access
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.team import custom, experts, ownership_pages, service
from strowger.platform.team.roles import EXPERTS, PERMISSIONS, ROLES

LIST = "/settings/team"
menu.register("Settings", "Team", LIST, "users", 20, key="t")
menu.register("Settings", "Login History", f"{LIST}/history", "login-2", 30)
palette.register_action("Invite a member", f"{LIST}/invite", "user-plus")
TONES = {
    "active": "success", "invited": "info", "overdue": "warning", "disabled": "neutral", "expired": "neutral", "locked": "danger",
}  # fmt: skip


def _path(row: Row, act: str = "") -> str:
    return f"{LIST}/{row['id']}{act}"


MEMBERS = Table(
    "team",
    columns=(
        Column("name", "Name", sort=True, href=_path, image=lambda row: row["image"]),
        Column("email", "E-mail", sort=True),
        Column("role_name", "Role", sort=True),
        Column("state", "Status", "status", label_of=service.STATES.__getitem__, tone=TONES),
        Column("factor", "Second factor", value=lambda row: row["factor"] or None),
        Column("last_login_at", "Last sign-in", "time", sort=True),
        Column("access_until", "Access until", "time", shown=False),
        Column("created_at", "Created", "time", sort=True, shown=False),
    ),
    filters=(Filter("state", "Status", "multi", tuple(service.STATES.items())),),
    search="Search by name or e-mail",
    sort="name",
    empty=Empty("No members", "The people who may sign in to this account."),
    row_actions=(
        RowAction("Edit", _path, "pencil"),
        RowAction(
            "Send the invitation again", lambda row: _path(row, "/again"), "mail-forward", "POST",
            when=lambda row: row["state"] in {"invited", "overdue"},
        ),
        RowAction("Unlock", lambda row: _path(row, "/unlock"), "lock-open", "POST", when=lambda row: row["state"] == "locked"),
        RowAction(
            "Disable", lambda row: _path(row, "/off"), "ban", "POST", danger=True,
            when=lambda row: row["state"] in {"active", "locked", "expired"},
            confirm=lambda row: f"{row['name']} is signed out at once and cannot sign in. You can enable them again.",
        ),
        RowAction("Enable", lambda row: _path(row, "/on"), "check", "POST", when=lambda row: row["state"] == "disabled"),
        RowAction("Remove", lambda row: _path(row, "/remove"), "trash", danger=True),
    ),
)  # fmt: skip
HISTORY = Table(
    "login-history",
    columns=(
        Column("at", "When", "time"),
        Column("email", "E-mail"),
        Column("role", "Role", shown=False),
        Column("ip", "Address", "mono"),
        Column("user_agent", "Browser"),
        Column("method", "Method", label_of=lambda value: history.METHODS.get(value, value)),
        Column(
            "result", "Result", "status", label_of=lambda value: history.RESULTS.get(value, value),
            tone={"success": "success", "wrong-password": "warning", "wrong-code": "warning", "locked": "danger",
                  "disabled": "danger", "address": "danger"},
        ),
    ),
    filters=(
        Filter("at", "When", "time"),
        Filter("result", "Result", "multi", tuple(history.RESULTS.items())),
        Filter("method", "Method", "multi", tuple(history.METHODS.items())),
        Filter("email", "E-mail", "text"),
    ),
    search="E-mail or address",
    empty=Empty("Nobody has signed in yet", "Every attempt of a member to sign in, right or wrong, stands here for a year."),
)  # fmt: skip
NAME = Field("name", "Name", required=True, min_length=3, max_length=120)
LASTS = tuple((hours, f"{text} from now") for hours, text in experts.HOURS)
HOURS = Field(
    "hours", "Access ends", "select", default="24", options=(("", "Unchanged"), *LASTS),
    help="For experts only: then their access ends by itself and the owners get a report of what they did.",
)  # fmt: skip


def _role_field(options: list[tuple[str, str, str]]) -> Field:
    return Field("role", "Role", "radio", required=True, options=options)


async def _role_options(context: Context, visitor: Visitor) -> list[tuple[str, str, str]]:
    own = await custom.list_roles(context, visitor.account_id)
    built_in = [
        (role.key, role.name, role.text) for role in ROLES.values() if role.key != "owner" or visitor.role == "owner"
    ]
    return built_in + [(custom.key_of(role.id), role.name, f"{len(role.grants)} permissions") for role in own]


async def _invite_form(request: AnyRequest, visitor: Visitor) -> Form:
    options = await _role_options(context_of(request), visitor)
    email = Field("email", "E-mail", "email", required=True)
    hours = Field("hours", "Access ends", "select", default="24", options=LASTS, help=HOURS.help)
    return Form(
        "invite",
        (NAME, email, _role_field(options), hours),
        submit="Send invitation",
        action=f"{LIST}/invite",
        cancel=LIST,
    )


async def _edit_form(request: AnyRequest, visitor: Visitor) -> Form:
    options = await _role_options(context_of(request), visitor)
    return Form("member", (NAME, _role_field(options), HOURS), submit="Save member", cancel=LIST)


async def _show(request: AnyRequest, form: FormState, title: str, **variables: Any) -> Page:
    return await render(request, "team/member.html", title=title, form=form, status=form.status, **variables)


async def _member(request: AnyRequest, visitor: Visitor, user_id: int) -> Any:
    try:
        return await service.get_member(context_of(request), visitor.account_id, user_id)
    except service.NoSuchMember:
        raise NotFoundException from None


@page(LIST, permission="team.read")
async def team(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Everybody who may sign in, and who is invited."""
    context = context_of(request)
    source = ListSource(lambda account_id: service.members(context, account_id), searched=("name", "email"))
    actions = [
        Action("Transfer ownership", f"{LIST}/ownership", "crown"),
        Action("Roles", f"{LIST}/roles", "shield"),
        Action("Invite member", f"{LIST}/invite", "user-plus", primary=True, key="c"),
    ]
    return await MEMBERS.respond(request, visitor, source, title="Team", actions=actions)


@page(f"{LIST}/invite", permission="team.write")
async def invite_form(request: AnyRequest, visitor: Visitor) -> Page:
    """The form of an invitation."""
    form = await _invite_form(request, visitor)
    return await _show(request, form.blank(visitor, role="support"), "Invite a member")


@page(f"{LIST}/invite", methods=["POST"], permission="team.write")
async def invite(request: AnyRequest, visitor: Visitor) -> Page:
    """Invite a member by mail."""
    context = context_of(request)
    form = await (await _invite_form(request, visitor)).read(request, visitor)
    if form.ok:
        expert = form["role"] in EXPERTS
        until = context.clock.now() + timedelta(hours=int(form["hours"] or 24)) if expert else None
        try:
            if expert:
                experts.check_address(context, form["email"])
            await service.invite(context, visitor, form["email"], form["name"], form["role"], until)
        except service.NotYours as problem:
            form.fail("role", str(problem))
        except AccountProblem as problem:
            form.fail("email", str(problem))
        else:
            return redirect(request, LIST, f"An invitation is on its way to {form['email']}. It works for one hour.")
    return await _show(request, form, "Invite a member")


@page(f"{LIST}/{{user_id:int}}", permission="team.read")
async def member(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """A member, what their role grants, and the form that changes it."""
    found = await _member(request, visitor, user_id)
    form = await _edit_form(request, visitor)
    return await _member_page(request, visitor, found, form.blank(visitor, name=found.name, role=found.role, hours=""))


async def _member_page(request: AnyRequest, visitor: Visitor, found: Any, form: FormState) -> Page:
    role = await custom.find_role(context_of(request), visitor.account_id, found.role)
    return await _show(
        request,
        form,
        found.name,
        member=found,
        role=role,
        permissions=service.describe(role.grants),
        expert=found.role in EXPERTS,
    )


@page(f"{LIST}/{{user_id:int}}", methods=["POST"], permission="team.write")
async def change_member(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """Change a member's name, role or deadline."""
    context = context_of(request)
    found = await _member(request, visitor, user_id)
    form = await (await _edit_form(request, visitor)).read(request, visitor)
    if form.ok:
        until = found.access_until
        if form["role"] in EXPERTS and (form["hours"] or until is None):
            until = context.clock.now() + timedelta(hours=int(form["hours"] or 24))
        try:
            await service.change(context, visitor, user_id, form["name"], form["role"], until)
        except AccountProblem as problem:
            form.fail("role", str(problem))
        else:
            return redirect(request, LIST, f"{form['name']} saved.")
    return await _member_page(request, visitor, found, form)


@page([f"{LIST}/{{user_id:int}}/on", f"{LIST}/{{user_id:int}}/off"], methods=["POST"], permission="team.write")
async def switch_member(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """Enable or disable a member."""
    context = context_of(request)
    found = await _member(request, visitor, user_id)
    active = request.url.path.endswith("/on")
    try:
        if not active and found.role in EXPERTS:
            await experts.revoke(context, visitor.account_id, user_id)
        else:
            await service.set_active(context, visitor, user_id, active)
    except AccountProblem as problem:
        return redirect(request, LIST, str(problem), "danger")
    return redirect(request, LIST, f"{found.name} {'enabled' if active else 'disabled'}.")


@page(f"{LIST}/{{user_id:int}}/again", methods=["POST"], permission="team.write")
async def invite_again(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """Send an invitation again."""
    await _member(request, visitor, user_id)
    try:
        user = await service.invite_again(context_of(request), visitor, user_id)
    except AccountProblem as problem:
        return redirect(request, LIST, str(problem), "danger")
    return redirect(request, LIST, f"A new invitation is on its way to {user.email}.")


@page(f"{LIST}/{{user_id:int}}/unlock", methods=["POST"], permission="team.write")
async def unlock(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """Unlock a member who asked for too many codes."""
    found = await _member(request, visitor, user_id)
    await sign_in.unlock(context_of(request), visitor.account_id, user_id)
    return redirect(request, LIST, f"{found.name} may sign in again.")


REMOVE = Form(
    "remove-member",
    (
        Field(
            "keys", "API keys that they made", "radio", required=True, default="stop",
            options=(("stop", "Stop working at once"), ("keep", "Go on; I take them over")),
        ),
    ),
    submit="Remove",
    cancel=LIST,
    guard_leaving=False,
)  # fmt: skip


@page(f"{LIST}/{{user_id:int}}/remove", methods=["GET", "POST"], permission="team.write")
async def remove(request: AnyRequest, visitor: Visitor, user_id: int) -> Page:
    """Remove a member; says which API keys stop with them."""
    context = context_of(request)
    found = await _member(request, visitor, user_id)
    keys = await service.keys_of(context, visitor.account_id, user_id)
    form = REMOVE.blank(visitor) if request.method == "GET" else await REMOVE.read(request, visitor)
    if request.method == "POST" and form.ok:
        try:
            await service.remove(context, visitor, user_id, form["keys"] == "keep")
        except AccountProblem as problem:
            form.fail("", str(problem))
        else:
            return redirect(request, LIST, f"{found.name} removed.")
    return await render(
        request,
        "team/remove.html",
        title=f"Remove {found.name}",
        form=form,
        keys=keys,
        member=found,
        status=form.status,
    )


def _role_form(role_id: int | None) -> Form:
    grants = Field("grants", "Permissions", "checks", options=service.choices(), required=True)
    name = Field("name", "Name", required=True, min_length=2, max_length=60)
    action = f"{LIST}/roles/{role_id}" if role_id else f"{LIST}/roles/new"
    return Form("role", (name, grants), submit="Save role", action=action, cancel=f"{LIST}/roles")


@page(f"{LIST}/roles", permission="team.read")
async def roles(request: AnyRequest, visitor: Visitor) -> Page:
    """The permission matrix: what each role grants."""
    context = context_of(request)
    own = await custom.list_roles(context, visitor.account_id)
    return await render(
        request, "team/roles.html", title="Roles", crumbs=[Crumb("Settings"), Crumb("Team", LIST)],
        actions=[Action("Create role", f"{LIST}/roles/new", "plus", primary=True, key="c")],
        own=own, roles=[*ROLES.values(), *(custom.as_role(role) for role in own)], permissions=PERMISSIONS,
    )  # fmt: skip


@page(f"{LIST}/roles/new", methods=["GET", "POST"], permission="team.write")
async def new_role(request: AnyRequest, visitor: Visitor) -> Page:
    """Define a role of the account's own."""
    return await _save_role(request, visitor, None, _role_form(None).blank(visitor), "Create a role")


@page(f"{LIST}/roles/{{role_id:int}}", methods=["GET", "POST"], permission="team.write")
async def change_role(request: AnyRequest, visitor: Visitor, role_id: int) -> Page:
    """Change a role of the account's own."""
    role = next((r for r in await custom.list_roles(context_of(request), visitor.account_id) if r.id == role_id), None)
    if role is None:
        raise NotFoundException
    form = _role_form(role_id)
    return await _save_role(
        request, visitor, role_id, form.blank(visitor, name=role.name, grants=role.grants), role.name
    )


async def _save_role(request: AnyRequest, visitor: Visitor, role_id: int | None, form: FormState, title: str) -> Page:
    if request.method == "POST":
        form = await _role_form(role_id).read(request, visitor)
        if form.ok:
            try:
                grants = service.read_grants(form["grants"])
                await service.save_role(context_of(request), visitor.account_id, role_id, form["name"], grants)
            except AccountProblem as problem:
                form.fail("grants" if "permission" in str(problem) else "name", str(problem))
            else:
                return redirect(request, f"{LIST}/roles", f"Role “{form['name']}” saved.")
    crumbs = [Crumb("Settings"), Crumb("Team", LIST), Crumb("Roles", f"{LIST}/roles")]
    return await render(request, "console/form_page.html", title=title, form=form, status=form.status, crumbs=crumbs)


@page(f"{LIST}/roles/{{role_id:int}}/remove", methods=["POST"], permission="team.write")
async def remove_role(request: AnyRequest, visitor: Visitor, role_id: int) -> Page:
    """Remove a role that nobody has."""
    try:
        await service.remove_role(context_of(request), visitor.account_id, role_id)
    except AccountProblem as problem:
        return redirect(request, f"{LIST}/roles", str(problem), "danger")
    return redirect(request, f"{LIST}/roles", "Role removed.")


@page(f"{LIST}/history", permission="team.read")
async def login_history(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Who signed in, or tried to, from where and how."""
    source = access.history_source(context_of(request).database)
    return await HISTORY.respond(request, visitor, source, title="Login History")


pages: list[Any] = [
    team, invite_form, invite, member, change_member, switch_member, invite_again, unlock, remove, roles, new_role, change_role,
    remove_role, login_history, *ownership_pages.pages,
]  # fmt: skip
