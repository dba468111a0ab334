"""Carriers and their live state; pausing, resuming, removing. They belong to the whole installation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from litestar.exceptions import NotFoundException

from strowger.channels.sms.carriers import repository
from strowger.channels.sms.pages import carrier_form, carrier_page, route_test_page, routes_page
from strowger.channels.sms.pages.carrier_state import TONES, address_of
from strowger.console import menu
from strowger.console.form import FormState
from strowger.console.pages import Action, AnyRequest, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.schemas import CarrierRecord

menu.register("Installation", "Carriers", "/carriers", "antenna", 10, key="r")

ACTIONS = (
    Action("Test a route", "/carriers/routes/test", "route"),
    Action("Networks", "/carriers/networks", "network"),
    Action("Connect a carrier", "/carriers/new", "plus", True, "c"),
)
DEEDS = {
    "pause": (routing.pause_carrier, "is paused: it stays connected and sends nothing"),
    "resume": (routing.resume_carrier, "sends again"),
    "remove": (routing.remove_carrier, "is removed; what waited for it goes to other routes"),
}


def _shape(carriers: Sequence[CarrierRecord]) -> str:
    """Changes when a carrier comes, goes or is changed: then the whole list is drawn anew, else its figures only."""
    text = "|".join(f"{item.id} {item.updated_at.isoformat()}" for item in carriers)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


async def _state(request: AnyRequest) -> dict[str, Any]:
    context = context_of(request)
    found = await routing.list_carriers(context)
    links = await routing.list_links(context)
    ids = [item.id for item in found]
    waiting = await context.database.run(lambda c: repository.waiting(c, ids))
    return {
        "carriers": [
            {
                "carrier": item,
                "links": [link for link in links if link.carrier_id == item.id],
                "waiting": waiting.get(item.id),
                "address": address_of(item),
            }
            for item in found
        ],
        "counted": repository.COUNTED,
        "shape": _shape(found),
        "tones": TONES,
    }


async def show(request: AnyRequest, form: FormState | None = None) -> Page:
    """The page, with the form of a new route as it was typed."""
    state = await _state(request)
    records = [item["carrier"] for item in state["carriers"]]
    route_form = form or routes_page.route_form(records).blank(None)
    routes = routes_page.in_order(await routing.list_routes(context_of(request)), records)
    return await render(
        request, "sms/carriers.html", title="Carriers", actions=ACTIONS, status=route_form.status, form=route_form,
        routes=routes, shares=routes_page.shares(routes), **state,
    )  # fmt: skip


@page("/carriers", permission="installation.read")
async def carriers(request: AnyRequest, visitor: Visitor) -> Page:
    """All carriers with the live state of their binds, and the routes in the order in which they are tried."""
    return await show(request)


@page("/carriers/state", permission="installation.read")
async def live_state(request: AnyRequest, visitor: Visitor) -> Page:
    """What renews itself: the figures, or the whole list when ``?shape=`` is not that of the carriers any more."""
    state = await _state(request)
    if request.query_params.get("shape") == state["shape"]:
        return await render(request, "sms/carriers_live.html", headers={"HX-Reswap": "none"}, **state)
    return await render(request, "sms/carriers_state.html", **state)


@page("/carriers/act/{name:str}", methods=["POST"], permission="installation.write")
async def act(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Pause, resume or remove a carrier (field act)."""
    wanted = str((await request.form()).get("act", ""))
    if wanted not in DEEDS:
        raise NotFoundException
    deed, words = DEEDS[wanted]
    await deed(context_of(request), name)
    return redirect(request, "/carriers", f"{name} {words}.")


@page("/carriers/routes", methods=["POST"], permission="installation.write")
async def add_route(request: AnyRequest, visitor: Visitor) -> Page:
    """Add a route."""
    context = context_of(request)
    form = await routes_page.route_form(await routing.list_carriers(context)).read(request, visitor)
    if form.ok:
        await routes_page.add(context, form)
    return redirect(request, "/carriers#routes", "The route is added.") if form.ok else await show(request, form)


@page("/carriers/routes/{route_id:int}/remove", methods=["POST"], permission="installation.write")
async def remove_route(request: AnyRequest, visitor: Visitor, route_id: int) -> Page:
    """Remove a route."""
    if route_id > routes_page.MAX_ID:
        raise NotFoundException
    await routing.remove_route(context_of(request), route_id)
    return redirect(request, "/carriers#routes", "The route is removed.")


pages: list[Any] = [
    carriers,
    live_state,
    act,
    add_route,
    remove_route,
    *carrier_form.pages,
    *carrier_page.pages,
    *route_test_page.pages,
]
