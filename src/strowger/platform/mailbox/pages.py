"""The mailbox of the simulated mail server: every mail that left, readable by the operator."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from litestar import MediaType, Response
from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.table import Column, Empty, ListSource, Row, Table
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.simulation import SimulatorsOff, ask

LIST = "/mailbox"
URL = re.compile(r"https?://[^\s<>\"]+")
# A mail comes from outside: it may show itself, and nothing else. No script, no form, no request, no navigation.
FRAME = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
menu.register("Installation", "Mailbox", LIST, "mail", 30)

MAILS = Table(
    "mailbox",
    columns=(
        Column("subject", "Subject", href=lambda row: f"{LIST}/{row['number']}"),
        Column("to", "To"),
        Column("from", "From", shown=False),
        Column("at", "Arrived", "time"),
    ),
    search="Search by subject or address",
    empty=Empty(
        "No mail yet",
        "While STROWGER_SMTP_URL is empty, every mail of this installation (codes, invitations, notices) arrives here "
        "instead of leaving. The simulated server speaks real SMTP and forgets when it ends.",
    ),
    row_href=lambda row: f"{LIST}/{row['number']}",
)


def mail_source(context: Context) -> ListSource:
    """What the simulated server holds, the latest first."""

    async def rows(_account_id: int) -> list[Row]:
        found = (await ask(context, "GET", "/mailbox"))["mails"]
        return [{**mail, "at": datetime.fromisoformat(mail["at"])} for mail in found]

    return ListSource(rows, key="number", searched=("subject", "to"))


async def _mail(request: AnyRequest, number: int) -> dict[str, Any]:
    try:
        return await ask(context_of(request), "GET", f"{LIST}/{number}")
    except SimulatorsOff:
        raise
    except StrowgerError:
        raise NotFoundException from None


@page(LIST, permission="installation.read")
async def mailbox(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Everything that arrived, or why there is nothing to see."""
    context = context_of(request)
    try:
        return await MAILS.respond(
            request, visitor, mail_source(context), title="Mailbox", template="mailbox/mails.html",
            real=context.settings.smtp_url != "",
        )  # fmt: skip
    except SimulatorsOff as problem:
        return await render(request, "mailbox/off.html", title="Mailbox", reason=problem.detail)


@page(f"{LIST}/{{number:int}}", permission="installation.read")
async def mail(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """One mail: its text, its HTML in a frame that can do nothing, its links."""
    found = await _mail(request, number)
    links = list(dict.fromkeys(URL.findall(found["text"])))
    return await render(
        request, "mailbox/mail.html", title=found["subject"] or "(no subject)", mail=found, links=links,
        at=datetime.fromisoformat(found["at"]),
    )  # fmt: skip


@page(f"{LIST}/{{number:int}}/html", permission="installation.read")
async def mail_html(request: AnyRequest, visitor: Visitor, number: int) -> Response[str]:
    """The HTML part alone, for the frame."""
    found = await _mail(request, number)
    return Response(found["html"], media_type=MediaType.HTML, headers=FRAME)


@page(f"{LIST}/clear", methods=["POST"], permission="installation.write")
async def clear(request: AnyRequest, visitor: Visitor) -> Page:
    """Throw everything away."""
    try:
        await ask(context_of(request), "DELETE", LIST)
    except SimulatorsOff as problem:
        return redirect(request, LIST, problem.detail or "", "danger")
    return redirect(request, LIST, "The mailbox is empty.")


pages: list[Any] = [mailbox, mail, mail_html, clear]
