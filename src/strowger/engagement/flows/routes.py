"""The public API of flows."""

from __future__ import annotations

from typing import Any

from strowger.engagement.flows.triggering import admit, trigger
from strowger.platform.gateway.envelope import INTEGER, described, said
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Operation, Parameter
from strowger.platform.gateway.table import add_operations

register_errors("strowger.engagement.flows")
EXAMPLE = "0192d3a4-5b6c-7d8e-9f00-112233445566"
TEXT = (
    "Begins an execution of a published flow. The token in the path is the permission; a flow may ask for an API key besides. "
    "Whatever is sent, as JSON, form or query, is at hand in the flow as {{webhook.FIELD}}; caller or to becomes {{caller}}. "
    "At most 64 KB and 20 requests a second for each flow."
)
RESULT = described(
    {
        "type": "object",
        "required": ["execution_id", "flow_id"],
        "properties": {"execution_id": {"type": "string", "format": "uuid"}, "flow_id": INTEGER},
    }
)
ANSWER = said("CLE202", "Flow triggered", {"execution_id": EXAMPLE, "flow_id": 10001})
PATH = (
    Parameter("flow_id", {"type": "string", "maxLength": 15}, "The flow's number.", True, "10001"),
    Parameter("token", {"type": "string", "maxLength": 100}, "The token in its address.", True, "gP3v0h8c5eQmB1sXk7uYw2Zd9Ra4TfLj"),
)  # fmt: skip
PARAMETERS = (
    Parameter("caller", {"type": "string"}, "A number, {{caller}} in the flow.", example="447700900123"),
    Parameter("to", {"type": "string"}, "The same, where caller is not given."),
)


def _trigger(method: str) -> Operation:
    return Operation(
        method, "/{sid}/flow/{flow_id}/trigger/{token}", f"flow_trigger_{method.lower()}", f"Trigger a flow ({method})", TEXT,
        trigger, PARAMETERS, PATH, codes=("E708", "E741", "E742", "E413"), status=202, result=RESULT, example=ANSWER,
        tag="Flow Builder", idempotent=True, permission="campaigns.write", audited=False, admit=admit,
    )  # fmt: skip


add_operations([_trigger("POST"), _trigger("GET")])
routes: list[Any] = []  # the gateway's mount serves the operations
