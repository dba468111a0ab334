"""Pages of handing an account over: the owner's offer, the new owner's answer."""

from __future__ import annotations

from typing import Any

from strowger.console.form import Field, Form, FormState
from strowger.console.layout import Crumb
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.platform.accounts.confirming import OWN_PASSWORD, confirmed
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.team import ownership

TEAM, OFFER, ANSWER = "/settings/team", "/settings/team/ownership", "/profile/ownership"
CRUMBS = [Crumb("Settings"), Crumb("Team", TEAM)]
ACCEPT = Form(
    "accept-ownership", (OWN_PASSWORD,), submit="Accept: I own the account", action=ANSWER, guard_leaving=False
)


def _form(options: list[tuple[str, str]]) -> Form:
    taker = Field("taker", "New owner", "select", required=True, options=options)
    return Form(
        "ownership", (taker, OWN_PASSWORD), submit="Offer the ownership", action=OFFER, cancel=TEAM, guard_leaving=False
    )


async def _own_form(request: AnyRequest, visitor: Visitor) -> Form:
    people = await ownership.takers(context_of(request), visitor.account_id, visitor.user_id)
    return _form([(str(one.id), f"{one.name} ({one.email})") for one in people])


async def _offer_page(request: AnyRequest, visitor: Visitor, form: FormState | None = None) -> Page:
    form = form or (await _own_form(request, visitor)).blank(visitor)
    return await render(
        request, "team/ownership.html", title="Transfer ownership", crumbs=CRUMBS, form=form, status=form.status,
        offer=await ownership.offer_of(context_of(request), visitor.account_id),
        nobody=not form.form.fields[0].options,
    )  # fmt: skip


@page(OFFER, permission="team.transfer")
async def show_offer(request: AnyRequest, visitor: Visitor) -> Page:
    """Whether the account is being handed over, and to whom."""
    return await _offer_page(request, visitor)


@page(OFFER, methods=["POST"], permission="team.transfer")
async def make_offer(request: AnyRequest, visitor: Visitor) -> Page:
    """Offer the account to another member, for who knows the password."""
    form = await (await _own_form(request, visitor)).read(request, visitor)
    if await confirmed(request, visitor, form):
        try:
            offer = await ownership.propose(
                context_of(request), visitor.account_id, visitor.user_id, int(form["taker"])
            )
        except ownership.OfferWaits as problem:
            return redirect(request, OFFER, str(problem), "warning")
        except AccountProblem as problem:
            form.fail("taker", str(problem))
        else:
            return redirect(request, OFFER, f"{offer.taker.name} has three days to accept.")
    return await _offer_page(request, visitor, form)


@page(f"{OFFER}/withdraw", methods=["POST"], permission="team.transfer")
async def withdraw_offer(request: AnyRequest, visitor: Visitor) -> Page:
    """Take the offer back."""
    done = await ownership.withdraw(context_of(request), visitor.account_id)
    return (
        redirect(request, OFFER, "The offer is withdrawn.")
        if done
        else redirect(request, OFFER, ownership.GONE, "warning")
    )


async def _answer_page(request: AnyRequest, visitor: Visitor, form: FormState | None = None) -> Page:
    offer = await ownership.offer_of(context_of(request), visitor.account_id)
    mine = offer if offer and offer.taker.id == visitor.user_id else None
    form = form or ACCEPT.blank(visitor)
    return await render(
        request, "team/ownership_answer.html", title="Ownership of the account", crumbs=[Crumb("My Profile", "/profile")],
        form=form, status=form.status, offer=mine,
    )  # fmt: skip


@page(ANSWER, permission="self")
async def show_answer(request: AnyRequest, visitor: Visitor) -> Page:
    """An offer to oneself."""
    return await _answer_page(request, visitor)


@page(ANSWER, methods=["POST"], permission="self")
async def accept_offer(request: AnyRequest, visitor: Visitor) -> Page:
    """Accept an offer, for who knows their own password."""
    form = await ACCEPT.read(request, visitor)
    if await confirmed(request, visitor, form):
        try:
            offer = await ownership.answer(context_of(request), visitor.account_id, visitor.user_id, accepted=True)
        except AccountProblem as problem:
            return redirect(request, ANSWER, str(problem), "warning")
        return redirect(request, "/profile", f"You are the owner of {offer.account.name}.")
    return await _answer_page(request, visitor, form)


@page(f"{ANSWER}/decline", methods=["POST"], permission="self")
async def decline_offer(request: AnyRequest, visitor: Visitor) -> Page:
    """Decline an offer."""
    try:
        await ownership.answer(context_of(request), visitor.account_id, visitor.user_id, accepted=False)
    except AccountProblem as problem:
        return redirect(request, ANSWER, str(problem), "warning")
    return redirect(request, "/profile", "Declined; the owner is told.")


pages: list[Any] = [show_offer, make_offer, withdraw_offer, show_answer, accept_offer, decline_offer]
