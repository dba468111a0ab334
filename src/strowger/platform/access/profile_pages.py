"""Pages where people set up their own second factor: app, recovery codes, mobile number."""

from __future__ import annotations

from typing import Any

from litestar import Response

from strowger.console.form import Field, Form, FormState
from strowger.console.layout import Crumb
from strowger.console.pages import AnyRequest, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.mail import post
from strowger.platform.access import letters, mobile, second_factor
from strowger.platform.access.errors import StepGone, WrongCode
from strowger.platform.accounts.confirming import OWN_PASSWORD, confirmed
from strowger.platform.accounts.errors import AccountProblem

Answer = Response[Any]
PAGE = "/profile/second-factor"
ONE_CODE = Field(
    "code", "Code", required=True, max_length=20, autocomplete="one-time-code", attrs={"spellcheck": "false"}
)
BEGIN = Form("begin-app", (OWN_PASSWORD,), submit="Set up the app", action=f"{PAGE}/app", guard_leaving=False)
CONFIRM = Form(
    "confirm-app",
    (Field("secret", "", "hidden", max_length=400), ONE_CODE),
    submit="Switch on",
    action=f"{PAGE}/app/confirm",
    cancel=PAGE,
    guard_leaving=False,
)
OFF = Form("app-off", (OWN_PASSWORD,), submit="Switch the app off", action=f"{PAGE}/app/off", guard_leaving=False)
CODES = Form("new-codes", (OWN_PASSWORD,), submit="Make new codes", action=f"{PAGE}/codes", guard_leaving=False)
MOBILE = Form(
    "mobile",
    (
        Field(
            "mobile",
            "Mobile number",
            "tel",
            required=True,
            autocomplete="tel",
            placeholder="+447700900123",
            max_length=30,
        ),
    ),
    submit="Send a code",
    action=f"{PAGE}/mobile",
    guard_leaving=False,
)
CONFIRM_MOBILE = Form(
    "confirm-mobile",
    (Field("token", "", "hidden"), ONE_CODE),
    submit="Confirm",
    action=f"{PAGE}/mobile/confirm",
    cancel=PAGE,
    guard_leaving=False,
)


async def _overview(request: AnyRequest, visitor: Visitor, status: int = 200, **forms: FormState) -> Answer:
    state = await second_factor.state_of(context_of(request), visitor.user_id)
    return await render(
        request,
        "access/second_factor.html",
        title="Second factor",
        crumbs=[Crumb("My Profile", "/profile")],
        status=status,
        state=state,
        begin=forms.get("begin") or BEGIN.blank(visitor),
        off=forms.get("off") or OFF.blank(visitor),
        codes=forms.get("codes") or CODES.blank(visitor),
        mobile=forms.get("mobile") or MOBILE.blank(visitor, mobile=f"+{state['mobile']}" if state["mobile"] else ""),
    )


async def _tell(request: AnyRequest, visitor: Visitor, text: str) -> None:
    context = context_of(request)
    async with context.database.session() as session:
        await post(session, context, visitor.email, "factor-changed", letters.factor_changed(text), visitor.account_id)


async def show_codes(request: AnyRequest, codes: list[str], title: str) -> Answer:
    """Recovery codes, shown this once."""
    return await render(
        request, "access/recovery_codes.html", title=title, crumbs=[Crumb("My Profile", "/profile")], codes=codes
    )


@page(PAGE, permission="self")
async def overview(request: AnyRequest, visitor: Visitor) -> Answer:
    """What is set up."""
    return await _overview(request, visitor)


@page(f"{PAGE}/app", methods=["POST"], permission="self")
async def begin_app(request: AnyRequest, visitor: Visitor) -> Answer:
    """Show the QR code of a new secret, to who knows the password."""
    form = await BEGIN.read(request, visitor)
    state = await second_factor.state_of(context_of(request), visitor.user_id)
    if "totp" not in state["allowed"]:
        return redirect(request, PAGE, "Your account does not allow authenticator apps.", "warning")
    if not await confirmed(request, visitor, form):
        return await _overview(request, visitor, 422, begin=form)
    secret, packed = second_factor.new_secret(context_of(request), visitor.user_id)
    return await _app_page(request, visitor, secret, CONFIRM.blank(visitor, secret=packed))


async def _app_page(request: AnyRequest, visitor: Visitor, secret: str, form: FormState) -> Answer:
    uri = second_factor.otpauth_uri(secret, visitor.email)
    return await render(
        request,
        "access/app.html",
        title="Set up the authenticator app",
        crumbs=[Crumb("My Profile", "/profile"), Crumb("Second factor", PAGE)],
        status=form.status,
        secret=secret,
        image=second_factor.qr_image(uri),
        form=form,
    )


@page(f"{PAGE}/app/confirm", methods=["POST"], permission="self")
async def confirm_app(request: AnyRequest, visitor: Visitor) -> Answer:
    """Switch the app on when it shows the right code; then show the recovery codes, once."""
    context = context_of(request)
    form = await CONFIRM.read(request, visitor)
    try:
        secret, packed = second_factor.open_secret(context, visitor.user_id, form.text("secret"))
    except WrongCode as problem:
        return redirect(request, PAGE, str(problem), "warning")
    if form.ok:
        try:
            codes = await second_factor.switch_on_app(context, visitor.user_id, packed, form["code"])
        except (WrongCode, AccountProblem) as problem:
            form.fail("code", str(problem))
        else:
            await _tell(request, visitor, "From now on, signing in asks for the code of your authenticator app.")
            return await show_codes(request, codes, "The app is switched on")
    return await _app_page(request, visitor, secret, form)


@page(f"{PAGE}/app/off", methods=["POST"], permission="self")
async def app_off(request: AnyRequest, visitor: Visitor) -> Answer:
    """Ask for the app no more."""
    form = await OFF.read(request, visitor)
    if not await confirmed(request, visitor, form):
        return await _overview(request, visitor, 422, off=form)
    await second_factor.switch_off_app(context_of(request), visitor.user_id)
    await _tell(request, visitor, "The authenticator app was switched off; its code is not asked for any more.")
    return redirect(request, PAGE, "The app is switched off.")


@page(f"{PAGE}/codes", methods=["POST"], permission="self")
async def new_codes(request: AnyRequest, visitor: Visitor) -> Answer:
    """Replace the recovery codes."""
    context = context_of(request)
    form = await CODES.read(request, visitor)
    if not await confirmed(request, visitor, form):
        return await _overview(request, visitor, 422, codes=form)
    async with context.database.session() as session:
        codes = await second_factor.renew_recovery_codes(session, visitor.user_id)
    return await show_codes(request, codes, "New recovery codes")


@page(f"{PAGE}/mobile", methods=["POST"], permission="self")
async def ask_mobile(request: AnyRequest, visitor: Visitor) -> Answer:
    """Send a code to a mobile number, to confirm that it is the visitor's."""
    context = context_of(request)
    form = await MOBILE.read(request, visitor)
    if form.ok:
        try:
            digits = mobile.read_mobile(form["mobile"], visitor.country)
            token = await mobile.ask(context, request.app.state, visitor.user_id, digits)
        except AccountProblem as problem:
            form.fail("mobile", str(problem))
        else:
            return await _mobile_page(request, CONFIRM_MOBILE.blank(visitor, token=token))
    return await _overview(request, visitor, 422, mobile=form)


async def _mobile_page(request: AnyRequest, form: FormState) -> Answer:
    return await render(
        request,
        "console/form_page.html",
        title="Confirm the mobile number",
        crumbs=[Crumb("My Profile", "/profile"), Crumb("Second factor", PAGE)],
        status=form.status,
        form=form,
    )


@page(f"{PAGE}/mobile/confirm", methods=["POST"], permission="self")
async def confirm_mobile(request: AnyRequest, visitor: Visitor) -> Answer:
    """Keep the number when the code is right."""
    form = await CONFIRM_MOBILE.read(request, visitor)
    if form.ok:
        try:
            digits = await mobile.confirm(context_of(request), visitor.user_id, form["token"], form["code"])
        except StepGone as problem:
            return redirect(request, PAGE, str(problem), "warning")
        except WrongCode as problem:
            form.fail("code", str(problem))
        else:
            return redirect(request, PAGE, f"+{digits} is your mobile number.")
    return await _mobile_page(request, form)


@page(f"{PAGE}/mobile/remove", methods=["POST"], permission="self")
async def remove_mobile(request: AnyRequest, visitor: Visitor) -> Answer:
    """Forget the number."""
    await mobile.forget(context_of(request), visitor.user_id)
    return redirect(request, PAGE, "The mobile number is removed.")


pages: list[Any] = [overview, begin_app, confirm_app, app_off, new_codes, ask_mobile, confirm_mobile, remove_mobile]
