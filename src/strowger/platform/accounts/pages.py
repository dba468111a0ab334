"""Pages of accounts: sign-in, profile, API keys."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Response
from litestar.exceptions import PermissionDeniedException

from strowger.console.form import Field, Form, Invalid
from strowger.console.pages import AnyRequest, Visitor, context_of, local_path, page, public_page, redirect, render
from strowger.console.respond import is_partial
from strowger.console.visitor import find_visitor
from strowger.platform.accounts import key_pages, service
from strowger.platform.accounts.errors import AccountProblem, Locked, WrongPassword
from strowger.platform.accounts.visitors import give_cookie, session_token, take_cookie

Answer = Response[Any]


def _zone(text: str) -> str:
    try:
        service.check_time_zone(text)
    except AccountProblem as problem:
        raise Invalid(str(problem)) from None
    return text


SIGN_IN = Form(
    "sign-in",
    (
        Field("email", "E-mail address", "email", required=True, autocomplete="username", attrs={"autofocus": True}),
        Field("password", "Password", "password", required=True, autocomplete="current-password"),
        Field("next", "", "hidden"),
    ),
    submit="Sign in",
    action="/sign-in",
    guard_leaving=False,
)
DETAILS = Form(
    "details",
    (
        Field("name", "Name", required=True, min_length=2, max_length=120, autocomplete="name"),
        Field(
            "time_zone",
            "Time zone",
            parse=_zone,
            help="Dates in the console; empty follows the account.",
            attrs={"list": "time-zones", "spellcheck": "false"},
            placeholder="Europe/Berlin",
        ),
    ),
    submit="Save profile",
    action="/profile",
)
PASSWORD = Form(
    "password",
    (
        Field("old", "Present password", "password", required=True, autocomplete="current-password"),
        Field(
            "new",
            "New password",
            "password",
            required=True,
            autocomplete="new-password",
            max_length=200,
            help="At least 12 characters with upper and lower case, a digit and a special character.",
        ),
    ),
    submit="Change password",
    action="/profile/password",
)


def _check_origin(request: AnyRequest) -> None:
    """Sign-in has no session whose token could be checked: the browser must say that the form is ours."""
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        raise PermissionDeniedException("This form did not come from this site. Open the sign-in page and try again.")


@public_page("/sign-in")
async def sign_in_page(request: AnyRequest) -> Answer:
    """The form, or straight on for who is signed in already."""
    target = local_path(request.query_params.get("next"))
    if await find_visitor(request) is not None:
        return redirect(request, target)
    return await render(request, "accounts/sign_in.html", title="Sign in", form=SIGN_IN.blank(None, next=target))


@public_page("/sign-in", methods=["POST"])
async def sign_in(request: AnyRequest) -> Answer:
    """Check e-mail address and password and begin a session."""
    _check_origin(request)
    form = await SIGN_IN.read(request, None)
    status = 422
    if form.ok:
        ip = request.client.host if request.client else None
        agent = request.headers.get("user-agent")
        try:
            signed_in = await service.sign_in(context_of(request), form["email"], form["password"], ip, agent)
        except (WrongPassword, Locked) as problem:
            form.fail("", str(problem))
            status = 429 if isinstance(problem, Locked) else 422
        else:
            response = redirect(request, local_path(form.text("next")))
            give_cookie(request, response, signed_in.token)
            return response
    return await render(request, "accounts/sign_in.html", title="Sign in", form=form, status=status)


@page("/sign-out", methods=["POST"], permission="self")
async def sign_out(request: AnyRequest) -> Answer:
    """End this session."""
    await service.sign_out(context_of(request), session_token(request))
    response = redirect(request, "/sign-in", "You are signed out.")
    take_cookie(request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def _profile(request: AnyRequest, visitor: Visitor, status: int = 200, **forms: Any) -> Answer:
    context = context_of(request)
    here = service.token_hash(visitor.session)
    sessions = await service.sessions_of(context, visitor.user_id)
    return await render(
        request,
        "accounts/profile.html",
        title="My Profile",
        crumbs=[],
        status=status,
        details=forms.get("details") or DETAILS.blank(visitor, name=visitor.name, time_zone=visitor.time_zone),
        password=forms.get("password") or PASSWORD.blank(visitor),
        sessions=[(one, one.token_hash == here) for one in sessions],
        time_zones=await service.list_time_zones(),
    )


@page("/profile", permission="self")
async def profile(request: AnyRequest, visitor: Visitor) -> Answer:
    """Name, time zone, theme, password and sessions."""
    return await _profile(request, visitor)


@page("/profile", methods=["POST"], permission="self")
async def save_profile(request: AnyRequest, visitor: Visitor) -> Answer:
    """Keep name and time zone."""
    form = await DETAILS.read(request, visitor)
    if not form.ok:
        return await _profile(request, visitor, 422, details=form)
    await service.save_profile(
        context_of(request), visitor.account_id, visitor.user_id, form["name"], form["time_zone"]
    )
    return redirect(request, "/profile", "Profile saved.")


@page("/profile/password", methods=["POST"], permission="self")
async def change_password(request: AnyRequest, visitor: Visitor) -> Answer:
    """Change the password; the other sessions end."""
    form = await PASSWORD.read(request, visitor)
    if form.ok:
        try:
            await service.change_password(
                context_of(request), visitor.account_id, visitor.user_id, form["old"], form["new"], visitor.session
            )
        except (WrongPassword, Locked) as problem:
            form.fail("old", str(problem))
        except AccountProblem as problem:
            form.fail("new", str(problem))
    if not form.ok:
        return await _profile(request, visitor, 422, password=form)
    return redirect(request, "/profile", "Password changed. Other sessions were signed out.")


@page("/profile/theme", methods=["POST"], permission="self")
async def set_theme(request: AnyRequest, visitor: Visitor) -> Answer:
    """Keep the theme (field theme: light, dark, auto)."""
    theme = str((await request.form()).get("theme", ""))
    if theme not in service.THEMES:
        return Response("", status_code=422)
    await service.set_theme(context_of(request), visitor.account_id, visitor.user_id, theme)
    if is_partial(request) or request.headers.get("x-csrf-token"):
        return Response("", status_code=204)
    return redirect(request, "/profile", "Theme saved.")


@page("/profile/sessions/end", methods=["POST"], permission="self")
async def end_sessions(request: AnyRequest, visitor: Visitor) -> Answer:
    """Sign out everywhere else."""
    ended = await service.sign_out_others(context_of(request), visitor.user_id, visitor.session)
    text = (
        "No other session was signed in."
        if not ended
        else f"{ended} other session{'s' if ended > 1 else ''} signed out."
    )
    return redirect(request, "/profile", text)


pages: list[Any] = [
    sign_in_page,
    sign_in,
    sign_out,
    profile,
    save_profile,
    change_password,
    set_theme,
    end_sessions,
    *key_pages.pages,
]
