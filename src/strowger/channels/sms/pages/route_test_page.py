"""The route test, and the number plan by which networks are known."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar.datastructures import UploadFile

from strowger.channels.sms.pages.carrier_form import CRUMBS, refuse
from strowger.channels.sms.pages.routes_page import TYPES
from strowger.channels.sms.pipeline import SmsRules
from strowger.console.form import Field, Form
from strowger.console.pages import Action, AnyRequest, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing import ranges, trial

MAX_FILE = 8_000_000
SHOWN = 200
TEST = Form(
    "route-test",
    (
        Field("number", "To", "tel", required=True, max_length=30, placeholder="447700900123", width="half",
              help="In international form."),
        Field("sender", "From", max_length=15, placeholder="ACME", width="half"),
        Field("type", "Type", "select", options=TYPES[1:], default="TXN", width="half"),
    ),
    submit="Ask",
    action="/carriers/routes/test",
    guard_leaving=False,
)  # fmt: skip


@page("/carriers/routes/test", permission="installation.read")
async def route_test(request: AnyRequest, visitor: Visitor) -> Page:
    """Which carrier a message would take now, and why: the form, and with ``?number=`` the answer. Nothing is sent."""
    asked = {name: request.query_params.get(name, "")[:30].strip() for name in ("number", "sender", "type")}
    form, found = TEST.blank(visitor, **{name: text for name, text in asked.items() if text}), None
    if "number" in request.query_params:
        try:
            found = await trial.try_route(
                context_of(request),
                SmsRules(),
                asked["number"],
                asked["sender"],
                asked["type"] or "TXN",
                visitor.country,
            )
        except StrowgerError as problem:
            refuse(form, problem)
    return await render(
        request, "sms/route_test.html", title="Test a route", crumbs=CRUMBS, form=form, status=form.status, found=found
    )


@page("/carriers/networks", permission="installation.read")
async def networks(request: AnyRequest, visitor: Visitor) -> Page:
    """The number plan; ``?q=`` looks for a prefix, a network or an operator."""
    return await _networks(request)


async def _networks(request: AnyRequest, problem: str = "") -> Page:
    context, search = context_of(request), request.query_params.get("q", "")[:60]
    rows = await ranges.listed(context, search, SHOWN + 1)
    count, number = await ranges.counted(context)
    return await render(
        request, "sms/networks.html", title="Networks", crumbs=CRUMBS, status=422 if problem else 200,
        actions=[Action("Test a route", "/carriers/routes/test", "route")],
        rows=rows[:SHOWN], more=len(rows) > SHOWN, ranges=count, networks=number, search=search, problem=problem,
    )  # fmt: skip


@page("/carriers/networks", methods=["POST"], permission="installation.write")
async def import_networks(request: AnyRequest, visitor: Visitor) -> Page:
    """Read a file of ranges and add them, or put them in the place of all."""
    form = await request.form()
    given = form.get("file")
    data = await given.read() if isinstance(given, UploadFile) else b""
    if not data:
        return await _networks(request, "Choose a file.")
    if len(data) > MAX_FILE:
        return await _networks(request, f"The file has {len(data):,} bytes; at most {MAX_FILE:,}.")
    try:
        rows = await asyncio.to_thread(ranges.read_ranges, data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return await _networks(request, "The file must be text in UTF-8.")
    except StrowgerError as problem:
        return await _networks(request, problem.detail or "The file cannot be read.")
    count = await ranges.store_ranges(context_of(request), rows, replace=bool(form.get("replace")))
    return redirect(request, "/carriers/networks", f"{count:,} ranges are imported.")


pages: list[Any] = [route_test, networks, import_networks]
