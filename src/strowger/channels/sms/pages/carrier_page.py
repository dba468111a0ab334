"""One carrier: its state, its addresses, its routes, and a test send whose result shows as it comes."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.channels.sms.carriers import repository, service
from strowger.channels.sms.carriers.registry import find_kind
from strowger.channels.sms.carriers.trial import MAX_BODY, send_test
from strowger.channels.sms.pages import routes_page
from strowger.channels.sms.pages.carrier_form import CRUMBS, refuse
from strowger.channels.sms.pages.carrier_state import TONES, address_of
from strowger.channels.sms.senders import repository as senders
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Page, context_of, is_partial, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import format_message_id, parse_message_id
from strowger.messaging import words
from strowger.messaging.pages.detail import load_view
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.schemas import CarrierRecord
from strowger.platform.gateway.errors import ERRORS
from strowger.platform.gateway.keys import Principal

MAX_SENDERS = 500
TEST_TEXT = "A test message by this carrier."


def _test_form(name: str, own: list[str]) -> Form:
    return Form(
        "carrier-test",
        (
            Field("sender", "From", "select", required=True, options=tuple((one, one) for one in own), width="half"),
            Field("to", "To", "tel", required=True, max_length=20, placeholder="447700900123", width="half",
                  help="One number in international form."),
            Field("body", "Text", "textarea", required=True, rows=2, max_length=MAX_BODY, default=TEST_TEXT),
        ),
        submit="Send by this carrier",
        action=f"/carriers/show/{name}/test",
        guard_leaving=False,
    )  # fmt: skip


def _signing_form(name: str) -> Form:
    return Form(
        "carrier-signing",
        (
            Field("signing_secret", "Signing secret", "password", max_length=routing.MAX_SIGNING, autocomplete="new-password",
                  help="What the provider signs its reports with. Several by spaces, while it is being changed; whsec_ before "
                       "base64. Empty: none, and a carrier whose reports must be signed is refused."),
        ),
        submit="Keep the signing secret",
        action=f"/carriers/show/{name}/signing",
        guard_leaving=False,
    )  # fmt: skip


async def _senders(context: Context, visitor: Visitor) -> list[str]:
    async with context.database.acquire() as connection:
        rows = await senders.senders(connection, visitor.account_id, MAX_SENDERS)
    return [row["sender"] for row in rows if row["status"] == "Approved"]


async def _carrier_state(context: Context, carrier: CarrierRecord) -> dict[str, Any]:
    links = await routing.list_links(context)
    waiting = await context.database.run(lambda c: repository.waiting(c, [carrier.id]))
    item = {
        "carrier": carrier, "links": [link for link in links if link.carrier_id == carrier.id],
        "waiting": waiting.get(carrier.id), "address": address_of(carrier),
    }  # fmt: skip
    return {"item": item, "tones": TONES, "counted": repository.COUNTED}


def _hook(context: Context, carrier: CarrierRecord) -> str | None:
    try:
        return service.hook_address(context, carrier)
    except SealBroken:
        return None


async def show_carrier(
    request: AnyRequest, visitor: Visitor, name: str, form: FormState | None = None, signing: FormState | None = None
) -> Page:
    """The page of a carrier, with its forms as they were typed."""
    context = context_of(request)
    carrier = await routing.find_carrier(context, name)
    own = await _senders(context, visitor)
    bound = form or _test_form(name, own).blank(visitor)
    records = await routing.list_carriers(context)
    routes = [
        r for r in routes_page.in_order(await routing.list_routes(context), records) if r.carrier_id == carrier.id
    ]
    actions = [
        Action("Edit", f"/carriers/edit/{name}", "pencil"),
        Action("Test a route", "/carriers/routes/test", "route"),
    ]
    return await render(
        request, "sms/carrier.html", title=name, crumbs=CRUMBS, actions=actions, status=(signing or bound).status, form=bound,
        can_send=bool(own), routes=routes, hook=_hook(context, carrier) if visitor.may("installation.write") else None,
        kind=find_kind(carrier.kind), has_hook=carrier.hook_sealed is not None,
        signing=signing or _signing_form(name).blank(visitor), signs=carrier.config.get("hook_signature", ""),
        signing_set=carrier.signing_sealed is not None, **await _carrier_state(context, carrier),
    )  # fmt: skip


@page("/carriers/show/{name:str}", permission="installation.read")
async def carrier_page(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """One carrier."""
    if is_partial(request):
        context = context_of(request)
        state = await _carrier_state(context, await routing.find_carrier(context, name))
        return await render(request, "sms/carrier_live.html", headers={"HX-Reswap": "none"}, **state)
    return await show_carrier(request, visitor, name)


@page("/carriers/show/{name:str}/test", methods=["POST"], permission="installation.write")
async def test_carrier(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Send one message by exactly this carrier; its result shows on a page that follows it."""
    context = context_of(request)
    form = await _test_form(name, await _senders(context, visitor)).read(request, visitor)
    if not form.ok:
        return await show_carrier(request, visitor, name, form)
    principal = Principal(
        visitor.account_id, visitor.sid, 0, visitor.country, visitor.currency, "active", settings={}, rate=None
    )
    try:
        request_id = await send_test(
            context,
            request.app.state.accepter,
            principal,
            name,
            to=form["to"],
            sender=form["sender"],
            body=form["body"],
        )
    except StrowgerError as problem:
        if problem.code == "CARRIER-NOT-FOUND":
            raise
        entry = ERRORS.get(problem.code)
        refuse(form, StrowgerError(problem.code, problem.detail or (entry.text if entry else ""), field=problem.field))
        return await show_carrier(request, visitor, name, form)
    return redirect(request, f"/carriers/tests/{name}/{format_message_id(request_id, 1)}", "Accepted.")


@page("/carriers/tests/{name:str}/{message_id:str}", permission="installation.read")
async def test_result(request: AnyRequest, visitor: Visitor, name: str, message_id: str) -> Response[Any] | Page:
    """The result of a test, as it comes: what the carrier answered and what it reported."""
    found = parse_message_id(message_id)
    if found is None or found[1] is None:
        raise NotFoundException
    view = await load_view(context_of(request), visitor, found[0], found[1])
    if view is None:
        raise NotFoundException
    if is_partial(request) and request.query_params.get("version") == view.version:
        return Response("", status_code=204)
    template = "sms/carrier_test_part.html" if is_partial(request) else "sms/carrier_test.html"
    crumbs = [*CRUMBS, Crumb(name, f"/carriers/show/{name}")]
    return await render(request, template, title="Test", crumbs=crumbs, view=view, words=words, name=name)


@page("/carriers/show/{name:str}/hook", methods=["POST"], permission="installation.write")
async def renew_hook(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Give the carrier's address another secret."""
    await routing.renew_hook(context_of(request), name)
    return redirect(request, f"/carriers/show/{name}", "The address is new; the old one is refused. Tell the provider.")


@page("/carriers/show/{name:str}/signing", methods=["POST"], permission="installation.write")
async def keep_signing(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Keep the secret with which the carrier signs its reports, or forget it."""
    form = await _signing_form(name).read(request, visitor)
    if not form.ok:
        return await show_carrier(request, visitor, name, signing=form)
    secret = form.text("signing_secret")
    await routing.set_signing(context_of(request), name, secret)
    said = "The signing secret is kept, sealed." if secret else "There is no signing secret any more."
    return redirect(request, f"/carriers/show/{name}", said)


pages: list[Any] = [carrier_page, test_carrier, test_result, renew_hook, keep_signing]
