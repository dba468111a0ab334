"""The virtual phone: handsets of the simulated carrier, and what that carrier does wrong on purpose."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Response
from markupsafe import escape

from strowger.channels.sms.pages.phone_view import Place, look, number_of, typed_option
from strowger.channels.sms.simulation import SimulatorsOff, ask
from strowger.console import menu, palette
from strowger.console.pages import AnyRequest, Page, context_of, html, is_partial, page, redirect, render, toast
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.platform.numbers.service import list_numbers

menu.register("", "Phone", "/phone", "device-mobile", 15, key="p")
palette.register_action("Open the phone", "/phone", "device-mobile")

TEXT_LIMIT = 1530


@page("/phone", permission="phone.read")
async def phone(request: AnyRequest, visitor: Visitor) -> Page:
    """The phone, or why there is none."""
    context = context_of(request)
    try:
        view = await look(context, Place.of(request.query_params))
    except SimulatorsOff as problem:
        return await render(
            request, "sms/phone_off.html", title="Phone", reason=problem.detail, off=not context.settings.simulators
        )
    own = await context.database.run(lambda connection: list_numbers(connection, visitor.account_id))
    return await render(
        request, "sms/phone.html", title="Phone", **view, **_rights(visitor), own=own[0].msisdn if own else "",
    )  # fmt: skip


@page("/phone/feed", permission="phone.read")
async def feed(request: AnyRequest, visitor: Visitor) -> Page:
    """The phone again when it has changed since ``seen``; 204 when not, 503 while there is no simulator."""
    try:
        view = await look(context_of(request), Place.of(request.query_params))
    except SimulatorsOff as problem:
        return html(str(escape(problem.detail)), 503)
    if view["seen"] == request.query_params.get("seen"):
        return Response("", status_code=204)
    return await render(request, "sms/phone_live.html", **view, **_rights(visitor))


def _rights(visitor: Visitor) -> dict[str, Any]:
    return {"may_misbehave": visitor.may("simulators.write"), "text_limit": TEXT_LIMIT}


@page("/phone/reply", methods=["POST"], permission="phone.write")
async def reply(request: AnyRequest, visitor: Visitor) -> Page:
    """Send a text from the handset: the simulated carrier hands it in as deliver_sm. ``open`` leads to the conversation."""
    data = await request.form()
    number, to, text = number_of(data.get("number")), number_of(data.get("to")), str(data.get("text") or "").strip()
    place = "/phone?" + urlencode({"number": number, "peer": to})
    problem = _problem(number, to, text)
    if not problem:
        try:
            await ask(context_of(request), "POST", f"/handsets/{number}/reply", {"to": to, "text": text})
        except StrowgerError as refused:
            problem = refused.detail or "The simulated carrier refused it."
    if not is_partial(request):
        return redirect(request, place, problem, "danger")
    if problem:
        return html(str(escape(problem)), 422)
    return redirect(request, place) if data.get("open") else Response("", status_code=204)


def _problem(number: str, to: str, text: str) -> str:
    if not number or not to:
        return "A handset writes to numbers of 3 to 15 digits."
    if not text:
        return "There is no text."
    return f"At most {TEXT_LIMIT} characters." if len(text) > TEXT_LIMIT else ""


@page("/phone/misbehave", methods=["POST"], permission="simulators.write")
async def misbehave(request: AnyRequest, visitor: Visitor) -> Page:
    """Switch a misbehaviour of the simulated carrier on or off, for everyone or one ``system_id``."""
    data = await request.form()
    given = {key[4:]: str(value) for key, value in data.items() if key.startswith("opt-") and str(value).strip()}
    name, on = str(data.get("name")), data.get("on") == "1"
    wanted: dict[str, Any] = {
        "name": name, "on": on, "system_id": str(data.get("system_id") or "") or None,
        "options": {key: typed_option(text) for key, text in given.items()} if on else {},
    }  # fmt: skip
    try:
        await ask(context_of(request), "POST", "/misbehave", wanted)
        words, tone = f"{name} is {'on' if on else 'off'}.", "success"
    except StrowgerError as refused:
        words, tone = refused.detail or "The simulator refused.", "danger"
    if is_partial(request):
        return html("", 200 if tone == "success" else 422, toast(words, tone))
    return redirect(request, "/phone", words, tone)


pages: list[Any] = [phone, feed, reply, misbehave]
