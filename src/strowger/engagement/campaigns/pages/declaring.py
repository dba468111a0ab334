"""The opt-in declaration: made once, before the first campaign (console.md 5.4)."""

from __future__ import annotations

from typing import Any

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.campaigns import service
from strowger.engagement.campaigns.overview import DECLARATION
from strowger.engagement.campaigns.pages.shared import CRUMB, LIST, READ, WRITE
from strowger.platform.consent import declarations
from strowger.platform.consent.declarations import STATEMENTS

CHANNEL = "sms"
FORM = Form(
    "declaration",
    (
        Field("statements", "We declare", "checks", required=True, options=STATEMENTS,
              help="All of it, for campaigns by SMS."),
        Field("name", "Your name", required=True, min_length=3, max_length=100, width="half",
              help="Kept with the date, your sign-in and your address."),
    ),
    submit="Declare",
    action=DECLARATION,
    cancel=LIST,
)  # fmt: skip


async def is_undeclared(request: AnyRequest, visitor: Visitor) -> bool:
    """Whether the declaration still stands in the way of the visitor's first campaign."""
    return not await context_of(request).database.run(lambda c: service.is_declared(c, visitor.account_id, CHANNEL))


async def _show(request: AnyRequest, visitor: Visitor, form: FormState) -> Page:
    async with context_of(request).database.acquire() as connection:
        made = await declarations.find(connection, visitor.account_id, CHANNEL)
    return await render(
        request, "campaigns/declaration.html", title="Opt-in declaration", crumbs=[CRUMB], form=form, made=made,
        status=form.status if made is None else 200, may_declare=visitor.may(WRITE),
    )  # fmt: skip


@page(DECLARATION, permission=READ)
async def declaration(request: AnyRequest, visitor: Visitor) -> Page:
    """What is to be declared, or who declared it when."""
    return await _show(request, visitor, FORM.blank(visitor, name=visitor.name))


@page(DECLARATION, methods=["POST"], permission=WRITE)
async def declare(request: AnyRequest, visitor: Visitor) -> Page:
    """Record it, with name, date and address."""
    form = await FORM.read(request, visitor)
    if form.ok and set(form["statements"]) != {key for key, _ in STATEMENTS}:
        form.fail("statements", "Tick all of them: a campaign needs each.")
    if not form.ok:
        return await _show(request, visitor, form)
    context = context_of(request)
    ip = request.client.host if request.client else None
    await context.database.run(
        lambda c: declarations.declare(
            c, visitor.account_id, CHANNEL, form["name"], visitor.email, ip, context.clock.now()
        )
    )
    return redirect(request, f"{LIST}/new", "Recorded. You can launch campaigns now.")


pages: list[Any] = [declaration, declare]
