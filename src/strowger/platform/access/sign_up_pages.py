"""Pages of signing up."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, context_of, public_page, redirect, render
from strowger.platform.access import proof, sign_up, sign_up_mobile
from strowger.platform.access.errors import CannotText, LinkGone, TooManyCodes, WrongCode
from strowger.platform.access.flow import answer, bare_page, check_origin, where_of
from strowger.platform.access.mobile import read_mobile
from strowger.platform.access.pages import GONE, PASSWORD, TOO_MANY
from strowger.platform.accounts.errors import AccountProblem

Answer = Response[Any]
NAME = Field("name", "Your name", required=True, min_length=3, max_length=120, autocomplete="name")
COMPANY = Field("company", "Company", required=True, min_length=2, max_length=160, autocomplete="organization")
COUNTRY = Field(
    "country", "Country", "select", required=True, options=tuple((c, c) for c in sign_up.COUNTRIES), default="DE",
    help="Decides the currency; it cannot be changed later.",
)  # fmt: skip
MOBILE = Field(
    "mobile", "Mobile number", "tel", max_length=30, autocomplete="tel", placeholder="+447700900123",
    help="A code is sent to it. A trial account may send messages to this number.",
)  # fmt: skip
TERMS = Field("terms", "I accept the terms of this installation", "checkbox")
NEWS = Field("news", "Mail me news of this installation", "checkbox", help="Not needed; My Profile takes it back.")
EMAIL = Field("email", "E-mail address at work", "email", required=True, autocomplete="email")
SIGN_UP = Form(
    "sign-up",
    (NAME, EMAIL, COMPANY, COUNTRY, MOBILE, PASSWORD, TERMS, NEWS),
    submit="Sign up",
    action="/sign-up",
    guard_leaving=False,
)
INVITED = Form(
    "invited", (NAME, COMPANY, COUNTRY, MOBILE, PASSWORD, TERMS, NEWS), submit="Open the account", guard_leaving=False
)
CODE = Form(
    "sign-up-code",
    (Field("code", "Code", required=True, max_length=20, autocomplete="one-time-code", attrs={"inputmode": "numeric"}),),
    submit="Open the account", guard_leaving=False,
)  # fmt: skip
CONFIRM = Form("confirm-sign-up", (), submit="Open the account", guard_leaving=False)
SENT = "A mail with a link is on its way. The account opens when you follow it, within an hour."


async def _page(
    request: AnyRequest, title: str, text: str, form: FormState | None = None, status: int = 200, proven: bool = True
) -> Answer:
    """A page with one form; not ``proven``: it goes with a proof of work."""
    context = context_of(request)
    puzzle = proof.challenge(context, proof.SIGN_UP) if context.settings.captcha and not proven else None
    return await bare_page(request, title, text, form, status, puzzle)


def _need_terms(form: FormState) -> None:
    if form.ok and not form["terms"]:
        form.fail("terms", "This is needed to open an account.")


def _need_mobile(form: FormState) -> None:
    if form.ok and form["mobile"]:
        try:
            form.values["mobile"] = read_mobile(form["mobile"], form["country"])
        except AccountProblem as problem:
            form.fail("mobile", str(problem))


def _applicant(form: FormState) -> sign_up.Applicant:
    return sign_up.Applicant(form["name"], form["company"], form["country"], form["mobile"], form["news"])


@public_page("/sign-up", methods=["GET", "POST"])
async def sign_up_page(request: AnyRequest) -> Answer:
    """Ask for an account."""
    context = context_of(request)
    if context.settings.signup != "open":
        raise NotFoundException
    title, text = "Create an account", "It begins as a trial."
    if request.method == "GET":
        return await _page(request, title, text, SIGN_UP.blank(None), proven=False)
    check_origin(request)
    form = await SIGN_UP.read(request, None)
    _need_terms(form)
    _need_mobile(form)
    if form.ok and context.settings.captcha and not await proof.comes_with(request, context, proof.SIGN_UP):
        form.fail("", proof.NOT_DONE)
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
    return await _page(request, title, text, form, 422, proven=False)


@public_page("/sign-up/{token:str}", methods=["GET", "POST"])
async def confirm(request: AnyRequest, token: str) -> Answer:
    """Confirm the address of a sign-up and open the account."""
    context = context_of(request)
    try:
        found = await sign_up.look(context, token, invited=False)
        if request.method == "GET":
            return await _page(request, "Open the account", f"for {found.email}", CONFIRM.blank(None))
        check_origin(request)
        return await _go_on(request, token, str(found.data.get("mobile") or ""))
    except LinkGone as problem:
        return await _page(request, "This link is over", str(problem), status=GONE)


async def _go_on(request: AnyRequest, token: str, number: str) -> Answer:
    """The address is proven: ask for the code of the number, or open the account when there is none. Raises LinkGone."""
    context = context_of(request)
    if number:
        try:
            await sign_up_mobile.send(context, request.app.state, token)
        except TooManyCodes as problem:
            return await _page(request, "Too many codes", str(problem), status=TOO_MANY)
        except CannotText:
            flash = "Welcome. Your mobile number could not be confirmed now; do that under My Profile."
            return await answer(request, await sign_up.confirm(context, token, where_of(request)), "/", flash)
        return redirect(request, f"/sign-up/{token}/mobile")
    return await answer(request, await sign_up.confirm(context, token, where_of(request)), "/", "Welcome.")


@public_page("/sign-up/{token:str}/mobile", methods=["GET", "POST"])
async def confirm_mobile(request: AnyRequest, token: str) -> Answer:
    """Confirm the mobile number of a sign-up and open the account."""
    context = context_of(request)
    try:
        found = await sign_up.look(context, token, invited=False)
        form = CODE.blank(None)
        if request.method == "POST":
            check_origin(request)
            form = await CODE.read(request, None)
            if form.ok:
                await sign_up_mobile.check(context, token, form["code"])
                outcome = await sign_up.confirm(context, token, where_of(request), mobile_proven=True)
                return await answer(request, outcome, "/", "Welcome.")
    except LinkGone as problem:
        return await _page(request, "This link is over", str(problem), status=GONE)
    except WrongCode as problem:
        form.fail("code", str(problem))
    return await render(
        request, "access/sign_up_code.html", title="Confirm your mobile number", token=token, form=form,
        number=f"+{found.data.get('mobile', '')}", status=form.status,
    )  # fmt: skip


@public_page("/sign-up/{token:str}/mobile/again", methods=["POST"], audited=False)
async def send_code_again(request: AnyRequest, token: str) -> Answer:
    """Send a new code to the mobile number of a sign-up."""
    check_origin(request)
    try:
        await sign_up_mobile.send(context_of(request), request.app.state, token)
    except LinkGone as problem:
        return await _page(request, "This link is over", str(problem), status=GONE)
    except (TooManyCodes, CannotText) as problem:
        return redirect(request, f"/sign-up/{token}/mobile", str(problem), "warning")
    return redirect(request, f"/sign-up/{token}/mobile", "A new code is on its way.")


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
        _need_mobile(form)
        if not form.ok:
            return await _page(request, title, text, form, 422)
        await sign_up.fill(context, token, form["password"], _applicant(form))
        return await _go_on(request, token, form["mobile"])
    except LinkGone as problem:
        return await _page(request, "This link is over", str(problem), status=GONE)
    except AccountProblem as problem:
        return await _page(request, title, text, form.fail("password", str(problem)), 422)


pages: list[Any] = [sign_up_page, confirm, confirm_mobile, send_code_again, invited]
