"""The operator's queue of tickets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.pages import AnyRequest, Crumb, Page, Visitor, context_of, page, redirect
from strowger.console.table import Column, Empty, Filter, Table
from strowger.platform.billing.pages.everyones import EveryonesSource
from strowger.platform.files import service as files
from strowger.platform.support import repository, service
from strowger.platform.support.pages import MAX_BODY, TONES, show, take_reply
from strowger.platform.support.repository import ACCOUNT, TICKET

LIST = "/operator/tickets"
CRUMBS = [Crumb("Tickets", LIST)]
menu.register("Installation", "Tickets", LIST, "lifebuoy", 22)

QUEUE = Table(
    "operator-tickets",
    columns=(
        Column("id", "Number", "number", sort=True),
        Column("subject", "Subject"),
        Column("account_name", "Account"),
        Column("sid", "SID", "mono", shown=False),
        Column("service", "About", label_of=lambda code: service.SERVICES.get(code, code)),
        Column("state", "State", "status", sort=True, tone=TONES, label_of=lambda code: service.STATES.get(code, code)),
        Column("by_email", "Asked by"),
        Column("updated_at", "Last word", "time", sort=True),
    ),
    filters=(
        Filter("state", "State", "multi", tuple(service.STATES.items())),
        Filter("service", "About", "multi", tuple(service.SERVICES.items())), Filter("updated_at", "Last word", "time"),
    ),
    search="Subject or account",
    empty=Empty("No tickets", "Questions of customers are listed here; open ones wait for you."),
    row_href=lambda row: f"{LIST}/{row['id']}",
)  # fmt: skip


@page(LIST, permission="installation.read")
async def list_tickets(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The tickets of all accounts."""
    source = EveryonesSource(
        context_of(request).database, repository.rows(), TICKET.account_id, key=("id",), columns=dict(TICKET.items()),
        search=lambda text: TICKET.subject.icontains(text, autoescape=True) | ACCOUNT.name.icontains(text, autoescape=True),
    )  # fmt: skip
    return await QUEUE.respond(request, visitor, source, title="Customers' tickets")


async def _ticket(request: AnyRequest, number: int) -> Any:
    row = await context_of(request).database.run(lambda c: repository.one(c, None, number))
    if row is None:
        raise NotFoundException
    return row


@page(f"{LIST}/{{number:int}}", permission="installation.read")
async def show_ticket(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """One ticket."""
    return await show(request, await _ticket(request, number), CRUMBS, f"{LIST}/{number}", True, None)


@page(f"{LIST}/{{number:int}}", methods=["POST"], permission="installation.write", request_max_body_size=MAX_BODY)
async def reply(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """Answer a ticket, or close it."""
    row, base = await _ticket(request, number), f"{LIST}/{number}"
    form = await take_reply(request, visitor, row, base, True)
    return redirect(request, base, "Sent.") if form.ok else await show(request, row, CRUMBS, base, True, form)


@page(f"{LIST}/{{number:int}}/files/{{file_id:uuid}}", permission="installation.read")
async def ticket_file(request: AnyRequest, visitor: Visitor, number: int, file_id: UUID) -> Response[Any]:
    """A file of a ticket."""
    stored = await service.file_of(context_of(request), await _ticket(request, number), file_id)
    if stored is None:
        raise NotFoundException
    return files.download(context_of(request), stored)


pages: list[Any] = [list_tickets, show_ticket, reply, ticket_file]
