"""Pages of changing one's e-mail address."""

from __future__ import annotations

from typing import Any

from litestar import Response

from strowger.console.form import Field, Form, FormState
from strowger.console.layout import Crumb
from strowger.console.pages import AnyRequest, context_of, page, public_page, redirect, render
from strowger.console.trail import act_as
from strowger.console.visitor import Visitor
from strowger.console.visits import find_visitor
from strowger.platform.access import email_change
from strowger.platform.access.errors import LinkGone
from strowger.platform.access.flow import bare_page, check_origin
from strowger.platform.access.kept import UNDO_DAYS
from strowger.platform.access.pages import GONE
from strowger.platform.accounts.confirming import OWN_PASSWORD, confirmed
from strowger.platform.accounts.errors import AccountProblem, EmailTaken
from strowger.platform.accounts.models import User

Answer = Response[Any]
HERE = "/profile/email"
NEW = Field(
    "email", "New e-mail address", "email", required=True, autocomplete="email",
    help="A link goes to it; your address changes when you follow that within an hour.",
)  # fmt: skip
ASK = Form(
    "email-change", (NEW, OWN_PASSWORD), submit="Send the link", action=HERE, cancel="/profile", guard_leaving=False
)
CONFIRM = Form("confirm-email", (), submit="Confirm the address", guard_leaving=False)
UNDO = Form("undo-email", (), submit="This was not me: keep the old address", guard_leaving=False)


async def _page(request: AnyRequest, visitor: Visitor, form: FormState) -> Answer:
    waiting = await email_change.open_of(context_of(request), visitor.user_id)
    return await render(
        request, "access/email.html", title="E-mail address", crumbs=[Crumb("My Profile", "/profile")], form=form,
        status=form.status, waiting=waiting, days=UNDO_DAYS,
    )  # fmt: skip


@page(HERE, permission="self")
async def own_email(request: AnyRequest, visitor: Visitor) -> Answer:
    """The address with which one signs in."""
    return await _page(request, visitor, ASK.blank(visitor))


@page(HERE, methods=["POST"], permission="self")
async def ask_email(request: AnyRequest, visitor: Visitor) -> Answer:
    """Ask for another address, for who knows the password."""
    form = await ASK.read(request, visitor)
    if await confirmed(request, visitor, form):
        try:
            await email_change.ask(context_of(request), visitor.account_id, visitor.user_id, form["email"])
        except AccountProblem as problem:
            form.fail("email", str(problem))
        else:
            return redirect(request, HERE, f"A mail is on its way to {form['email']}. Follow its link within an hour.")
    return await _page(request, visitor, form)


@page(f"{HERE}/cancel", methods=["POST"], permission="self")
async def cancel_email(request: AnyRequest, visitor: Visitor) -> Answer:
    """Keep the present address after all."""
    await email_change.cancel(context_of(request), visitor.user_id)
    return redirect(request, HERE, "Your address stays as it is.")


def _as(request: AnyRequest, user: User) -> None:
    act_as(request, user.account_id, user.id, user.email, user.role)


@public_page("/email/{token:str}", methods=["GET", "POST"])
async def confirm_email(request: AnyRequest, token: str) -> Answer:
    """Confirm a new address by a mailed link; a button presses it, because mail scanners open links too."""
    context = context_of(request)
    try:
        change = await email_change.look(context, token)
        if request.method == "GET":
            text = f"From now on you sign in with {change.new_email} instead of {change.old_email}."
            return await bare_page(request, "Confirm your new address", text, CONFIRM.blank(None))
        check_origin(request)
        user = await email_change.confirm(context, token)
    except LinkGone as problem:
        return await bare_page(request, "This link is over", str(problem), status=GONE)
    except EmailTaken as problem:
        return await bare_page(request, "This address cannot be used", str(problem), status=409)
    _as(request, user)
    target = "/profile" if await find_visitor(request) else "/sign-in"
    return redirect(request, target, f"From now on you sign in with {user.email}.")


@public_page("/email/undo/{token:str}", methods=["GET", "POST"])
async def undo_email(request: AnyRequest, token: str) -> Answer:
    """Stop a change of address, or take it back, from the old mailbox."""
    context = context_of(request)
    try:
        change = await email_change.look_undo(context, token)
        if request.method == "GET":
            text = (
                f"You sign in with {change.old_email} again, not with {change.new_email}. Every session ends, and you choose a "
                "new password by a link that is mailed to you."
            )
            return await bare_page(request, "Keep the old address", text, UNDO.blank(None))
        check_origin(request)
        user = await email_change.undo(context, token)
    except LinkGone:
        text = f"This link was used already, or is older than {UNDO_DAYS} days."
        return await bare_page(request, "This link is over", text, status=GONE)
    except EmailTaken as problem:
        return await bare_page(request, "This address cannot be used", str(problem), status=409)
    _as(request, user)
    text = (
        f"You sign in with {user.email}. Everybody is signed out. A mail with a link to a new password is on its way."
    )
    return await bare_page(request, "The old address counts", text)


pages: list[Any] = [own_email, ask_email, cancel_email, confirm_email, undo_email]
