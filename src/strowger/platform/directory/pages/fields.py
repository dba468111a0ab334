"""Directory > Contacts > Custom fields: what an account keeps about its contacts besides the usual."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console.form import Field, Form
from strowger.console.pages import Action, AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, ListSource, RowAction, Table
from strowger.platform.directory import service
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.pages.shared import CONTACTS, READ, WRITE, run, show
from strowger.platform.directory.repository import fields
from strowger.platform.directory.schemas import MAX_FIELD, MAX_FIELDS, CustomField

FIELDS = "/directory/fields"
KINDS = {"text": "Text", "number": "Number", "date": "Date", "boolean": "Yes or no"}
TABLE = Table(
    "contact-fields",
    columns=(
        Column("name", "Name", sort=True),
        Column("kind", "Holds", label_of=lambda code: KINDS.get(code, code)),
        Column("variable", "In a text", "mono", value=lambda row: "{" + row["name"] + "}"),
    ),
    search="Name",
    sort="name",
    empty=Empty(
        "No custom fields yet",
        f"Keep what matters to you with each contact, such as a customer number; up to {MAX_FIELDS} fields. Each can be "
        "a variable of a campaign's text.",
        Action("Add a field", f"{FIELDS}/new", "forms"),
    ),
    row_actions=(
        RowAction("Rename", lambda row: f"{FIELDS}/{row['id']}/edit", "pencil"),
        RowAction("Delete", lambda row: f"{FIELDS}/{row['id']}/delete", "trash", danger=True),
    ),
)
NAME = Field(
    "name", "Name", required=True, max_length=MAX_FIELD, autocomplete="off", help="Letters, digits, spaces and _."
)
NEW = Form(
    "field",
    (NAME, Field("kind", "Holds", "radio", required=True, options=tuple(KINDS.items()), default="text")),
    action=f"{FIELDS}/new",
    cancel=FIELDS,
)


@page(FIELDS, permission=READ)
async def list_fields(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The custom fields of the account's contacts."""
    context = context_of(request)

    async def rows(account_id: int) -> list[dict[str, Any]]:
        async with context.database.acquire() as connection:
            found = await fields.all_of(connection, account_id)
        return [{"id": one.id, "name": one.name, "kind": one.kind} for one in found]

    return await TABLE.respond(
        request, visitor, ListSource(rows, searched=("name",)), title="Custom fields", crumbs=[CONTACTS],
        actions=[Action("Add a field", f"{FIELDS}/new", "forms", primary=True, key="c")],
    )  # fmt: skip


@page(f"{FIELDS}/new", methods=["GET", "POST"], permission=WRITE)
async def add_field(request: AnyRequest, visitor: Visitor) -> Page:
    """Add a custom field."""
    if request.method == "GET":
        return await _show(request, "Add a field", NEW.blank(visitor))
    form, now = await NEW.read(request, visitor), context_of(request).clock.now()
    if form.ok:
        try:
            await run(
                request,
                lambda c: service.create_field(
                    c, visitor.account_id, form["name"], form["kind"], by=visitor.name, now=now
                ),
            )
            return redirect(request, FIELDS, "The field was added.")
        except Refused as problem:
            show(form, problem)
    return await _show(request, "Add a field", form)


async def _show(request: AnyRequest, title: str, form: Any) -> Page:
    return await render(
        request, "console/form_page.html", title=title, crumbs=[CONTACTS], form=form, status=form.status
    )


async def _field(request: AnyRequest, visitor: Visitor, field_id: int) -> tuple[CustomField, int]:
    async with context_of(request).database.acquire() as connection:
        found = [one for one in await fields.all_of(connection, visitor.account_id) if one.id == field_id]
        if not found:
            raise NotFoundException
        return found[0], await fields.used(connection, visitor.account_id, found[0].key)


@page(f"{FIELDS}/{{field_id:int}}/edit", methods=["GET", "POST"], permission=WRITE)
async def rename_field(request: AnyRequest, visitor: Visitor, field_id: int) -> Page:
    """Rename a custom field."""
    field, _ = await _field(request, visitor, field_id)
    declared = Form("field-edit", (NAME,), action=f"{FIELDS}/{field_id}/edit", cancel=FIELDS)
    if request.method == "GET":
        return await _show(request, f"Rename {field.name}", declared.blank(visitor, name=field.name))
    form = await declared.read(request, visitor)
    if form.ok:
        try:
            await run(request, lambda c: service.rename_field(c, visitor.account_id, field_id, form["name"]))
            return redirect(request, FIELDS, "The field was renamed.")
        except Refused as problem:
            show(form, problem)
    return await _show(request, f"Rename {field.name}", form)


@page(f"{FIELDS}/{{field_id:int}}/delete", methods=["GET", "POST"], permission=WRITE)
async def delete_field(request: AnyRequest, visitor: Visitor, field_id: int) -> Page:
    """Remove a custom field with its values; says first how many contacts have one."""
    field, used = await _field(request, visitor, field_id)
    if request.method == "POST":
        await run(request, lambda c: service.delete_field(c, visitor.account_id, field_id))
        return redirect(request, FIELDS, f"The field {field.name} was deleted.")
    declared = Form("field-delete", (), submit="Delete the field", action=f"{FIELDS}/{field_id}/delete", cancel=FIELDS)
    return await render(
        request, "directory/field_delete.html", title=f"Delete {field.name}", crumbs=[CONTACTS], field=field, used=used,
        form=declared.blank(visitor),
    )  # fmt: skip


pages: list[Any] = [list_fields, add_field, rename_field, delete_field]
