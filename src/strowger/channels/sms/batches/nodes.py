"""Reading the nodes of a batch: what stands on top counts for each node that does not say otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from strowger.channels.sms import fields
from strowger.foundation.errors import StrowgerError
from strowger.foundation.phone import clean_number
from strowger.platform.gateway.params import Params, refuse_nul

MAX_NODES = 1000
MAX_MESSAGES = 1000
# A node's own value replaces the top's; the two names of one thing replace each other.
TWINS = {
    "from": "sender", "sender": "from", "template_data": "variables", "variables": "template_data",
    "callback": "callback_profile_id", "callback_profile_id": "callback",
}  # fmt: skip
# Values that a node may have of its own.
OWN = frozenset(
    {
        "to", "from", "sender", "body", "type", "template_id", "template_data", "variables", "entity_id", "unicode", "flash",
        "time", "ref", "ref1", "ref2", "ref_custom", "url_data", "callback", "callback_profile_id", "validity", "dlr", "prefix",
        "port",
    }
)  # fmt: skip
# The trace by which a node ends that has a fault of this code.
TRACES = {
    "E601": "INV-NUMBER", "E602": "INV-NUMBER", "E603": "INV-NUMBER", "E621": "INV-NUMBER",
    "E604": "SNDRID-NOT-ALLOTED", "E605": "SNDRID-NOT-ALLOTED", "E627": "SENDER-ID-NOT-FOUND",
    "E607": "MAX-LIMIT", "E608": "ROUTE-NOT-ENABLED", "E609": "TEMPLATE-NOT-FOUND", "E610": "TEMPLATE-NOT-FOUND",
    "E611": "INV-TEMPLATE-MATCH", "E612": "INV-TEMPLATE-MATCH", "E617": "URL-NOT-ALLOWED", "E618": "URL-NOT-ALLOWED",
    "E622": "INV-ENCODING", "E626": "ENTITY-NOT-FOUND",
}  # fmt: skip
OTHER_TRACE = "INV-NODE"


@dataclass(slots=True)
class Node:
    """One message of a batch: its recipient as it is stored, and its parameters; ``position`` counts nodes from 1.

    ``problem`` says why it cannot be sent.
    """

    position: int
    recipient: str
    params: Params
    problem: StrowgerError | None = None
    plain: bool = False  # nothing but a recipient of its own


def trace_of(problem: StrowgerError) -> str:
    """The trace by which a node with this fault ends."""
    return TRACES.get(problem.code, OTHER_TRACE)


def read_nodes(value: object) -> list[Any]:
    """The nodes as they were written: a list, its JSON text, or a single object. Raises E623."""
    if isinstance(value, str) and value.strip():
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError) as problem:
            raise StrowgerError("E623", "Must be a list of objects", field="sms") from problem
        refuse_nul("sms", value)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not value:
        raise StrowgerError("E623", "Must be a list of 1 to 1000 objects", field="sms")
    if len(value) > MAX_NODES:
        raise StrowgerError("E623", f"{len(value)} nodes; at most {MAX_NODES}", field="sms")
    return value


def spread(raw: list[Any], common: Params, prefix: str | None, country: str) -> list[Node]:
    """A node for each recipient, in order; duplicates are kept. Raises E603 when these are more than 1000."""
    nodes: list[Node] = []
    for position, given in enumerate(raw, 1):
        if isinstance(given, dict):
            nodes += _of_node(position, given, common, prefix, country)
        else:
            problem = StrowgerError("E400", "A node must be an object", field="sms")
            nodes.append(Node(position, "", dict(common), problem))
        if len(nodes) > MAX_MESSAGES:
            raise StrowgerError("E603", f"More than {MAX_MESSAGES} messages in the batch", field="sms")
    return nodes


def _of_node(position: int, given: Params, common: Params, prefix: str | None, country: str) -> list[Node]:
    own = {name: value for name, value in given.items() if name in OWN and value not in (None, "")}
    hidden = {TWINS[name] for name in own if name in TWINS}
    merged = {name: value for name, value in common.items() if name not in hidden} | own
    plain = own.keys() <= {"to"}
    try:
        prefix = fields.read_prefix(own) if "prefix" in own else prefix
        numbers = fields.split_recipients(own.get("to", ""), False)
        if not numbers:
            raise StrowgerError("E601", "The node has no recipient", field="to")
    except StrowgerError as problem:
        return [Node(position, "", merged, problem)]
    return [_node(position, number, merged, prefix, country, plain) for number in numbers]


def _node(position: int, raw: str, params: Params, prefix: str | None, country: str, plain: bool) -> Node:
    number = clean_number(raw, prefix, country) if len(raw) <= fields.MAX_RAW_NUMBER else None
    if number is None:
        shown = raw[: fields.MAX_RAW_NUMBER]
        return Node(position, shown, params, StrowgerError("E602", f"{shown!r} is no number", field="to"))
    return Node(position, number, params, None, plain)
