"""Settings of the account: general, and security (second factor for everybody, addresses that may sign in)."""

from __future__ import annotations

from typing import Any

from litestar import Response

from strowger.console import menu
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.mail import post
from strowger.platform.access import addresses, letters, second_factor
from strowger.platform.access import repository as access
from strowger.platform.accounts import service as accounts
from strowger.platform.accounts.confirming import OWN_PASSWORD, confirmed
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.models import Account
from strowger.platform.settings import repository

GENERAL, SECURITY = "/settings/general", "/settings/security"
menu.register("Settings", "General", GENERAL, "adjustments", 10)
menu.register("Settings", "Security", SECURITY, "shield-lock", 40)


def _zone(text: str) -> str:
    try:
        accounts.check_time_zone(text)
    except AccountProblem as problem:
        raise Invalid(str(problem)) from None
    return text


def _networks(text: str) -> list[dict[str, str]]:
    try:
        return addresses.read_addresses(text)
    except AccountProblem as problem:
        raise Invalid(str(problem)) from None


ACCOUNT = Form(
    "account",
    (
        Field("name", "Name of the account", required=True, min_length=2, max_length=160),
        Field(
            "time_zone", "Time zone", required=True, parse=_zone, attrs={"list": "time-zones", "spellcheck": "false"},
            help="For members who chose none of their own, and for reports.",
        ),
    ),
    submit="Save settings",
    action=GENERAL,
)  # fmt: skip
FACTOR = Form(
    "factor",
    (
        Field(
            "second_factor", "Everybody is asked for", "radio", required=True,
            options=(
                ("off", "Only the password", "Members may still set up more for themselves, as far as it is allowed below."),
                ("email", "A code by e-mail"),
                ("sms", "A code by SMS", "To the mobile that a member confirmed on the profile; else by e-mail."),
            ),
        ),
        Field(
            "trust_hours", "Hours until a browser is asked again", "number", least=0, most=12, required=True,
            help="After a right code, the same browser may sign in with the password alone for so long. 0: never.",
        ),
        Field(
            "own_factors", "Members may set up for themselves", "checks",
            options=(
                ("totp", "An authenticator app", "Its code is asked for in place of the account's."),
                ("passkey", "Passkeys", "They sign in alone, or after the password."),
            ),
            help="What is not ticked counts no more, also where members have set it up already.",
        ),
        OWN_PASSWORD,
    ),
    submit="Save",
    action=f"{SECURITY}/factor",
)  # fmt: skip
ADDRESSES = Form(
    "addresses",
    (
        Field("on", "Only these addresses may sign in and use the console", "checkbox"),
        Field(
            "networks", "Addresses", "textarea", parse=_networks, rows=5, max_length=8000, placeholder="203.0.113.0/24 office",
            help="Addresses or networks (CIDR), one per line, with a label after it if you like. API keys have their own lists.",
        ),
        OWN_PASSWORD,
    ),
    submit="Save",
    action=f"{SECURITY}/addresses",
)  # fmt: skip


async def _account(context: Context, visitor: Visitor) -> Account:
    async with context.database.session() as session:
        return await repository.account(session, visitor.account_id)


async def _general(request: AnyRequest, form: FormState, account: Account) -> Page:
    return await render(
        request, "settings/general.html", title="General", form=form, status=form.status, account=account,
        time_zones=await accounts.list_time_zones(),
    )  # fmt: skip


@page(GENERAL, permission="settings.read")
async def general(request: AnyRequest, visitor: Visitor) -> Page:
    """Name and time zone of the account."""
    account = await _account(context_of(request), visitor)
    return await _general(request, ACCOUNT.blank(visitor, name=account.name, time_zone=account.time_zone), account)


@page(GENERAL, methods=["POST"], permission="settings.write")
async def save_general(request: AnyRequest, visitor: Visitor) -> Page:
    """Change name and time zone of the account."""
    context = context_of(request)
    form = await ACCOUNT.read(request, visitor)
    if not form.ok:
        return await _general(request, form, await _account(context, visitor))
    async with context.database.session() as session:
        account = await repository.change_settings(session, visitor.account_id)
        account.name, account.time_zone = form["name"], form["time_zone"]
    return redirect(request, GENERAL, "Settings saved.")


def _blank_addresses(visitor: Visitor, account: Account) -> FormState:
    rule = account.settings.get(addresses.KEY) or {}
    lines = [f"{item['network']} {item['label']}".strip() for item in rule.get("networks", [])]
    return ADDRESSES.blank(visitor, on=bool(rule.get("on")), networks="\n".join(lines))


async def _security(request: AnyRequest, visitor: Visitor, status: int = 200, **forms: FormState) -> Page:
    account = await _account(context_of(request), visitor)
    factor, hours = second_factor.factor_of(account), second_factor.trust_hours_of(account)
    return await render(
        request, "settings/security.html", title="Security", status=status,
        factor=forms.get("factor") or FACTOR.blank(
            visitor, second_factor=factor, trust_hours=str(hours), own_factors=second_factor.own_methods_of(account)
        ),
        addresses=forms.get("addresses") or _blank_addresses(visitor, account),
        here=request.client.host if request.client else "", chosen=factor,
    )  # fmt: skip


@page(SECURITY, permission="security.read")
async def security(request: AnyRequest, visitor: Visitor) -> Page:
    """Second factor for everybody, and addresses that may sign in."""
    return await _security(request, visitor)


async def _tell(context: Context, visitor: Visitor, text: str) -> None:
    async with context.database.session() as session:
        for user in await access.owners(session, visitor.account_id, ("owner", "admin")):
            await post(session, context, user.email, "factor-changed", letters.factor_changed(text), visitor.account_id)


@page(f"{SECURITY}/factor", methods=["POST"], permission="security.factor")
async def save_factor(request: AnyRequest, visitor: Visitor) -> Page:
    """Choose the second factor of everybody in the account."""
    context = context_of(request)
    form = await FACTOR.read(request, visitor)
    if form.ok and form["trust_hours"] is None:
        form.fail("trust_hours", "Enter 0 to 12.")
    if not await confirmed(request, visitor, form):
        return await _security(request, visitor, 422, factor=form)
    chosen = form["second_factor"]
    async with context.database.session() as session:
        await repository.change_settings(
            session,
            visitor.account_id,
            second_factor=chosen,
            trust_hours=int(form["trust_hours"]),
            own_factors=form["own_factors"],
        )
    words = {"off": "only the password", "email": "a code by e-mail", "sms": "a code by SMS"}[chosen]
    names = {"totp": "authenticator apps", "passkey": "passkeys"}
    own = " and ".join(names[method] for method in form["own_factors"]) or "nothing"
    await _tell(
        context, visitor, f"{visitor.name} changed what signing in to {visitor.account_name} asks for: {words}. Members may set "
        f"up {own} for themselves.",
    )  # fmt: skip
    return redirect(request, SECURITY, f"Signing in asks for {words}.")


@page(f"{SECURITY}/addresses", methods=["POST"], permission="security.write")
async def save_addresses(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Choose the addresses that may sign in; never one's own way out."""
    context = context_of(request)
    form = await ADDRESSES.read(request, visitor)
    networks = form.values.get("networks") or []
    here = request.client.host if request.client else None
    if form.ok and form["on"] and not addresses.is_inside(networks, here):
        form.fail("networks", f"Your own address, {here}, must be among them: otherwise you lock yourself out.")
    if not await confirmed(request, visitor, form):
        return await _security(request, visitor, 422, addresses=form)
    rule = {addresses.KEY: {"on": form["on"], "networks": networks}}
    async with context.database.session() as session:
        await repository.change_settings(session, visitor.account_id, **rule)
    what = "switched on" if form["on"] else "switched off"
    await _tell(
        context,
        visitor,
        f"{visitor.name} changed the addresses that may sign in to {visitor.account_name}; the list is {what}.",
    )
    return redirect(request, SECURITY, f"The list of addresses is {what}.")


pages: list[Any] = [general, save_general, security, save_factor, save_addresses]
