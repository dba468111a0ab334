"""Pages of accounts: profile and API keys; signing in is in platform/access."""

from __future__ import annotations

from typing import Any

from litestar import Response

from strowger.console.form import Field, Form, Invalid
from strowger.console.pages import AnyRequest, Visitor, context_of, page, redirect, render
from strowger.console.respond import is_partial
from strowger.platform.access import email_pages, passkey_pages, profile_pages, second_factor, sign_up_pages
from strowger.platform.access import pages as access_pages
from strowger.platform.accounts import image_pages, key_pages, service
from strowger.platform.accounts.errors import AccountProblem, Locked, WrongPassword
from strowger.platform.team import ownership

Answer = Response[Any]


def _zone(text: str) -> str:
    try:
        service.check_time_zone(text)
    except AccountProblem as problem:
        raise Invalid(str(problem)) from None
    return text


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
        Field("news", "Mail me news of this installation", "checkbox", help="What is new, now and then; never needed."),
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


async def _profile(request: AnyRequest, visitor: Visitor, status: int = 200, **forms: Any) -> Answer:
    context = context_of(request)
    here = service.token_hash(visitor.session)
    sessions = await service.sessions_of(context, visitor.user_id)
    offer = await ownership.offer_of(context, visitor.account_id)
    news = await service.wants_news(context, visitor.account_id, visitor.user_id)
    details = DETAILS.blank(visitor, name=visitor.name, time_zone=visitor.time_zone, news=news)
    return await render(
        request,
        "accounts/profile.html",
        title="My Profile",
        crumbs=[],
        status=status,
        details=forms.get("details") or details,
        password=forms.get("password") or PASSWORD.blank(visitor),
        sessions=[(one, one.token_hash == here) for one in sessions],
        time_zones=await service.list_time_zones(),
        factor=await second_factor.state_of(context, visitor.user_id),
        offer=offer if offer and offer.taker.id == visitor.user_id else None,
    )


@page("/profile", permission="self")
async def profile(request: AnyRequest, visitor: Visitor) -> Answer:
    """Name, time zone, theme, password and sessions."""
    return await _profile(request, visitor)


@page("/profile", methods=["POST"], permission="self")
async def save_profile(request: AnyRequest, visitor: Visitor) -> Answer:
    """Keep name, time zone, and whether news may come."""
    form = await DETAILS.read(request, visitor)
    if not form.ok:
        return await _profile(request, visitor, 422, details=form)
    await service.save_profile(
        context_of(request), visitor.account_id, visitor.user_id, form["name"], form["time_zone"], form["news"]
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
    *access_pages.pages,
    *profile_pages.pages,
    *email_pages.pages,
    *image_pages.pages,
    *passkey_pages.pages,
    *sign_up_pages.pages,
    profile,
    save_profile,
    change_password,
    set_theme,
    end_sessions,
    *key_pages.pages,
]
