"""Pages of signing in: password, second factor, links by mail."""

from __future__ import annotations

from typing import Any

from litestar import Response

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, context_of, local_path, page, public_page, redirect, render
from strowger.console.visitor import Visitor
from strowger.console.visits import find_visitor
from strowger.platform.access import links, passkeys, proof, sign_in, ways
from strowger.platform.access.errors import CannotText, LinkGone, NotAllowed, StepGone, TooManyCodes, WrongCode
from strowger.platform.access.flow import CODE_PAGE, DEVICE, STEP, answer, bare_page, check_origin, where_of
from strowger.platform.accounts import service
from strowger.platform.accounts.errors import AccountProblem, Locked, WrongPassword
from strowger.platform.accounts.visitors import session_token, take_cookie

Answer = Response[Any]
NEXT = Field("next", "", "hidden")
EMAIL = Field("email", "E-mail address", "email", required=True, autocomplete="username", attrs={"autofocus": True})
SIGN_IN = Form(
    "sign-in",
    (EMAIL, Field("password", "Password", "password", required=True, autocomplete="current-password"), NEXT),
    submit="Sign in",
    action="/sign-in",
    guard_leaving=False,
)
CODE = Form(
    "code",
    (
        Field(
            "code",
            "Code",
            required=True,
            max_length=20,
            autocomplete="one-time-code",
            attrs={"autofocus": True, "spellcheck": "false", "autocapitalize": "none"},
        ),
        NEXT,
    ),
    submit="Continue",
    action=CODE_PAGE,
    guard_leaving=False,
)
FORGOT = Form("forgot", (EMAIL,), submit="Send the link", action="/password", guard_leaving=False)
LINK = Form("link", (EMAIL,), submit="Send the link", action="/sign-in/link", guard_leaving=False)
PASSWORD = Field(
    "password",
    "New password",
    "password",
    required=True,
    autocomplete="new-password",
    max_length=200,
    help="At least 12 characters with upper and lower case, a digit and a special character.",
)
RESET = Form("reset", (PASSWORD,), submit="Save password", guard_leaving=False)
ACCEPT = Form(
    "accept",
    (Field("name", "Your name", required=True, min_length=3, max_length=120, autocomplete="name"), PASSWORD),
    submit="Join",
    guard_leaving=False,
)
ASKS = {
    "email": "Enter the code that was sent to your e-mail address.",
    "sms": "Enter the code that was sent to your mobile.",
    "passkey": "Use your passkey, or enter one of your recovery codes.",
    "totp": "Enter the code that your authenticator app shows, or one of your recovery codes.",
}
TOO_MANY, GONE = 429, 410


async def _sign_in_page(request: AnyRequest, form: FormState, status: int = 200) -> Answer:
    context, email = context_of(request), form.text("email")
    settings = context.settings
    needed = await proof.is_needed(context, where_of(request), email)
    return await render(
        request, "access/sign_in.html", title="Sign in", form=form, status=status, signup=settings.signup == "open",
        passkeys=passkeys.site_of(settings).usable, ways=await ways.known_ways(context),
        proof=proof.challenge(context, proof.SIGN_IN) if needed else None,
    )  # fmt: skip


@public_page("/sign-in")
async def sign_in_page(request: AnyRequest) -> Answer:
    """The form, or straight on for who is signed in already."""
    target = local_path(request.query_params.get("next"))
    if await find_visitor(request) is not None:
        return redirect(request, target)
    return await _sign_in_page(request, SIGN_IN.blank(None, next=target))


@public_page("/sign-in", methods=["POST"], audited=False)
async def check_password(request: AnyRequest) -> Answer:
    """Check e-mail address and password; then the second factor, or a session."""
    check_origin(request)
    form = await SIGN_IN.read(request, None)
    status, context, where = 422, context_of(request), where_of(request)
    needed = form.ok and await proof.is_needed(context, where, form["email"])
    if needed and not await proof.comes_with(request, context, proof.SIGN_IN):
        form.fail("", proof.NOT_DONE)
    if form.ok:
        device = request.cookies.get(DEVICE, "")
        try:
            outcome = await sign_in.begin(context, request.app.state, form["email"], form["password"], where, device)
        except (WrongPassword, Locked, NotAllowed, TooManyCodes, CannotText) as problem:
            form.fail("", str(problem))
            if isinstance(problem, WrongPassword | Locked):
                await proof.note_failure(context, where, form["email"])
            status = (
                TOO_MANY
                if isinstance(problem, Locked | TooManyCodes)
                else 403
                if isinstance(problem, NotAllowed)
                else 422
            )
        else:
            return await answer(request, outcome, form.text("next"))
    return await _sign_in_page(request, form, status)


async def _code_page(request: AnyRequest, form: FormState, status: int = 200) -> Answer:
    context, token = context_of(request), request.cookies.get(STEP, "")
    method = await sign_in.method_of(context, token)
    if not method:
        return redirect(request, "/sign-in", str(StepGone()), "warning")
    options = await passkeys.begin_factor(context, token)
    return await render(
        request, "access/code.html", title="Second factor", form=form, status=status, method=method, ask=ASKS[method],
        options=options,
    )  # fmt: skip


@public_page(CODE_PAGE)
async def code_page(request: AnyRequest) -> Answer:
    """The form for the second factor."""
    return await _code_page(request, CODE.blank(None, next=local_path(request.query_params.get("next"))))


@public_page(CODE_PAGE, methods=["POST"], audited=False)
async def check_code(request: AnyRequest) -> Answer:
    """Check the code and begin a session."""
    check_origin(request)
    form = await CODE.read(request, None)
    status = 422
    if form.ok:
        token = request.cookies.get(STEP, "")
        try:
            entered = await sign_in.finish(context_of(request), token, form["code"], where_of(request))
        except StepGone as problem:
            return redirect(request, "/sign-in", str(problem), "warning")
        except (WrongCode, TooManyCodes) as problem:
            form.fail("code", str(problem))
            status = TOO_MANY if isinstance(problem, TooManyCodes) else 422
        else:
            return await answer(request, entered, form.text("next"))
    return await _code_page(request, form, status)


@public_page(f"{CODE_PAGE}/again", methods=["POST"], audited=False)
async def send_again(request: AnyRequest) -> Answer:
    """Send a new code."""
    check_origin(request)
    target = local_path(str((await request.form()).get("next", "")))
    token = request.cookies.get(STEP, "")
    try:
        await sign_in.send_again(context_of(request), request.app.state, token, where_of(request))
    except (StepGone, TooManyCodes) as problem:
        return redirect(request, "/sign-in", str(problem), "warning")
    except CannotText as problem:
        return redirect(request, CODE_PAGE, str(problem), "danger")
    return redirect(request, f"{CODE_PAGE}?next={target}", "A new code is on its way.")


@page("/sign-out", methods=["POST"], permission="self", audited=False)
async def sign_out(request: AnyRequest, visitor: Visitor) -> Answer:
    """End this session."""
    await service.sign_out(context_of(request), session_token(request))
    response = redirect(request, "/sign-in", "You are signed out.")
    take_cookie(request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def _ask_page(request: AnyRequest, form: Form, title: str, text: str, purpose: str) -> Answer:
    """A form that asks for an e-mail address and mails a link; what it answers does not tell whether there is a user."""
    if request.method == "GET":
        return await bare_page(request, title, text, form.blank(None))
    check_origin(request)
    state = await form.read(request, None)
    if not state.ok:
        return await bare_page(request, title, text, state, 422)
    await links.ask(context_of(request), state["email"], purpose)
    sent = "When this address has a user, a mail with a link is on its way. The link works once."
    return await bare_page(request, "Look into your mailbox", sent)


@public_page("/password", methods=["GET", "POST"], audited=False)
async def forgot(request: AnyRequest) -> Answer:
    """Ask for a way to a new password."""
    text = "You get a link by mail, with which you choose a new password."
    return await _ask_page(request, FORGOT, "Forgot your password?", text, links.RESET)


@public_page("/sign-in/link", methods=["GET", "POST"], audited=False)
async def ask_link(request: AnyRequest) -> Answer:
    """Ask for a link that signs in."""
    text = "You get a link by mail that signs you in without the password."
    return await _ask_page(request, LINK, "Sign in by mail", text, links.SIGN_IN)


@public_page("/sign-in/link/{token:str}", methods=["GET", "POST"], audited=False)
async def use_link(request: AnyRequest, token: str) -> Answer:
    """Sign in by a mailed link; a button presses it, because mail scanners open links too."""
    context = context_of(request)
    form = Form("use-link", (), submit="Sign in", guard_leaving=False)
    try:
        user = await links.look(context, token, links.SIGN_IN)
        if request.method == "GET":
            return await bare_page(request, "Sign in", f"as {user.email}", form.blank(None))
        check_origin(request)
        return await answer(request, await links.enter(context, request.app.state, token, where_of(request)), "/")
    except LinkGone as problem:
        return await bare_page(request, "This link is over", str(problem), status=GONE)
    except (NotAllowed, TooManyCodes, CannotText) as problem:
        return await bare_page(request, "You cannot sign in", str(problem), status=403)


@public_page("/password/{token:str}", methods=["GET", "POST"])
async def reset(request: AnyRequest, token: str) -> Answer:
    """Choose a new password by a mailed link."""
    return await _password_page(request, token, links.RESET, RESET, "Choose a new password", "Password saved.")


@public_page("/invitation/{token:str}", methods=["GET", "POST"])
async def accept(request: AnyRequest, token: str) -> Answer:
    """Accept an invitation."""
    return await _password_page(request, token, links.INVITATION, ACCEPT, "Join the account", "Welcome.")


async def _password_page(request: AnyRequest, token: str, purpose: str, form: Form, title: str, flash: str) -> Answer:
    context = context_of(request)
    try:
        user = await links.look(context, token, purpose)
    except LinkGone as problem:
        return await bare_page(request, "This link is over", str(problem), status=GONE)
    if request.method == "GET":
        return await bare_page(request, title, f"for {user.email}", form.blank(None, name=user.name))
    check_origin(request)
    state = await form.read(request, None)
    if state.ok:
        name = state.values.get("name", "")
        try:
            outcome = await links.set_password(
                context, request.app.state, token, purpose, state["password"], where_of(request), name
            )
        except LinkGone as problem:
            return await bare_page(request, "This link is over", str(problem), status=GONE)
        except (NotAllowed, TooManyCodes, CannotText) as problem:
            return await bare_page(request, "You cannot sign in", str(problem), status=403)
        except AccountProblem as problem:
            state.fail("password", str(problem))
        else:
            return await answer(request, outcome, "/", flash)
    return await bare_page(request, title, f"for {user.email}", state, state.status)


pages: list[Any] = [
    sign_in_page, check_password, code_page, check_code, send_again, sign_out, forgot, ask_link, use_link, reset, accept,
]  # fmt: skip
