"""The routes as the page of carriers shows them: their order, and the form of a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from strowger.channels.sms.pages.carrier_form import refuse
from strowger.console.form import Field, Form, FormState, whole
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.messaging.route import RouteRule
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.schemas import CarrierRecord, RouteRecord

MAX_ID = 2**31 - 1
TYPES = (("", "Every type"), *((word, word) for word in ("OTP", "TXN", "MKT", "DEFAULT", "SI", "TXND")))


def in_order(routes: Sequence[RouteRecord], carriers: Sequence[CarrierRecord]) -> list[RouteRecord]:
    """The order in which they are tried: real carriers first, by priority, then the more specific."""
    simulated = {item.id for item in carriers if item.config.get("simulated")}
    return sorted(routes, key=lambda route: (route.carrier_id in simulated, *_rule(route).rank(), route.id))


def _rule(route: RouteRecord) -> RouteRule:
    return RouteRule(
        route.carrier_id, route.country, route.type, route.sender, route.priority, network=route.network,
        prefix=route.prefix, weight=route.weight, id=route.id,
    )  # fmt: skip


def shares(routes: Sequence[RouteRecord]) -> dict[int, int]:
    """The share in percent of each route that divides the same messages with others."""
    groups: dict[tuple[Any, ...], list[RouteRecord]] = {}
    for route in routes:
        if route.active:
            same = (route.channel, route.country, route.network, route.prefix, route.type, route.sender, route.priority)
            groups.setdefault(same, []).append(route)
    found: dict[int, int] = {}
    for group in groups.values():
        total = sum(route.weight for route in group)
        if len(group) > 1 and total:
            found |= {route.id: round(100 * route.weight / total) for route in group}
    return found


def route_form(carriers: Sequence[CarrierRecord]) -> Form:
    """The form of a new route to one of the carriers."""
    names = tuple((item.name, item.name) for item in carriers)
    return Form(
        "route",
        (
            Field("carrier", "Carrier", "select", required=True, options=names, width="half"),
            Field("priority", "Priority", "number", default=str(routing.DEFAULT_PRIORITY), least=1, most=routing.MAX_PRIORITY,
                  parse=whole(1, routing.MAX_PRIORITY, routing.DEFAULT_PRIORITY), help="Lower is tried first.", width="half"),
            Field("country", "Country", pattern="[A-Za-z]{2}", pattern_text="Enter two letters, such as DE.",
                  placeholder="Every", help="Of the recipient; two letters, such as DE.", width="half",
                  attrs={"maxlength": 2}),
            Field("network", "Network", placeholder="Every", width="half", attrs={"inputmode": "numeric", "maxlength": 7},
                  help="MCC, or MCC and MNC, such as 26201; by the number plan."),
            Field("prefix", "Number begins with", placeholder="Every", width="half",
                  attrs={"inputmode": "numeric", "maxlength": 16}, help="First digits, in international form."),
            Field("type", "Type", "select", options=TYPES, width="half"),
            Field("sender", "Sender", max_length=15, placeholder="Every", width="half"),
            Field("weight", "Weight", "number", default="1", least=0, most=routing.MAX_WEIGHT, width="half",
                  parse=whole(0, routing.MAX_WEIGHT, 1),
                  help="Routes of one rank share by weight: 70 and 30 make 70 % and 30 %. 0: only when the others fail."),
        ),
        submit="Add the route",
        action="/carriers/routes",
        guard_leaving=False,
    )  # fmt: skip


async def add(context: Context, form: FormState) -> None:
    """Add what the form says; a refusal stands beside the field."""
    try:
        await routing.add_route(
            context, form["carrier"], country=form["country"] or None, type_=form["type"] or None,
            sender=form["sender"] or None, priority=form["priority"], network=form["network"] or None,
            prefix=form["prefix"] or None, weight=form["weight"],
        )  # fmt: skip
    except StrowgerError as problem:
        refuse(form, problem)
