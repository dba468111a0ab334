"""The routes as the page of carriers shows them: their order, and the form of a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from strowger.channels.sms.pages.carrier_form import refuse, whole
from strowger.console.form import Field, Form, FormState
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.schemas import CarrierRecord, RouteRecord

MAX_ID = 2**31 - 1
MAX_PRIORITY = 1_000_000
TYPES = (("", "Every type"), *((word, word) for word in ("OTP", "TXN", "MKT", "DEFAULT", "SI", "TXND")))


def in_order(routes: Sequence[RouteRecord], carriers: Sequence[CarrierRecord]) -> list[RouteRecord]:
    """The order in which they are tried: real carriers first, by priority, then the more specific."""
    simulated = {item.id for item in carriers if item.config.get("simulated")}

    def rank(route: RouteRecord) -> tuple[bool, int, int, int]:
        given = sum(part is not None for part in (route.country, route.type, route.sender))
        return route.carrier_id in simulated, route.priority, -given, route.id

    return sorted(routes, key=rank)


def _priority() -> Callable[[str], int]:
    read = whole(1, MAX_PRIORITY)
    return lambda text: int(read(text) or routing.DEFAULT_PRIORITY)


def route_form(carriers: Sequence[CarrierRecord]) -> Form:
    """The form of a new route to one of the carriers."""
    names = tuple((item.name, item.name) for item in carriers)
    return Form(
        "route",
        (
            Field("carrier", "Carrier", "select", required=True, options=names, width="half"),
            Field("priority", "Priority", "number", default=str(routing.DEFAULT_PRIORITY), parse=_priority(),
                  least=1, most=MAX_PRIORITY, help="Lower is tried first.", width="half"),
            Field("country", "Country", pattern="[A-Za-z]{2}", pattern_text="Enter two letters, such as DE.",
                  placeholder="Every", help="Of the recipient; two letters, such as DE.", width="half",
                  attrs={"maxlength": 2}),
            Field("type", "Type", "select", options=TYPES, width="half"),
            Field("sender", "Sender", max_length=15, placeholder="Every", width="half"),
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
            sender=form["sender"] or None, priority=form["priority"],
        )  # fmt: skip
    except StrowgerError as problem:
        refuse(form, problem)
