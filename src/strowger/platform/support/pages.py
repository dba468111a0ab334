"""Support for customers: where to read, the glossary, tickets of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException

from strowger.console import menu, palette
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, ListSource, Row, Table
from strowger.console.visitor import MANAGERS
from strowger.platform.files import service as files
from strowger.platform.support import repository, service
from strowger.platform.support.service import Attachment, Author, Refused

HOME, TICKETS, GLOSSARY = "/support", "/support/tickets", "/support/glossary"
MAX_BODY = 3 * 5_000_000 + 100_000
TONES = {"open": "warning", "answered": "info", "closed": "neutral"}
TERMS = msgspec.json.decode(Path(__file__).with_name("glossary.json").read_bytes(), type=list[tuple[str, str]])

menu.register("Help", "Support", HOME, "lifebuoy", 10)
menu.register("Help", "Glossary", GLOSSARY, "vocabulary", 20)
palette.register_action("Ask for support", f"{TICKETS}/new", "lifebuoy")

LIST = Table(
    "tickets",
    columns=(
        Column("id", "Number", "number", sort=True),
        Column("subject", "Subject"),
        Column("service", "About", label_of=lambda code: service.SERVICES.get(code, code)),
        Column("state", "State", "status", sort=True, tone=TONES, label_of=lambda code: service.STATES.get(code, code)),
        Column("by_name", "Asked by"),
        Column("updated_at", "Last word", "time", sort=True),
    ),
    filters=(Filter("state", "State", "multi", tuple(service.STATES.items())),
             Filter("service", "About", "multi", tuple(service.SERVICES.items()))),
    search="Subject",
    empty=Empty("No tickets yet", "Ask the people who run this installation; their answer stands here and comes by mail.",
                Action("Ask a question", f"{TICKETS}/new", "lifebuoy")),
    row_href=lambda row: f"{TICKETS}/{row['id']}",
)  # fmt: skip
WORDS = Table(
    "glossary",
    columns=(Column("term", "Term", sort=True), Column("meaning", "Meaning")),
    search="Term or meaning",
    sort="term",
    empty=Empty("No such term", "Try another spelling."),
)
ASK = Form(
    "ticket",
    (
        Field("subject", "Subject", required=True, min_length=3, max_length=150),
        Field("service", "About", "select", required=True, options=tuple(service.SERVICES.items()), default="sms"),
        Field("body", "Message", "textarea", required=True, max_length=5000, rows=8,
              help="Message ids, numbers and the time help to find what happened. Never send passwords or API keys."),
    ),
    submit="Send", action=f"{TICKETS}/new", cancel=HOME,
)  # fmt: skip


def reply_form(action: str, operator: bool = False) -> Form:
    """A contribution."""
    text = "Answer and close" if operator else "This solves it: close the ticket"
    return Form(
        "reply",
        (Field("body", "Message", "textarea", max_length=5000, rows=5), Field("close", text, "checkbox")),
        submit="Send", action=action, guard_leaving=False,
    )  # fmt: skip


async def attachments(request: AnyRequest) -> list[Attachment]:
    """The files of a form's field ``file``."""
    form = await request.form()
    given = [item for item in form.getall("file", []) if isinstance(item, UploadFile) and item.filename]
    return [Attachment(item.filename, item.content_type or "", await item.read()) for item in given]


def _narrowed(visitor: Visitor) -> str | None:
    """Whose tickets somebody sees: owners and admins all of the account, others their own."""
    return None if visitor.role in MANAGERS else visitor.email


@page(HOME, permission="self")
async def support(request: AnyRequest, visitor: Visitor) -> Page:
    """Where to read, and how to ask."""
    return await render(request, "support/support.html", title="Support")


@page(GLOSSARY, permission="self")
async def glossary(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The terms of the trade."""

    async def rows(_account_id: int) -> list[Row]:
        return [{"term": term, "meaning": meaning} for term, meaning in TERMS]

    return await WORDS.respond(
        request, visitor, ListSource(rows, key="term", searched=("term", "meaning")), title="Glossary"
    )


@page(TICKETS, permission="self")
async def list_tickets(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The account's tickets."""
    source = repository.source(context_of(request).database, visitor.account_id, _narrowed(visitor))
    return await LIST.respond(
        request, visitor, source, title="Tickets", crumbs=[Crumb("Support", HOME)],
        actions=[Action("Ask a question", f"{TICKETS}/new", "lifebuoy", primary=True, key="c")],
    )  # fmt: skip


async def _form(request: AnyRequest, form: FormState) -> Page:
    return await render(
        request,
        "support/new.html",
        title="Ask a question",
        crumbs=[Crumb("Support", HOME)],
        form=form,
        status=form.status,
    )


@page(f"{TICKETS}/new", permission="self")
async def new_ticket(request: AnyRequest, visitor: Visitor) -> Page:
    """The form."""
    return await _form(request, ASK.blank(visitor))


@page(f"{TICKETS}/new", methods=["POST"], permission="self", request_max_body_size=MAX_BODY)
async def open_ticket(request: AnyRequest, visitor: Visitor) -> Page:
    """Open a ticket."""
    form = await ASK.read(request, visitor)
    if form.ok:
        author = Author(visitor.name, visitor.email)
        try:
            number = await service.ask(
                context_of(request), visitor.account_id, author, form["subject"], form["service"], form["body"],
                await attachments(request),
            )  # fmt: skip
        except Refused as problem:
            form.fail(problem.field, str(problem))
        else:
            return redirect(request, f"{TICKETS}/{number}", "Sent. The answer comes here and by mail.")
    return await _form(request, form)


async def _ticket(request: AnyRequest, visitor: Visitor, number: int) -> Any:
    row = await context_of(request).database.run(lambda c: repository.one(c, visitor.account_id, number))
    own = _narrowed(visitor)
    if row is None or (own is not None and row["by_email"] != own):
        raise NotFoundException
    return row


async def show(
    request: AnyRequest, row: Any, crumbs: list[Crumb], base: str, operator: bool, form: FormState | None
) -> Page:
    """A ticket with its thread."""
    posts = await context_of(request).database.run(lambda c: repository.posts(c, row["account_id"], row["id"]))
    form = form or reply_form(base, operator).blank(None)
    return await render(
        request, "support/ticket.html", title=f"#{row['id']} {row['subject']}", crumbs=crumbs, row=row, posts=posts, form=form,
        base=base, operator=operator, tone=TONES[row["state"]], words=service.STATES[row["state"]],
        about=service.SERVICES.get(row["service"], row["service"]), status=form.status,
    )  # fmt: skip


async def take_reply(request: AnyRequest, visitor: Visitor, row: Any, base: str, operator: bool) -> FormState:
    """Read a contribution and add it; the form says what is wrong."""
    form = await reply_form(base, operator).read(request, visitor)
    given = await attachments(request)
    if form.ok and not (form["body"].strip() or given or form["close"]):
        form.fail("body", "Write something.")
    if form.ok:
        author = Author(visitor.name, visitor.email, operator)
        try:
            await service.answer(context_of(request), row, author, form["body"].strip(), given, form["close"])
        except Refused as problem:
            form.fail(problem.field, str(problem))
    return form


CRUMBS = [Crumb("Support", HOME), Crumb("Tickets", TICKETS)]


@page(f"{TICKETS}/{{number:int}}", permission="self")
async def show_ticket(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """One ticket."""
    row = await _ticket(request, visitor, number)
    return await show(request, row, CRUMBS, f"{TICKETS}/{number}", False, None)


@page(f"{TICKETS}/{{number:int}}", methods=["POST"], permission="self", request_max_body_size=MAX_BODY)
async def reply(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """Write into a ticket, or close it."""
    row, base = await _ticket(request, visitor, number), f"{TICKETS}/{number}"
    form = await take_reply(request, visitor, row, base, False)
    return redirect(request, base, "Sent.") if form.ok else await show(request, row, CRUMBS, base, False, form)


@page(f"{TICKETS}/{{number:int}}/files/{{file_id:uuid}}", permission="self")
async def ticket_file(request: AnyRequest, visitor: Visitor, number: int, file_id: UUID) -> Response[Any]:
    """A file of a ticket."""
    row = await _ticket(request, visitor, number)
    stored = await service.file_of(context_of(request), row, file_id)
    if stored is None:
        raise NotFoundException
    return files.download(context_of(request), stored)


pages: list[Any] = [support, glossary, list_tickets, new_ticket, open_ticket, show_ticket, reply, ticket_file]
