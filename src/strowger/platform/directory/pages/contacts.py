"""Directory > Contacts: the list, one contact, adding and editing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Response

from strowger.console.code import ApiCall
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.form import Values as FormValues
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.palette import Hit
from strowger.foundation.context import Context
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.directory import history, service
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.listing import LIST, Book
from strowger.platform.directory.pages.shared import CONTACTS, READ, WRITE, book_of, person_of, run, show
from strowger.platform.directory.reading import COUNTRIES, read_value, read_values
from strowger.platform.directory.repository import contacts
from strowger.platform.directory.schemas import (
    MAX_NAME,
    MAX_PLACE,
    MAX_VALUE,
    MOBILE,
    TEXTS,
    CustomField,
    Kind,
    Person,
    Values,
)

SHOWN_HITS, LEAST_DIGITS = 5, 4
NO_CHANNEL = "Select at least one channel to blocklist"
NAME_HELP = "Letters and digits of any script, spaces and \" , @ . $ % & ' * - / ? ^ _ ~"


def _code(values: FormValues, visitor: Visitor, base_url: str) -> ApiCall:
    body: dict[str, Any] = {name: values[name] for name in (MOBILE, *TEXTS) if values.get(name)}
    if values.get("blocked") and values.get("channels"):
        body["blocklist"] = values["channels"]
    return ApiCall("POST", f"{base_url}/v1/{visitor.sid}/contacts", json=body)


def _edit_code(values: FormValues, visitor: Visitor, base_url: str) -> ApiCall:
    body: dict[str, Any] = {name: values[name] for name in (MOBILE, *TEXTS)}
    body["blocklist"] = values.get("channels", []) if values.get("blocked") else []
    return ApiCall("PATCH", f"{base_url}/v1/{visitor.sid}/contacts/{values['contact']}", json=body)


FORM = Form(
    "contact",
    (
        Field("name", "Full name", max_length=MAX_NAME, width="half", autocomplete="off", help=NAME_HELP),
        Field("mobile", "Mobile number", "tel", required=True, max_length=40, width="half", autocomplete="off",
              help="With + and country code; a national number gets your account's country."),
        Field("email", "E-mail address", "email", max_length=255, width="half", autocomplete="off"),
        Field("country", "Country", "select", options=(("", "As the number says"), *((c, c) for c in COUNTRIES)), width="half"),
        Field("city", "City", max_length=MAX_PLACE, width="half"),
        Field("state", "State", max_length=MAX_PLACE, width="half"),
    ),
    submit="Save",
    cancel=LIST,
    code=_code,
)  # fmt: skip
EDIT = replace(FORM, name="contact-edit", fields=(Field("contact", "", "hidden"), *FORM.fields), code=_edit_code)
BLOCK = (
    Field("blocked", "Blocklist: block the user?", "checkbox", help="Nothing is sent to them on the channels you select."),
    Field("channels", "Blocked on", "checks", options=tuple(CHANNELS.items()), default=[]),
)  # fmt: skip


def _custom(one: CustomField) -> Field:
    def parse(text: str) -> str:
        try:
            return read_value(one.kind, text)
        except ValueError as problem:
            raise Invalid(str(problem)) from problem

    name = f"field_{one.key}"
    if one.kind == Kind.BOOLEAN:
        return Field(name, one.name, "select", options=(("", "–"), ("yes", "Yes"), ("no", "No")), width="half")
    kind: Any = "date" if one.kind == Kind.DATE else "text"
    return Field(name, one.name, kind, max_length=MAX_VALUE, parse=parse, width="half")


def _form(book: Book, action: str, cancel: str = LIST, base: Form = FORM) -> Form:
    labels = tuple((str(tag.id), tag.name) for tag in book.tags if tag.criteria is None)
    tags = (Field("tags", "Tags", "checks", options=labels, default=[]),) if labels else ()
    own = tuple(_custom(one) for one in book.fields)
    return replace(base, fields=(*base.fields, *own, *tags, *BLOCK), action=action, cancel=cancel)


def _filled(form: Form, visitor: Visitor, base_url: str, person: Person) -> FormState:
    own = {f"field_{key}": value for key, value in person.fields.items()}
    given: dict[str, Any] = {name: getattr(person, name) for name in TEXTS}
    return form.blank(
        visitor, base_url, contact=str(person.id), mobile=f"+{person.mobile}", tags=[str(one) for one in person.tags],
        blocked=bool(person.blocked), channels=list(person.blocked), **given, **own,
    )  # fmt: skip


def _read(form: FormState, book: Book, country: str) -> Values:
    """The contact as it was typed. Raises Refused."""
    custom = {one.key: form[f"field_{one.key}"] for one in book.fields}
    return read_values({name: form[name] for name in (MOBILE, *TEXTS)}, book.fields, country, custom)


def _channels(form: FormState) -> list[str]:
    if form["blocked"] and not form["channels"]:
        raise Refused("DIR411", f"{NO_CHANNEL}.", "channels")
    return form["channels"] if form["blocked"] else []


def _tags(form: FormState) -> list[int]:
    return [int(one) for one in form.values.get("tags", ())]


@page(LIST, permission=READ)
async def list_contacts(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The contacts of the account."""
    book = await book_of(request, visitor)
    return await book.table.respond(
        request, visitor, book.source(context_of(request).database), title="Contacts", template="directory/contacts.html",
        actions=[
            Action("Add a contact", f"{LIST}/new", "user-plus", primary=True, key="c"),
            Action("Import", "/directory/imports/new", "file-import"),
            Action("Imports", "/directory/imports", "history"),
            Action("Custom fields", "/directory/fields", "forms"),
        ],
    )  # fmt: skip


@page(f"{LIST}/new", methods=["GET", "POST"], permission=WRITE)
async def add_contact(request: AnyRequest, visitor: Visitor) -> Page:
    """Add one contact."""
    context, book = context_of(request), await book_of(request, visitor)
    declared = _form(book, f"{LIST}/new")
    if request.method == "GET":
        return await _show(request, "Add a contact", declared.blank(visitor, context.settings.base_url))
    form = await declared.read(request, visitor)
    if form.ok:
        try:
            values, channels, tags = _read(form, book, visitor.country), _channels(form), _tags(form)
            contact_id = await run(
                request,
                lambda c: service.create(
                    c, visitor.account_id, values, tag_ids=tags, channels=channels, by=visitor.name, now=context.clock.now()
                ),
            )  # fmt: skip
            return redirect(request, f"{LIST}/{contact_id}", "The contact was added.")
        except Refused as problem:
            show(form, problem)
    return await _show(request, "Add a contact", form)


async def _show(request: AnyRequest, title: str, form: FormState, *crumbs: Crumb) -> Page:
    return await render(
        request, "console/form_page.html", title=title, form=form, status=form.status, crumbs=[CONTACTS, *crumbs]
    )


@page(f"{LIST}/{{contact_id:int}}", permission=READ)
async def show_contact(request: AnyRequest, visitor: Visitor, contact_id: int) -> Page:
    """A contact and what happened with it."""
    person, book = await person_of(request, visitor, contact_id), await book_of(request, visitor)
    worn = [(tag.name, tag.colour) for tag in book.tags if tag.id in person.tags]
    return await render(
        request, "directory/contact.html", title=person.title, crumbs=[CONTACTS], person=person, worn=worn,
        blocked=[(CHANNELS.get(one, one), "danger") for one in person.blocked],
        own=[(one.name, person.fields.get(one.key, "")) for one in book.fields],
        history=await history.load(context_of(request), visitor, person),
        actions=[
            Action("Edit", f"{person.path}/edit", "pencil", primary=True),
            Action("Send a message", f"/messages/send?to=%2B{person.mobile}", "send"),
        ],
    )  # fmt: skip


@page(f"{LIST}/{{contact_id:int}}/edit", methods=["GET", "POST"], permission=WRITE)
async def edit_contact(request: AnyRequest, visitor: Visitor, contact_id: int) -> Page:
    """Change a contact, its tags and where it is blocked."""
    context, book = context_of(request), await book_of(request, visitor)
    person = await person_of(request, visitor, contact_id)
    declared, crumb = _form(book, f"{person.path}/edit", person.path, EDIT), Crumb(person.title, person.path)
    if request.method == "GET":
        return await _show(request, "Edit", _filled(declared, visitor, context.settings.base_url, person), crumb)
    form = await declared.read(request, visitor)
    if form.ok:
        try:
            values, channels, tags = _read(form, book, visitor.country), _channels(form), _tags(form)
            await run(
                request,
                lambda c: service.change(
                    c, visitor.account_id, contact_id, values, tag_ids=tags, channels=channels, by=visitor.name,
                    now=context.clock.now(),
                ),
            )  # fmt: skip
            return redirect(request, person.path, "The contact was changed.")
        except Refused as problem:
            show(form, problem)
    return await _show(request, "Edit", form, crumb)


@page(f"{LIST}/{{contact_id:int}}/delete", methods=["POST"], permission=WRITE)
async def delete_contact(request: AnyRequest, visitor: Visitor, contact_id: int) -> Page:
    """Remove one contact."""
    person = await person_of(request, visitor, contact_id)
    await run(request, lambda c: service.delete(c, visitor.account_id, [contact_id]))
    return redirect(request, LIST, f"{person.title} was deleted.")


async def find_hits(context: Context, visitor: Visitor, text: str) -> list[Hit]:
    """Contacts for the command palette, by the beginning of a number, or by name or address."""
    if not visitor.may(READ):
        return []
    digits = "".join(c for c in text if c not in " +-()./")
    is_number = digits.isascii() and digits.isdigit()
    if is_number and len(digits) < LEAST_DIGITS:
        return []
    async with context.database.acquire() as connection:
        rows = await contacts.search(
            connection, visitor.account_id, digits if is_number else "", "" if is_number else text, SHOWN_HITS
        )
    return [
        Hit(row["name"] or f"+{row['mobile']}", f"{LIST}/{row['id']}", "user", f"+{row['mobile']}", "Contacts") for row in rows
    ]  # fmt: skip


pages: list[Any] = [list_contacts, add_contact, show_contact, edit_contact, delete_contact]
