"""Pages of signing up."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, context_of, public_page, render
from strowger.platform.access import sign_up
from strowger.platform.access.errors import LinkGone
from strowger.platform.access.flow import answer, check_origin, where_of
from strowger.platform.access.pages import GONE, PASSWORD
from strowger.platform.accounts.errors import AccountProblem

Answer = Response[Any]
NAME = Field("name", "Your name", required=True, min_length=3, max_length=120, autocomplete="name")
COMPANY = Field("company", "Company", required=True, min_length=2, max_length=160, autocomplete="organization")
COUNTRY = Field(
    "country", "Country", "select", required=True, options=tuple((c, c) for c in sign_up.COUNTRIES), default="DE",
    help="Decides the currency; it cannot be changed later.",
)  # fmt: skip
TERMS = Field("terms", "I accept the terms of this installation", "checkbox")
EMAIL = Field("email", "E-mail address at work", "email", required=True, autocomplete="email")
SIGN_UP = Form(
    "sign-up",
    (NAME, EMAIL, COMPANY, COUNTRY, PASSWORD, TERMS),
    submit="Sign up",
    action="/sign-up",
    guard_leaving=False,
)
INVITED = Form("invited", (NAME, COMPANY, COUNTRY, PASSWORD, TERMS), submit="Open the account", guard_leaving=False)
CONFIRM = Form("confirm-sign-up", (), submit="Open the account", guard_leaving=False)
SENT = "A mail with a link is on its way. The account opens when you follow it, within an hour."


async def _page(request: AnyRequest, title: str, text: str, form: FormState | None = None, status: int = 200) -> Answer:
    return await render(request, "access/bare_form.html", title=title, text=text, form=form, status=status)


def _need_terms(form: FormState) -> None:
    if form.ok and not form["terms"]:
        form.fail("terms", "This is needed to open an account.")


def _applicant(form: FormState) -> sign_up.Applicant:
    return sign_up.Applicant(form["name"], form["company"], form["country"])


@public_page("/sign-up", methods=["GET", "POST"])
async def sign_up_page(request: AnyRequest) -> Answer:
    """Ask for an account."""
    context = context_of(request)
    if context.settings.signup != "open":
        raise NotFoundException
    title, text = "Create an account", "It begins as a trial."
    if request.method == "GET":
        return await _page(request, title, text, SIGN_UP.blank(None))
    check_origin(request)
    form = await SIGN_UP.read(request, None)
    _need_terms(form)
    if form.ok:
        try:
            sign_up.check_address(context, form["email"])
        except AccountProblem as problem:
            form.fail("email", str(problem))
    if form.ok:
        try:
            await sign_up.ask(context, form["email"], form["password"], _applicant(form))
        except AccountProblem as problem:
            form.fail("password", str(problem))
        else:
            return await _page(request, "Look into your mailbox", SENT)
    return await _page(request, title, text, form, 422)


@public_page("/sign-up/{token:str}", methods=["GET", "POST"])
async def confirm(request: AnyRequest, token: str) -> Answer:
    """Confirm the address of a sign-up and open the account."""
    context = context_of(request)
    try:
        found = await sign_up.look(context, token, invited=False)
        if request.method == "GET":
            return await _page(request, "Open the account", f"for {found.email}", CONFIRM.blank(None))
        check_origin(request)
        outcome = await sign_up.confirm(context, request.app.state, token, where_of(request))
    except LinkGone as problem:
        return await _page(request, "This link is over", str(problem), status=GONE)
    return await answer(request, outcome, "/", "Welcome.")


@public_page("/sign-up/invited/{token:str}", methods=["GET", "POST"])
async def invited(request: AnyRequest, token: str) -> Answer:
    """Open an account by an invitation of the operator."""
    context = context_of(request)
    if context.settings.signup == "closed":
        raise NotFoundException
    try:
        found = await sign_up.look(context, token, invited=True)
        title, text = "Open an account", f"for {found.email}"
        if request.method == "GET":
            return await _page(request, title, text, INVITED.blank(None))
        check_origin(request)
        form = await INVITED.read(request, None)
        _need_terms(form)
        if not form.ok:
            return await _page(request, title, text, form, 422)
        outcome = await sign_up.accept(
            context, request.app.state, token, form["password"], _applicant(form), where_of(request)
        )
    except LinkGone as problem:
        return await _page(request, "This link is over", str(problem), status=GONE)
    except AccountProblem as problem:
        return await _page(request, title, text, form.fail("password", str(problem)), 422)
    return await answer(request, outcome, "/", "Welcome.")


pages: list[Any] = [sign_up_page, confirm, invited]
