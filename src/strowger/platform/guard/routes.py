"""Telling the guard that a message was used, so that its prefix is not taken for pumped (quality.md R-79)."""

from __future__ import annotations

from typing import Any

import msgspec

from strowger.foundation.errors import StrowgerError
from strowger.foundation.phone import clean_number
from strowger.platform.gateway.envelope import OBJECT, described, said
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Answer, Call, Operation, Parameter
from strowger.platform.gateway.params import as_text
from strowger.platform.gateway.table import add_operations
from strowger.platform.guard import service

register_errors("strowger.platform.guard")


async def report_conversion(call: Call) -> Answer:
    """Count a conversion."""
    number = clean_number(as_text(call.params, "to", "GRD400") or "", None, call.principal.country)
    if number is None:
        raise StrowgerError("GRD400", "A number in international form", field="to")
    context, account_id = call.context, call.principal.account_id
    await context.database.run(lambda c: service.report_conversion(c, account_id, number, context.clock.now()))
    data: dict[str, Any] = {"to": "+" + number}
    return Answer(200, msgspec.json.encode(said("GRD200", "Conversion counted", data)))


OPERATIONS = [
    Operation(
        "POST",
        "/{sid}/guard/conversions",
        "report_conversion",
        "Report a conversion",
        "Says that the owner of a number used what was sent to it, for example entered the code. The prefix watch blocks "
        "prefixes that take many messages and convert hardly any.",
        report_conversion,
        (Parameter("to", {"type": ["string", "integer"]}, "The number.", True, "+447700900123"),),
        codes=("GRD400",),
        result=described(OBJECT),
        example=said("GRD200", "Conversion counted", {"to": "+447700900123"}),
        tag="Fraud guard",
        permission="messages.send",
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
