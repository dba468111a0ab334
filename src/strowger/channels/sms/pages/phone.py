"""The virtual phone: handsets of the simulated carrier, and what that carrier does wrong on purpose."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from strowger.channels.sms.simulation import SimulatorsOff, ask
from strowger.console import menu
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render, toast
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.platform.numbers.service import list_numbers

menu.register("", "Phone", "/phone", "device-mobile", 15, key="p")

NUMBER = re.compile(r"\d{3,15}")
EXAMPLE = "447700900123"
TEXT_LIMIT = 1530
MAGIC_PREFIX = "44770"


def _number(text: str | None) -> str:
    digits = re.sub(r"\D", "", text or "")
    return digits if NUMBER.fullmatch(digits) else ""


async def _state(request: AnyRequest, visitor: Visitor) -> dict[str, Any]:
    """What the page shows of the chosen handset: its messages by conversation, and the URL of this state."""
    context, query = context_of(request), request.query_params
    handsets = (await ask(context, "GET", "/handsets"))["handsets"]
    number = _number(query.get("number")) or (handsets[0]["number"] if handsets else EXAMPLE)
    messages = (await ask(context, "GET", f"/handsets/{number}/messages"))["messages"]
    peers = list(dict.fromkeys(message["peer"] for message in reversed(messages)))
    own = await context.database.run(lambda connection: list_numbers(connection, visitor.account_id))
    peer = query.get("peer") or (peers[0] if peers else own[0].msisdn if own else "")
    thread = [message for message in messages if message["peer"] == peer]
    dismissed = int(query.get("dismissed") or 0)
    flash = next((m for m in reversed(thread) if m["flash"] and m["direction"] == "in"), None)
    place = urlencode({"number": number, "peer": peer, "dismissed": dismissed})
    return {
        "handsets": handsets, "number": number, "peers": peers, "peer": peer, "thread": thread, "place": place,
        "flash": flash if flash and flash["id"] > dismissed else None, "can_reply": bool(_number(peer)) and peer.isdigit(),
    }  # fmt: skip


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


@page("/phone")
async def phone(request: AnyRequest, visitor: Visitor) -> Page:
    """The phone, or why there is none."""
    try:
        state = await _state(request, visitor)
        carrier = await _carrier(request)
    except SimulatorsOff as problem:
        return await render(request, "sms/phone_off.html", title="Phone", reason=problem.detail)
    return await render(
        request, "sms/phone.html", title="Phone", **state, **carrier, seen=_digest((state["thread"], state["handsets"])),
        text_limit=TEXT_LIMIT,
    )  # fmt: skip


@page("/phone/screen")
async def screen(request: AnyRequest, visitor: Visitor) -> Page:
    """The phone's screen and the list of handsets when they have changed since ``seen``; 204 when not."""
    try:
        state = await _state(request, visitor)
    except SimulatorsOff:
        return Response("", status_code=204)
    seen = _digest((state["thread"], state["handsets"]))
    if seen == request.query_params.get("seen"):
        return Response("", status_code=204)
    return await render(request, "sms/phone_screen.html", **state, seen=seen)


@page("/phone/reply", methods=["POST"])
async def reply(request: AnyRequest, visitor: Visitor) -> Page:
    """Send a text from the handset: the simulated carrier hands it in as deliver_sm."""
    data = await request.form()
    number, to, text = _number(data.get("number")), _number(data.get("to")), str(data.get("text") or "").strip()
    if not number or not to or not text:
        return Response("", status_code=422, headers=toast("A reply needs a number and a text.", "danger"))
    try:
        await ask(context_of(request), "POST", f"/handsets/{number}/reply", {"to": to, "text": text[:TEXT_LIMIT]})
    except StrowgerError as problem:
        return Response("", status_code=422, headers=toast(problem.detail or "The reply was refused.", "danger"))
    return redirect(request, "/phone?" + urlencode({"number": number, "peer": to}))


async def _carrier(request: AnyRequest) -> dict[str, Any]:
    context = context_of(request)
    state = await ask(context, "GET", "/state")
    active = {item["name"] if isinstance(item, dict) else item for item in state["misbehaviours"]}
    outcomes = await ask(context, "GET", "/outcomes")
    return {
        "counters": state["counters"],
        "sessions": state["sessions"],
        "misbehaviours": [
            {**item, "on": item["name"] in active}
            for item in (await ask(context, "GET", "/misbehaviours"))["misbehaviours"]
        ],
        "outcomes": [
            {**item, "number": f"{MAGIC_PREFIX}{outcomes['suffix']}{item['digit']}"} for item in outcomes["outcomes"]
        ],
    }


@page("/phone/misbehave", methods=["POST"], roles=["owner"])
async def misbehave(request: AnyRequest, visitor: Visitor) -> Page:
    """Switch a misbehaviour of the simulated carrier on or off."""
    data = await request.form()
    options = {key[4:]: str(value) for key, value in data.items() if key.startswith("opt-") and str(value).strip()}
    wanted = {"name": str(data.get("name")), "on": data.get("on") == "1", "options": _typed(options)}
    try:
        await ask(context_of(request), "POST", "/misbehave", wanted)
    except StrowgerError as problem:
        return redirect(request, "/phone", problem.detail or "The simulator refused.")
    return redirect(request, "/phone", f"{wanted['name']} is {'on' if wanted['on'] else 'off'}.")


def _typed(options: dict[str, str]) -> dict[str, Any]:
    """Options as the control reads them: numbers and switches as such."""
    words: dict[str, Any] = {"true": True, "false": False}
    typed: dict[str, Any] = {}
    for name, text in options.items():
        if text.lower() in words:
            typed[name] = words[text.lower()]
        else:
            typed[name] = (
                int(text)
                if re.fullmatch(r"-?\d+", text)
                else float(text)
                if re.fullmatch(r"-?\d*\.\d+", text)
                else text
            )
    return typed


pages: list[Any] = [phone, screen, reply, misbehave]
