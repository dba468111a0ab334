"""Creating and changing a template, with a preview that follows what is typed."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import NotFoundException

from strowger.channels.sms.message_templates import service
from strowger.channels.sms.message_templates.placeholders import ANONYMOUS, split
from strowger.channels.sms.message_templates.repository import reading
from strowger.channels.sms.message_templates.rules import MAX_CONTENT, MAX_TITLE, check_content, read_template
from strowger.channels.sms.message_templates.schemas import NewTemplate, State
from strowger.channels.sms.senders import repository as senders
from strowger.channels.sms.senders.countries import rule_of
from strowger.channels.sms.senders.pages import refuse
from strowger.console.code import ApiCall
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.protocols.gsm import sms_length

LIST = "/templates"
CRUMBS = [Crumb("Templates", LIST)]
MAX_LISTED = 500
MAX_DEFAULTS = 8_000
CATEGORIES = (
    ("TXN", "Transactional (TXN)"), ("MKT", "Marketing (MKT)"), ("OTP", "One-time password (OTP)"),
    ("SI", "Service implicit (SI)"), ("TXND", "Service explicit (TXND)"),
)  # fmt: skip


def read_defaults(text: str) -> dict[str, str]:
    """Lines of ``variable = value``. Raises Invalid."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        if not line.strip():
            continue
        name, mark, value = line.partition("=")
        if not mark or not name.strip():
            raise Invalid(f"Write a line as variable = value; this is not one: {line[:60]}")
        found[name.strip().strip("{}#")] = value.strip()
    return found


def _form(own: list[str], action: str, submit: str) -> Form:
    options = tuple((name, name) for name in own)
    return Form(
        "template",
        (
            Field("title", "Title", required=True, max_length=MAX_TITLE, help="For your own lists; each once.", width="half"),
            Field("iso_code", "Country", required=True, pattern="[A-Za-z]{2}", pattern_text="Enter two letters, such as GB.",
                  help="Two letters, such as GB.", width="half", attrs={"maxlength": 2}),
            Field("purpose", "Category", "select", options=CATEGORIES, default="TXN", width="half"),
            Field("language", "Language", default="en", max_length=12, width="half", help="A code such as en or hi."),
            Field("sender", "Sender IDs", "checks", options=options, required=True,
                  help="Approved ones. The first is used when a request names none."),
            Field("template_id", "Template ID", max_length=30, width="half",
                  help="India: as registered. Elsewhere it may stay empty: one is made."),
            Field("entity_id", "Entity ID", max_length=19, width="half", help="India: 12 to 19 digits; empty: the account's."),
            Field("content", "Content", "textarea", required=True, rows=6, max_length=MAX_CONTENT),
            Field("defaults", "Default values", "textarea", rows=3, max_length=MAX_DEFAULTS, parse=read_defaults,
                  placeholder="name = customer", help="One line for each: variable = value. {#var#} are var1, var2 ..."),
        ),
        submit=submit,
        action=action,
        cancel=LIST,
        code=_api_call,
    )  # fmt: skip


def _api_call(values: Any, visitor: Visitor, base_url: str) -> ApiCall:
    names = ("title", "iso_code", "purpose", "language", "template_id", "entity_id", "content")
    row: dict[str, Any] = {name: values[name] for name in names if values.get(name)}
    row["sender"] = list(values.get("sender") or [])
    try:
        defaults = read_defaults(str(values.get("defaults") or ""))
    except Invalid:
        defaults = {}
    row |= {"defaults": defaults} if defaults else {}
    return ApiCall("POST", f"{base_url}/v1/{visitor.sid}/messages/template", json={"data": [row]})


async def _own(request: AnyRequest, visitor: Visitor, also: tuple[str, ...] = ()) -> list[str]:
    """The approved sender IDs, and those that the template has already."""
    async with context_of(request).database.acquire() as connection:
        rows = await senders.senders(connection, visitor.account_id, MAX_LISTED)
    return list(dict.fromkeys([*(row["sender"] for row in rows if row["status"] == "Approved"), *also]))


async def _render(request: AnyRequest, visitor: Visitor, form: FormState, title: str, crumbs: list[Crumb]) -> Page:
    draft = form.form.action.endswith("/new")
    return await render(
        request, "message_templates/form.html", title=title, crumbs=crumbs, form=form, status=form.status,
        preview=preview_of(form.texts), may_draft=draft, has_senders=bool(form.get("sender").options),
    )  # fmt: skip


def preview_of(texts: Any) -> dict[str, Any]:
    """What the form shows beside the text: pieces, variables, length, and what is wrong with it."""

    def first(name: str) -> str:
        given = texts.get(name) or [""]
        return str(given[0] if isinstance(given, list) else given)

    content = first("content").replace("\r\n", "\n")[: MAX_CONTENT * 4]
    rule = rule_of(first("iso_code").upper())
    try:
        defaults = read_defaults(first("defaults"))
    except Invalid:
        defaults = {}
    pieces = split(content)
    shown: list[tuple[str, bool]] = [(pieces.fixed[0], False)]
    count = 0
    for name, fixed in zip(pieces.names, pieces.fixed[1:], strict=True):
        count += name == ANONYMOUS
        key = f"var{count}" if name == ANONYMOUS else name
        shown += [(defaults.get(key) or key, True), (fixed, False)]
    problem = ""
    if content:
        try:
            check_content(content, rule, first("purpose"))
        except StrowgerError as refused:
            problem = refused.detail or ""
    text = "".join(piece for piece, _ in shown)
    return {
        "pieces": [piece for piece in shown if piece[0]], "variables": pieces.variables, "length": sms_length(text, "Auto"),
        "problem": problem, "registry": rule.registry,
    }  # fmt: skip


@page(f"{LIST}/preview", methods=["POST"], permission="channels.write")
async def preview(request: AnyRequest, visitor: Visitor) -> Page:
    """The preview of what is typed now."""
    sent = await request.form()
    return await render(request, "message_templates/preview.html", preview=preview_of(dict(sent)))


@page(f"{LIST}/new", permission="channels.write")
async def new_template(request: AnyRequest, visitor: Visitor) -> Page:
    """The empty form."""
    own = await _own(request, visitor)
    form = _form(own, f"{LIST}/new", "Create").blank(
        visitor, context_of(request).settings.base_url, iso_code=visitor.country, sender=own[:1]
    )
    return await _render(request, visitor, form, "Create a template", CRUMBS)


def _read(form: FormState, own: list[str], entity: str | None) -> NewTemplate:
    rule = rule_of(str(form["iso_code"]).upper())
    row = {**form.values, "defaults": form["defaults"] or {}}
    if not form["entity_id"] and rule.registry and entity:
        row["entity_id"] = entity
    return read_template(row, str(form["iso_code"]), own)


@page(f"{LIST}/new", methods=["POST"], permission="channels.write")
async def create(request: AnyRequest, visitor: Visitor) -> Page:
    """Store a template; as a draft when that button was pressed."""
    context, own = context_of(request), await _own(request, visitor)
    form = await _form(own, f"{LIST}/new", "Create").read(request, visitor)
    draft = (await request.form()).get("act") == "draft"

    async def work(connection: Connection) -> service.Outcome:
        entity = await senders.account_entity(connection, visitor.account_id)
        new = _read(form, own, entity)
        (outcome,) = await service.store(
            connection, visitor.account_id, [new], context.settings, visitor.name, draft=draft
        )
        return outcome

    if form.ok:
        try:
            outcome = await context.database.run(work)
            if outcome.problem is not None:
                raise outcome.problem
        except StrowgerError as problem:
            refuse(form, problem)
        else:
            return redirect(request, f"{LIST}/{outcome.id}", _said(outcome.state))
    return await _render(request, visitor, form, "Create a template", CRUMBS)


def _said(state: State) -> str:
    return {
        State.APPROVED: "Saved. It can be used now.", State.PENDING: "Saved. It waits for approval.",
        State.DRAFT: "Kept as a draft.",
    }[state]  # fmt: skip


async def _editable(request: AnyRequest, visitor: Visitor, template: int) -> Any:
    async with context_of(request).database.acquire() as connection:
        row = await reading.one(connection, visitor.account_id, template)
    if row is None or row["status"] not in service.EDITABLE:
        raise NotFoundException
    return row


def _crumbs(row: Any) -> list[Crumb]:
    return [*CRUMBS, Crumb(row["title"], f"{LIST}/{row['id']}")]


def _edit_form(row: Any, own: list[str]) -> Form:
    submit = "Save" if row["status"] == State.APPROVED else "Save and ask for approval"
    return _form(own, f"{LIST}/{row['id']}/edit", submit)


@page(f"{LIST}/{{template:int}}/edit", permission="channels.write")
async def edit_form(request: AnyRequest, visitor: Visitor, template: int) -> Page:
    """The form with what is stored."""
    row = await _editable(request, visitor, template)
    own = await _own(request, visitor, tuple(row["senders"]))
    shown = {
        name: row[name] or ""
        for name in ("title", "iso_code", "purpose", "language", "template_id", "entity_id", "content")
    }
    shown["defaults"] = "\n".join(f"{name} = {value}" for name, value in row["defaults"].items())
    form = _edit_form(row, own).blank(
        visitor, context_of(request).settings.base_url, sender=list(row["senders"]), **shown
    )
    return await _render(request, visitor, form, "Edit", _crumbs(row))


@page(f"{LIST}/{{template:int}}/edit", methods=["POST"], permission="channels.write")
async def edit(request: AnyRequest, visitor: Visitor, template: int) -> Page:
    """Change it; a new text of an approved one waits beside it where an operator has to look at it."""
    context, row = context_of(request), await _editable(request, visitor, template)
    own = await _own(request, visitor, tuple(row["senders"]))
    form = await _edit_form(row, own).read(request, visitor)

    async def work(connection: Connection) -> tuple[int, State]:
        new = _read(form, own, await senders.account_entity(connection, visitor.account_id))
        return await service.edit(connection, visitor.account_id, template, new, context.settings, visitor.name)

    if form.ok:
        try:
            made, state = await context.database.run(work)
        except StrowgerError as problem:
            refuse(form, problem)
        else:
            return redirect(request, f"{LIST}/{made}", _said(state))
    return await _render(request, visitor, form, "Edit", _crumbs(row))


_form([], f"{LIST}/new", "Create")  # the kit shows the call as code by the form's name, in every process
pages: list[Any] = [preview, new_template, create, edit_form, edit]
