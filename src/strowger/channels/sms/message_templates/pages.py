"""Templates in the console: list, view, state (sms.md 7.2). The form is in form_pages.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.channels.sms.message_templates import form_pages, service
from strowger.channels.sms.message_templates.approvals import SMS_TEMPLATES
from strowger.channels.sms.message_templates.placeholders import split
from strowger.channels.sms.message_templates.repository import reading, writing
from strowger.channels.sms.message_templates.schemas import PURPOSES, State
from strowger.console import menu, palette
from strowger.console.code import ApiCall, as_curl, snippets
from strowger.console.pages import Action, AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, Row, RowAction, Table
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import uuid_floor
from strowger.messaging.statuses import SPELLINGS
from strowger.platform.approvals.registry import register
from strowger.platform.gateway.errors import entry_of

LIST, CRUMBS = form_pages.LIST, form_pages.CRUMBS
SHOWN = 60
DAYS = 30
LABELS = {state: state.name.capitalize() for state in State}
TONES = {
    State.PENDING: "info", State.APPROVED: "success", State.REJECTED: "danger", State.DISABLED: "neutral",
    State.DRAFT: "neutral", State.DELETED: "neutral",
}  # fmt: skip
menu.register("Channels", "Templates", LIST, "template", 20)
register(SMS_TEMPLATES)
palette.register_action("Create an SMS template", f"{LIST}/new", "template")


def _label(code: Any) -> str:
    return LABELS[State(code)]


def _path(row: Row, act: str = "") -> str:
    return f"{LIST}/{row['id']}{act}"


TABLE = Table(
    "sms-templates",
    columns=(
        Column("title", "Title", sort=True),
        Column("template_id", "Template ID", "mono", sort=True),
        Column("senders", "Sender ID", value=lambda row: ", ".join(row["senders"])),
        Column("purpose", "Category", sort=True),
        Column("content", "Content"),
        Column("status", "Status", "status", sort=True, tone=TONES, label_of=_label),
        Column("author", "Created by", sort=True),
        Column("created_at", "Created", "time", sort=True),
        Column("iso_code", "Country", sort=True, shown=False),
        Column("language", "Language", sort=True, shown=False),
        Column("entity_id", "Entity ID", "mono", shown=False),
        Column("version", "Version", "number", sort=True, shown=False),
        Column("reason", "Why", shown=False),
    ),
    filters=(
        Filter("status", "Status", "multi", [(str(int(s)), LABELS[s]) for s in State if s != State.DELETED]),
        Filter("purpose", "Category", "multi", [(name, name) for name in PURPOSES]),
        Filter("senders", "Sender ID"),
        Filter("created_at", "Created", "time"),
        Filter("language", "Language"),
    ),
    search="Title, template id or text",
    row_href=_path,
    row_actions=(
        RowAction("View", _path, "eye"),
        RowAction("Edit", lambda row: _path(row, "/edit"), "pencil", when=lambda row: row["status"] in service.EDITABLE),
        RowAction("Delete", lambda row: _path(row, "/delete"), "trash", "POST", danger=True,
                  confirm=lambda row: f"Delete “{row['title']}”? Messages can no longer be sent by it; logs and reports keep it."),
    ),
)  # fmt: skip
EMPTY_TEXT = "Texts with variables that you send again and again. In India every message must fit a registered one."


@page(LIST, permission="channels.read")
async def templates(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The list."""
    context = context_of(request)
    example = {
        "title": "Order sent",
        "content": "Dear {name}, your order has left us.",
        "sender": "ACME",
        "purpose": "TXN",
    }
    call = ApiCall("POST", f"{context.settings.base_url}/v1/{visitor.sid}/messages/template", json={"data": [example]})
    create = Action("Create a template", f"{LIST}/new", "plus", primary=True, key="c")
    empty = Empty("No templates yet", EMPTY_TEXT, create, as_curl(call).replace(" \\\n  ", " "))
    table = replace(TABLE, empty=empty)
    if "export" not in request.query_params:
        table = replace(table, columns=tuple(_shortened(column) for column in TABLE.columns))
    actions = [create, Action("Import", "/sms/import/templates", "file-import")]
    source = reading.template_source(context.database)
    return await table.respond(
        request, visitor, source, title="Templates", actions=actions, template="message_templates/list.html"
    )


def _shortened(column: Column) -> Column:
    """On the page, long texts end after 60 characters; exports hold them whole."""
    if column.key != "content":
        return column
    return replace(column, value=lambda r: r["content"][:SHOWN] + ("…" if len(r["content"]) > SHOWN else ""))


async def find(request: AnyRequest, visitor: Visitor, template: int) -> Any:
    """A template of the visitor's account that is not deleted. Raises NotFoundException."""
    async with context_of(request).database.acquire() as connection:
        row = await reading.one(connection, visitor.account_id, template)
    if row is None or row["status"] == State.DELETED:
        raise NotFoundException
    return row


def _call(row: Any, visitor: Visitor, base_url: str) -> ApiCall:
    values = {name: row["defaults"].get(name, name) for name in split(row["content"]).variables}
    body = {
        "to": "+447700900123",
        "sender": row["senders"][0],
        "template_id": row["template_id"],
        "template_data": values,
    }
    return ApiCall("POST", f"{base_url}/v2/{visitor.sid}/messages", json=body)


@page(f"{LIST}/{{template:int}}", permission="channels.read")
async def view(request: AnyRequest, visitor: Visitor, template: int) -> Page:
    """One template: its text, facts, history, and the call that sends it."""
    row = await find(request, visitor, template)
    context = context_of(request)
    async with context.database.acquire() as connection:
        versions = await reading.versions(connection, visitor.account_id, row["template_id"])
    state = State(row["status"])
    return await render(
        request, "message_templates/template.html", title=row["title"], crumbs=CRUMBS, row=row, state=state,
        versions=versions, label_of=_label, tones=TONES, State=State, content=split(row["content"]),
        snippets=snippets(_call(row, visitor, context.settings.base_url)),
        actions=[Action("Edit", f"{LIST}/{template}/edit", "pencil", True)] if state in service.EDITABLE else [],
    )  # fmt: skip


@page(f"{LIST}/{{template:int}}/use", permission="channels.read")
async def use(request: AnyRequest, visitor: Visitor, template: int) -> Page:
    """What was sent by it in the last 30 days, asked for by its page."""
    row, context = await find(request, visitor, template), context_of(request)
    low = uuid_floor(context.clock.now() - timedelta(days=DAYS))
    async with context.database.acquire() as connection:
        found = await reading.use(connection, visitor.account_id, row["template_id"], low)
    counts = [(SPELLINGS[status].log, messages, units) for status, (messages, units) in sorted(found.items())]
    return await render(request, "message_templates/use.html", counts=counts, days=DAYS)


@page(f"{LIST}/{{template:int}}/delete", methods=["POST"], permission="channels.write")
async def delete(request: AnyRequest, visitor: Visitor, template: int) -> Page:
    """Delete it."""
    row = await find(request, visitor, template)
    try:
        await context_of(request).database.run(lambda c: service.delete(c, visitor.account_id, template))
    except StrowgerError as problem:
        return redirect(request, f"{LIST}/{template}", f"{entry_of(problem.code).text}.", "danger")
    return redirect(request, LIST, f"“{row['title']}” deleted.")


async def _move(
    request: AnyRequest, visitor: Visitor, template: int, states: list[State], state: State, said: str
) -> Page:
    await find(request, visitor, template)
    done = await context_of(request).database.run(
        lambda c: writing.set_state(c, visitor.account_id, template, states, state)
    )
    if not done:
        return redirect(request, f"{LIST}/{template}", "Its state has changed meanwhile.", "warning")
    return redirect(request, f"{LIST}/{template}", said)


@page(f"{LIST}/{{template:int}}/disable", methods=["POST"], permission="channels.write")
async def disable(request: AnyRequest, visitor: Visitor, template: int) -> Page:
    """Send nothing by it until it is enabled again."""
    return await _move(
        request, visitor, template, [State.APPROVED], State.DISABLED, "Disabled: nothing is sent by it now."
    )


@page(f"{LIST}/{{template:int}}/enable", methods=["POST"], permission="channels.write")
async def enable(request: AnyRequest, visitor: Visitor, template: int) -> Page:
    """Send by it again: it was approved before."""
    return await _move(request, visitor, template, [State.DISABLED], State.APPROVED, "It can be used again.")


pages: list[Any] = [templates, view, use, delete, disable, enable, *form_pages.pages]
