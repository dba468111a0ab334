"""Sender IDs in the console: list, ask for one, edit, default, delete (sms.md 3.12, console.md 5.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar.exceptions import NotFoundException
from litestar.response import Response
from sqlalchemy import ColumnElement, Select, or_, select

from strowger.channels.sms.senders import repository, service
from strowger.channels.sms.senders.api import read_sender_row
from strowger.channels.sms.senders.approvals import SENDERS
from strowger.channels.sms.senders.countries import kind_of
from strowger.channels.sms.senders.models import Sender
from strowger.channels.sms.senders.schemas import MAX_DESCRIPTION, MAX_SAMPLE, STATES
from strowger.console import menu, palette
from strowger.console.code import ApiCall, as_curl
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, RowAction, SqlSource, Table, contains
from strowger.foundation.database import Connection, Database
from strowger.foundation.errors import StrowgerError
from strowger.platform.approvals.registry import register
from strowger.platform.gateway.errors import entry_of

LIST = "/senders"
PURPOSE_LABELS = {"TXN": "Transactional", "MKT": "Promotional"}
CRUMBS = [Crumb("Sender IDs", LIST)]
TONES = {"Approved": "success", "Pending": "info", "Rejected": "danger", "Disabled": "neutral"}
menu.register("Channels", "Sender IDs", LIST, "id-badge-2", 10)
register(SENDERS)
palette.register_action("Create a sender ID", f"{LIST}/new", "id-badge-2")
TABLE = Table(
    "senders",
    columns=(
        Column("sender", "Sender ID", sort=True),
        Column("iso_code", "Country", sort=True, label_of=lambda code: code or "every", value=lambda r: r["iso_code"] or ""),
        Column("kind", "Kind", value=lambda row: kind_of(row["sender"])),
        Column("purpose", "Type", sort=True, label_of=lambda purpose: PURPOSE_LABELS.get(purpose, purpose or "")),
        Column("entity_id", "Entity ID", "mono", shown=False),
        Column("description", "Description"),
        Column("status", "Status", "status", sort=True, tone=TONES),
        Column("reason", "Why"),
        Column("is_default", "Default", value=lambda row: "yes" if row["is_default"] else ""),
        Column("created_at", "Created", "time", sort=True),
    ),
    filters=(
        Filter("status", "Status", "multi", tuple((state, state) for state in STATES if state != "Deleted")),
        Filter("iso_code", "Country"),
        Filter("purpose", "Type", "multi", tuple(PURPOSE_LABELS.items())),
        Filter("created_at", "Created", "time"),
    ),
    search="Sender ID or description",
    row_href=lambda row: f"{LIST}/{row['id']}",
    row_actions=(
        RowAction("Edit", lambda row: f"{LIST}/{row['id']}", "pencil"),
        RowAction("Make default", lambda row: f"{LIST}/{row['id']}/default", "star", "POST",
                  when=lambda row: row["status"] == "Approved" and not row["is_default"]),
        RowAction("Delete", lambda row: f"{LIST}/{row['id']}/delete", "trash", "POST", danger=True,
                  confirm=lambda row: f"Delete {row['sender']}? Messages can no longer leave under it; logs and reports "
                  "keep its name. It is deleted for every country."),
    ),
)  # fmt: skip
EMPTY_TEXT = "The names and numbers under which your messages arrive. Each belongs to a country."


def _country(default: str = "") -> Field:
    return Field(
        "iso_code", "Country", required=True, pattern="[A-Za-z]{2}", pattern_text="Enter two letters, such as GB.",
        default=default, help="Where it is used; two letters, such as GB.", width="half", attrs={"maxlength": 2},
    )  # fmt: skip


def _api_call(values: Any, visitor: Visitor, base_url: str) -> ApiCall:
    names = ("sender", "description", "iso_code", "entity_id", "purpose")
    row = {name: str(values.get(name) or "").strip() for name in names}
    row = {name: value for name, value in row.items() if value or name in names[:3]}
    return ApiCall("POST", f"{base_url}/v1/{visitor.sid}/messages/sender", json={"data": [row]})


def _own_fields(sender_id: int = 0) -> tuple[Field, ...]:
    return (
        Field("description", "Description", required=True, max_length=MAX_DESCRIPTION, help="What it is for."),
        Field("entity_id", "Entity ID", max_length=19, width="half",
              help="India: 12 to 19 digits; empty: the account's."),
        Field("sample", "Sample message", "textarea", rows=3, max_length=MAX_SAMPLE,
              help="Helps the operator to decide."),
    )  # fmt: skip


CREATE = Form(
    "sender",
    (
        Field("sender", "Sender ID", required=True, max_length=16, width="half",
              help="3 to 11 letters, digits, spaces and _ . & -, or 3 to 15 digits."),
        _country(),
        Field("purpose", "Type", "select", options=(("", "As the country tells"), *PURPOSE_LABELS.items()),
              width="half"),
        *_own_fields(),
        Field("keep_entity", "Use this entity ID for everything that names none", "checkbox", default=False),
    ),
    submit="Create",
    action=f"{LIST}/new",
    cancel=LIST,
    code=_api_call,
)  # fmt: skip


def _source(database: Database) -> SqlSource:
    rows: Select[Any] = select(Sender.__table__).where(Sender.status != "Deleted")

    def search(text: str) -> ColumnElement[Any]:
        return or_(contains(Sender.__table__.c.sender, text), contains(Sender.__table__.c.description, text))

    return SqlSource(
        database, rows, Sender.__table__.c.account_id, key=("id",), search=search, nullable=frozenset({"iso_code", "purpose"}),
        filters={"iso_code": lambda text: Sender.iso_code == text.upper()[:2]},
    )  # fmt: skip


@page(LIST, permission="channels.read")
async def senders(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The list."""
    context = context_of(request)
    example = {"sender": "ACME", "description": "Order news", "iso_code": visitor.country}
    call = _api_call(example, visitor, context.settings.base_url)
    create = Action("Create a sender ID", f"{LIST}/new", "plus", primary=True, key="c")
    empty = Empty("No sender IDs yet", EMPTY_TEXT, create, as_curl(call).replace(" \\\n  ", " "))
    table = replace(TABLE, empty=empty)
    actions = [create, Action("Import", "/sms/import/senders", "file-import")]
    return await table.respond(request, visitor, _source(context.database), title="Sender IDs", actions=actions)


def refuse(form: FormState, problem: StrowgerError) -> None:
    """Put a refusal beside the field that it names."""
    known = {item.name for item in form.form.fields}
    place = problem.field if problem.field in known else ""
    text = entry_of(problem.code).text
    form.fail(place or "", f"{text}. {problem.detail}." if problem.detail else f"{text}.")


@page(f"{LIST}/new", permission="channels.write")
async def new_sender(request: AnyRequest, visitor: Visitor) -> Page:
    """The empty form."""
    form = CREATE.blank(visitor, context_of(request).settings.base_url, iso_code=visitor.country)
    return await render(request, "console/form_page.html", title="Create a sender ID", crumbs=CRUMBS, form=form)


@page(f"{LIST}/new", methods=["POST"], permission="channels.write")
async def create(request: AnyRequest, visitor: Visitor) -> Page:
    """Ask for a sender ID."""
    context = context_of(request)
    form = await CREATE.read(request, visitor)
    if form.ok:
        try:
            status = await context.database.run(
                lambda c: _create(c, visitor, form, context.settings.auto_approve_senders)
            )
        except StrowgerError as problem:
            refuse(form, problem)
        else:
            said = "It can be used now." if status == "Approved" else "It waits for approval."
            return redirect(request, LIST, f"{form['sender']} created. {said}")
    return await render(
        request, "console/form_page.html", title="Create a sender ID", crumbs=CRUMBS, form=form, status=form.status
    )


async def _create(connection: Connection, visitor: Visitor, form: FormState, auto_approve: bool) -> str:
    entity = await repository.account_entity(connection, visitor.account_id)
    names = ("sender", "description", "iso_code", "entity_id", "purpose")
    new = read_sender_row({name: form[name] for name in names}, entity)
    new.sample = form["sample"] or None
    made = await service.request_senders(connection, visitor.account_id, [new], auto_approve)
    if not made:
        raise StrowgerError("E628", field="sender")
    if form["keep_entity"] and form["entity_id"]:
        await repository.set_account_entity(connection, visitor.account_id, form["entity_id"])
    return made[0].status


async def _find(request: AnyRequest, visitor: Visitor, sender_id: int) -> Any:
    async with context_of(request).database.acquire() as connection:
        found = await repository.sender_by_id(connection, visitor.account_id, sender_id)
    if found is None:
        raise NotFoundException
    return found


def _edit_form(row: Any) -> Form:
    return Form(
        "sender-edit", _own_fields(), action=f"{LIST}/{row['id']}", cancel=LIST,
        submit="Save and ask again" if row["status"] == "Rejected" else "Save",
    )  # fmt: skip


async def _render_one(request: AnyRequest, row: Any, form: FormState) -> Page:
    return await render(
        request, "senders/sender.html", title=row["sender"], crumbs=CRUMBS, form=form, row=row, tones=TONES,
        kind=kind_of(row["sender"]), purposes=PURPOSE_LABELS, status=form.status,
    )  # fmt: skip


@page(f"{LIST}/{{sender_id:int}}", permission="channels.read")
async def sender(request: AnyRequest, visitor: Visitor, sender_id: int) -> Page:
    """One sender ID: what it is, and the form of what may change."""
    row = await _find(request, visitor, sender_id)
    shown = {name: row[name] or "" for name in ("description", "entity_id", "sample")}
    return await _render_one(request, row, _edit_form(row).blank(visitor, **shown))


@page(f"{LIST}/{{sender_id:int}}", methods=["POST"], permission="channels.write")
async def change(request: AnyRequest, visitor: Visitor, sender_id: int) -> Page:
    """Change it; a rejected one is asked for again."""
    row = await _find(request, visitor, sender_id)
    form = await _edit_form(row).read(request, visitor)
    if form.ok:
        try:
            await context_of(request).database.run(
                lambda c: service.change_sender(c, visitor.account_id, row, form.values)
            )
        except StrowgerError as problem:
            refuse(form, problem)
        else:
            return redirect(request, LIST, "Saved. It waits for approval." if row["status"] == "Rejected" else "Saved.")
    return await _render_one(request, row, form)


@page(f"{LIST}/{{sender_id:int}}/default", methods=["POST"], permission="channels.write")
async def make_default(request: AnyRequest, visitor: Visitor, sender_id: int) -> Page:
    """Make it the one that forms begin with."""
    row = await _find(request, visitor, sender_id)
    done = await context_of(request).database.run(lambda c: repository.set_default(c, visitor.account_id, sender_id))
    if not done:
        return redirect(request, LIST, f"{row['sender']} is not approved.", "warning")
    return redirect(request, LIST, f"{row['sender']} is the default now.")


@page(f"{LIST}/{{sender_id:int}}/delete", methods=["POST"], permission="channels.write")
async def delete(request: AnyRequest, visitor: Visitor, sender_id: int) -> Page:
    """Delete it."""
    row = await _find(request, visitor, sender_id)
    try:
        await context_of(request).database.run(lambda c: service.delete_senders(c, visitor.account_id, [row["sender"]]))
    except StrowgerError as problem:
        return redirect(request, LIST, f"{problem.detail}.", "danger")
    return redirect(request, LIST, f"{row['sender']} deleted.")


pages: list[Any] = [senders, new_sender, create, sender, change, make_default, delete]
