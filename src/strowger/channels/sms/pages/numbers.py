"""Numbers and sender IDs of an account, and where incoming messages are reported."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import NotFoundException

from strowger.channels.sms import repository
from strowger.console import menu
from strowger.console.form import Field, Form
from strowger.console.pages import AnyRequest, Crumb, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.platform.callbacks.schemas import read_target
from strowger.platform.numbers import service

menu.register("Numbers", "Numbers", "/numbers", "phone-incoming", 10, key="n")

MAX_SENDERS = 500
TONES = {"Approved": "success", "Pending": "info", "Rejected": "danger", "Disabled": "neutral"}


def _form(msisdn: str) -> Form:
    return Form(
        "number",
        (
            Field("label", "Label", max_length=100, help="What the number is for."),
            Field(
                "callback", "Callback URL", "url", placeholder="https://example.net/mo",
                help="Called by POST with each message that comes in; empty: not called.",
            ),
        ),
        action=f"/numbers/{msisdn}",
        cancel="/numbers",
    )  # fmt: skip


async def _own(request: AnyRequest, visitor: Visitor) -> list[service.OwnNumber]:
    return await context_of(request).database.run(lambda c: service.list_numbers(c, visitor.account_id))


async def _find(request: AnyRequest, visitor: Visitor, msisdn: str) -> service.OwnNumber:
    found = next((number for number in await _own(request, visitor) if number.msisdn == msisdn), None)
    if found is None:
        raise NotFoundException
    return found


@page("/numbers")
async def numbers(request: AnyRequest, visitor: Visitor) -> Page:
    """The account's numbers and sender IDs."""
    async with context_of(request).database.pool.acquire() as connection:
        senders = await repository.senders(connection, visitor.account_id, MAX_SENDERS)
    own = await _own(request, visitor)
    return await render(request, "sms/numbers.html", title="Numbers", numbers=own, senders=senders, tones=TONES)


@page("/numbers/{msisdn:str}")
async def number(request: AnyRequest, visitor: Visitor, msisdn: str) -> Page:
    """The form for one number."""
    found = await _find(request, visitor, msisdn)
    form = _form(msisdn).blank(visitor, label=found.label, callback=(found.callback or {}).get("url", ""))
    return await render(
        request, "console/form_page.html", title="+" + msisdn, crumbs=[Crumb("Numbers", "/numbers")], form=form
    )


@page("/numbers/{msisdn:str}", methods=["POST"], roles=["owner", "admin"])
async def change_number(request: AnyRequest, visitor: Visitor, msisdn: str) -> Page:
    """Change label and callback of a number."""
    context, found = context_of(request), await _find(request, visitor, msisdn)
    form = await _form(msisdn).read(request, visitor)
    if form.ok:
        try:
            target = read_target({"url": form["callback"], "method": "POST"}) if form["callback"] else None
        except StrowgerError as problem:
            form.fail("callback", problem.detail or problem.code)
        else:
            stored = target.to_json(context.secrets, visitor.account_id) if target else None
            await context.database.run(
                lambda c: service.change_number(
                    c, visitor.account_id, found.msisdn, label=form["label"], callback=stored
                )
            )
            return redirect(request, "/numbers", "Saved.")
    crumbs = [Crumb("Numbers", "/numbers")]
    return await render(
        request, "console/form_page.html", title="+" + msisdn, crumbs=crumbs, form=form, status=form.status
    )


pages: list[Any] = [numbers, number, change_number]
