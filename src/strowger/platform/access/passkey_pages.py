"""Pages of passkeys: one's own, signing in with one, and as second factor."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Response
from litestar.exceptions import NotFoundException

from strowger.console.form import Field, Form, FormState
from strowger.console.layout import Crumb
from strowger.console.pages import AnyRequest, context_of, page, public_page, redirect, render
from strowger.console.visitor import Visitor
from strowger.platform.access import passkeys
from strowger.platform.access.errors import NotAllowed, StepGone, TooManyCodes, WrongCode
from strowger.platform.access.flow import CODE_PAGE, STEP, answer, check_origin, where_of
from strowger.platform.access.profile_pages import show_codes
from strowger.platform.accounts.confirming import OWN_PASSWORD, confirmed
from strowger.platform.accounts.errors import AccountProblem

Answer = Response[Any]
HERE = "/profile/passkeys"
CRUMBS = [Crumb("My Profile", "/profile"), Crumb("Passkeys", HERE)]
NAME = Field(
    "name", "Name", required=True, max_length=passkeys.MAX_NAME, placeholder="Laptop", help="To tell it from others."
)
ADD = Form("add-passkey", (NAME, OWN_PASSWORD), submit="Add a passkey", action=f"{HERE}/new", guard_leaving=False)
RENAME = Form("passkey-name", (NAME,), submit="Rename", guard_leaving=False)
REMOVE = Form("passkey-remove", (OWN_PASSWORD,), submit="Remove the passkey", guard_leaving=False)


async def _list(request: AnyRequest, visitor: Visitor, form: FormState) -> Answer:
    context = context_of(request)
    return await render(
        request, "access/passkeys.html", title="Passkeys", crumbs=CRUMBS[:1], status=form.status, form=form,
        known=await passkeys.list_of(context, visitor.user_id), site=passkeys.site_of(context.settings),
    )  # fmt: skip


@page(HERE, permission="self")
async def own_passkeys(request: AnyRequest, visitor: Visitor) -> Answer:
    """One's own passkeys."""
    return await _list(request, visitor, ADD.blank(visitor))


@page(f"{HERE}/new", methods=["POST"], permission="self")
async def new_passkey(request: AnyRequest, visitor: Visitor) -> Answer:
    """Let the browser make a passkey, for who knows the password."""
    form = await ADD.read(request, visitor)
    if await confirmed(request, visitor, form):
        try:
            options = await passkeys.begin_register(context_of(request), visitor.user_id, visitor.email, visitor.name)
        except AccountProblem as problem:
            form.fail("", str(problem))
        else:
            return await render(
                request,
                "access/passkey_new.html",
                title="Add a passkey",
                crumbs=CRUMBS,
                options=options,
                name=form["name"],
            )
    return await _list(request, visitor, form)


@page(f"{HERE}/add", methods=["POST"], permission="self")
async def add_passkey(request: AnyRequest, visitor: Visitor) -> Answer:
    """Keep the passkey that the browser made; show recovery codes to who has none yet."""
    sent = await request.form()
    name, credential = str(sent.get("name", "")).strip() or "Passkey", str(sent.get("credential", ""))
    context = context_of(request)
    try:
        codes = await passkeys.register(context, visitor.account_id, visitor.user_id, name, credential)
    except WrongCode as problem:
        return redirect(request, HERE, str(problem), "warning")
    if codes:
        return await show_codes(request, codes, "The passkey is added")
    return redirect(request, HERE, "The passkey is added.")


async def _one(request: AnyRequest, visitor: Visitor, number: int, **forms: FormState) -> Answer:
    found = [one for one in await passkeys.list_of(context_of(request), visitor.user_id) if one.number == number]
    if not found:
        raise NotFoundException
    return await render(
        request, "access/passkey.html", title=found[0].name, crumbs=CRUMBS, one=found[0], path_of=f"{HERE}/{number}",
        rename=forms.get("rename") or RENAME.blank(visitor, name=found[0].name),
        remove=forms.get("remove") or REMOVE.blank(visitor), status=422 if forms else 200,
    )  # fmt: skip


@page(f"{HERE}/{{number:int}}", permission="self")
async def one_passkey(request: AnyRequest, visitor: Visitor, number: int) -> Answer:
    """One passkey."""
    return await _one(request, visitor, number)


@page(f"{HERE}/{{number:int}}/rename", methods=["POST"], permission="self")
async def rename_passkey(request: AnyRequest, visitor: Visitor, number: int) -> Answer:
    """Give a passkey another name."""
    form = await RENAME.read(request, visitor)
    if not form.ok:
        return await _one(request, visitor, number, rename=form)
    if not await passkeys.rename(context_of(request), visitor.user_id, number, form["name"]):
        raise NotFoundException
    return redirect(request, HERE, "Renamed.")


@page(f"{HERE}/{{number:int}}/remove", methods=["POST"], permission="self")
async def remove_passkey(request: AnyRequest, visitor: Visitor, number: int) -> Answer:
    """Forget a passkey, for who knows the password."""
    form = await REMOVE.read(request, visitor)
    if not await confirmed(request, visitor, form):
        return await _one(request, visitor, number, remove=form)
    if not await passkeys.remove(context_of(request), visitor.user_id, number):
        raise NotFoundException
    return redirect(request, HERE, "The passkey is removed; delete it from your device as well.")


@public_page("/sign-in/passkey/options", methods=["POST"], audited=False)
async def sign_in_options(request: AnyRequest) -> Answer:
    """What the browser needs to sign in with a passkey."""
    check_origin(request)
    return Response(await passkeys.begin_enter(context_of(request)), media_type=MediaType.JSON)


@public_page("/sign-in/passkey", methods=["POST"], audited=False)
async def sign_in_with_passkey(request: AnyRequest) -> Answer:
    """Sign in with a passkey alone."""
    check_origin(request)
    sent = await request.form()
    try:
        entered = await passkeys.enter(context_of(request), str(sent.get("credential", "")), where_of(request))
    except (WrongCode, NotAllowed) as problem:
        return redirect(request, "/sign-in", str(problem), "warning")
    return await answer(request, entered, str(sent.get("next", "")))


@public_page(f"{CODE_PAGE}/passkey", methods=["POST"], audited=False)
async def passkey_as_factor(request: AnyRequest) -> Answer:
    """Finish a sign-in with a passkey."""
    check_origin(request)
    sent = await request.form()
    token, credential = request.cookies.get(STEP, ""), str(sent.get("credential", ""))
    try:
        entered = await passkeys.finish_factor(context_of(request), token, credential, where_of(request))
    except StepGone as problem:
        return redirect(request, "/sign-in", str(problem), "warning")
    except (WrongCode, TooManyCodes) as problem:
        return redirect(request, CODE_PAGE, str(problem), "warning")
    return await answer(request, entered, str(sent.get("next", "")))


pages: list[Any] = [
    own_passkeys, new_passkey, add_passkey, one_passkey, rename_passkey, remove_passkey, sign_in_options,
    sign_in_with_passkey, passkey_as_factor,
]  # fmt: skip
