"""What the virtual phone shows: a handset's list, conversation and flash messages, and what its carrier is doing."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from strowger.channels.sms.simulation import ask
from strowger.foundation.context import Context

NUMBER: Final = re.compile(r"\d{3,15}")
EXAMPLE: Final = "447700900123"
MAGIC_PREFIX: Final = "44770"
LISTED, ADDED = 60, 20
REPLY_STATES: Final = {"queued": "sending", "acknowledged": "taken by the platform", "failed": "refused"}
# What the options of misbehaviours are, in words; the rest have a name that says it.
OPTION_WORDS: Final = {
    "every": "each n-th submission",
    "takes": "delivers it all the same",
    "status": "command status",
    "ms": "milliseconds",
    "gap_ms": "gap in milliseconds",
}


def number_of(text: object) -> str:
    """The digits of a number; empty when it is none."""
    digits = re.sub(r"[\s().+-]", "", text) if isinstance(text, str) else ""
    return digits if digits.isascii() and NUMBER.fullmatch(digits) else ""


@dataclass(frozen=True, slots=True)
class Place:
    """What of the phone is asked for. ``peer`` empty: the last conversation; ``added``: numbers to list although empty."""

    number: str
    peer: str
    added: tuple[str, ...] = ()

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Place:
        """Read it from a query; what is not a number counts as not given."""
        added = dict.fromkeys(filter(None, map(number_of, query.get("added", "").split(","))))
        return cls(number_of(query.get("number")), query.get("peer", "").strip()[:20], tuple(added)[:ADDED])


async def look(context: Context, place: Place) -> dict[str, Any]:
    """The variables of the phone's template, with ``seen``, their digest.

    Raises SimulatorsOff when there is no simulator to ask.
    """
    handsets, state, known, outcomes = await asyncio.gather(
        ask(context, "GET", "/handsets"),
        ask(context, "GET", "/state"),
        ask(context, "GET", "/misbehaviours"),
        ask(context, "GET", "/outcomes"),
    )
    listed = handsets["handsets"]
    number = place.number or (listed[0]["number"] if listed else EXAMPLE)
    messages = (await ask(context, "GET", f"/handsets/{number}/messages"))["messages"]
    view = {
        "handsets": _list(listed, number, place.added),
        "number": number,
        **_conversations(messages, place.peer),
        "popups": [m for m in messages if m["flash"] and m["direction"] == "in"][-10:],
        **_carrier(state, known, outcomes),
    }
    # Taken before moments are read, which have no place in JSON that must stay the same.
    view["seen"] = hashlib.sha256(msgspec.json.encode(view)).hexdigest()[:16]
    for message in messages:
        message["at"] = datetime.fromisoformat(message["at"])
    return view


def _list(handsets: list[dict[str, Any]], number: str, added: Iterable[str]) -> list[dict[str, Any]]:
    """The handsets last used first, then those that were only opened; the chosen one is always among them."""
    chosen = [handset for n, handset in enumerate(handsets) if n < LISTED or handset["number"] == number]
    known = {handset["number"] for handset in handsets}
    fresh = dict.fromkeys(n for n in (number, *added) if n not in known)
    return chosen + [{"number": n, "messages": 0, "incomplete": 0, "last": None} for n in fresh]


def _conversations(messages: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """Conversations by peer, the latest first, and the one that is open."""
    peers: dict[str, list[int]] = {}
    for message in reversed(messages):
        ids = peers.setdefault(message["peer"], [])
        if message["direction"] == "in":
            ids.append(message["id"])
    peer = wanted or next(iter(peers), "")
    return {
        "peers": [{"name": name, "ids": ids} for name, ids in peers.items()],
        "peer": peer,
        "thread": [message for message in messages if message["peer"] == peer],
        "can_reply": bool(number_of(peer)),
        "reply_states": REPLY_STATES,
    }


def _carrier(state: dict[str, Any], known: dict[str, Any], outcomes: dict[str, Any]) -> dict[str, Any]:
    active: dict[str, list[dict[str, Any]]] = {}
    for row in known["active"]:
        active.setdefault(row["name"], []).append(row | {"options": _options(row["options"])})
    return {
        "counters": state["counters"],
        "waiting": state["waiting"],
        "bound": sorted(session["system_id"] for session in state["sessions"] if session["system_id"]),
        "misbehaviours": [
            {**row, "options": _options(row["options"]), "active": active.get(row["name"], [])}
            for row in known["misbehaviours"]
        ],
        "misbehaving": len(active),
        "outcomes": [
            {**row, "number": f"{MAGIC_PREFIX}{outcomes['suffix']}{row['digit']}"} for row in outcomes["outcomes"]
        ],
    }


def _options(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": OPTION_WORDS.get(name, name),
            "value": f"0x{value:02X}" if name == "status" else value,
            "switch": isinstance(value, bool),
        }
        for name, value in values.items()
    ]


def typed_option(text: str) -> int | float | bool | str:
    """An option as the control reads it: a switch or a number (0x for hexadecimal) as such, else the text."""
    plain = text.strip().lower()
    if plain in {"true", "false"}:
        return plain == "true"
    try:
        return int(plain, 16 if plain.startswith("0x") else 10)
    except ValueError:
        pass
    try:
        return float(plain)
    except ValueError:
        return plain
