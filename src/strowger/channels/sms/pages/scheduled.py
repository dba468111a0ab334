"""What is to be sent later: the list, moving and cancelling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.channels.sms.schedule.changes import change
from strowger.channels.sms.schedule.times import check_due, parse_moment
from strowger.console import menu, palette
from strowger.console.code import ApiCall, as_curl
from strowger.console.form import Field, Form
from strowger.console.pages import Action, AnyRequest, Crumb, Page, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, Row, RowAction, SqlSource, Table, contains
from strowger.console.visitor import Visitor
from strowger.foundation.database import Database
from strowger.foundation.errors import StrowgerError
from strowger.messaging.models import ScheduledRequest
from strowger.messaging.repository import scheduling
from strowger.messaging.scheduling import CHANGE_MARGIN, Schedules
from strowger.platform.gateway.errors import entry_of

menu.register("", "Scheduled", "/scheduled", "calendar-time", 12)
palette.register_action("Scheduled messages", "/scheduled", "calendar-time")
WAITING, PARTLY, OVER, CANCELLED = "Waiting", "Partly waiting", "Left", "Cancelled"
TONES = {WAITING: "info", PARTLY: "info", OVER: "success", CANCELLED: "neutral"}
SEND = Action("Send a message", "/send", "send", primary=True, key="n")


def _state(row: Row) -> str:
    if row["waiting"]:
        return WAITING if row["waiting"] == row["total"] else PARTLY
    return CANCELLED if row["left"] == 0 else OVER


def _text(row: Row) -> str:
    body = str(row["body"])
    return "".join("•" if c.isdigit() else c for c in body) if row["type"] == "OTP" else body


TABLE = Table(
    "scheduled",
    (
        Column("due_at", "Leaves", "time", sort=True),
        Column("state", "State", "status", value=_state, tone=TONES),
        Column("sender", "From", sort=True),
        Column("body", "Text", value=_text),
        Column("waiting", "Waiting", "number"),
        Column("total", "Messages", "number", sort=True),
        Column("type", "Type", sort=True, shown=False),
        Column("campaign_name", "Campaign", shown=False),
        Column("source", "Source", sort=True, shown=False),
        Column("created_at", "Accepted", "time", sort=True, shown=False),
        Column("request_id", "Request", "mono", shown=False, value=lambda row: str(row["request_id"])),
    ),
    (Filter("due_at", "Leaves", "time"), Filter("sender", "From"), Filter("body", "Text")),
    search="Text, sender or campaign",
    sort="-due_at",
    row_href=lambda row: f"/messages?q={row['request_id']}",
    row_actions=(
        RowAction("Move to another time", lambda row: f"/scheduled/{row['request_id']}/move", "calendar-time",
                  when=lambda row: bool(row["waiting"])),
        RowAction("Cancel", lambda row: f"/scheduled/{row['request_id']}/cancel", "ban", "POST", danger=True,
                  confirm=lambda row: f"Cancel {row['waiting']} messages? They will not be sent, and nothing is charged.",
                  when=lambda row: bool(row["waiting"])),
    ),
    live_topic="messages",
)  # fmt: skip
MOVE = Form("move", (Field("time", "Leaves at", "datetime-local", required=True),))


def _source(database: Database) -> SqlSource:
    columns = ScheduledRequest.__table__.c
    return SqlSource(
        database,
        scheduling.schedule_rows(),
        columns.account_id,
        key=("request_id",),
        columns=dict(columns.items()),
        search=lambda text: (
            contains(columns.body, text) | contains(columns.sender, text) | contains(columns.campaign_name, text)
        ),
    )


def _first_call(visitor: Visitor, base_url: str) -> str:
    call = ApiCall(
        "POST", f"{base_url}/v1/{visitor.sid}/sms",
        {"to": "+491701234567", "sender": "STROWG", "body": "Hello", "time": "2026-07-13T12:58:00+02:00"},
    )  # fmt: skip
    return as_curl(call).replace(" \\\n  ", " ")


@page("/scheduled", permission="messages.send")
async def scheduled(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The list of requests that leave later, and of those that have left or were cancelled."""
    context = context_of(request)
    text = "A message with a time waits here until it comes. Until five minutes before it can be moved or cancelled."
    empty = Empty("Nothing is scheduled", text, SEND, _first_call(visitor, context.settings.base_url))
    return await replace(TABLE, empty=empty).respond(
        request, visitor, _source(context.database), title="Scheduled", actions=[SEND]
    )


def _form(visitor: Visitor, request_id: UUID) -> Form:
    field = replace(MOVE.fields[0], help=f"15 minutes to 3 months ahead, in your time zone: {visitor.time_zone}.")

    def call(values: Any, who: Visitor, base_url: str) -> ApiCall:
        form = {"time": str(values.get("time") or ""), "timezone": who.time_zone}
        return ApiCall("PUT", f"{base_url}/v1/{who.sid}/sms/schedule/{request_id}", form=form)

    return replace(
        MOVE, fields=(field,), submit="Move", action=f"/scheduled/{request_id}/move", cancel="/scheduled", code=call
    )


async def _found(request: AnyRequest, visitor: Visitor, request_id: UUID) -> Any:
    context = context_of(request)
    row = await Schedules(context.database, context.clock).find(visitor.account_id, request_id)
    if row is None:
        raise NotFoundException
    return row


async def _form_page(request: AnyRequest, form: Any) -> Page:
    crumbs = [Crumb("Scheduled", "/scheduled")]
    return await render(
        request, "console/form_page.html", title="Move to another time", crumbs=crumbs, form=form, status=form.status
    )


@page("/scheduled/{request_id:uuid}/move", permission="messages.send")
async def move_form(request: AnyRequest, visitor: Visitor, request_id: UUID) -> Page:
    """The form with the moment as it stands."""
    row = await _found(request, visitor, request_id)
    moment = visitor.local(row["due_at"]).strftime("%Y-%m-%dT%H:%M")
    form = _form(visitor, request_id).blank(visitor, context_of(request).settings.base_url, time=moment)
    return await _form_page(request, form)


@page("/scheduled/{request_id:uuid}/move", methods=["POST"], permission="messages.send")
async def move(request: AnyRequest, visitor: Visitor, request_id: UUID) -> Page:
    """Move what still waits of a request."""
    context = context_of(request)
    await _found(request, visitor, request_id)
    form = await _form(visitor, request_id).read(request, visitor)
    if not form.ok:
        return await _form_page(request, form)
    try:
        due_at = parse_moment(form["time"], ZoneInfo(visitor.time_zone))
        check_due(due_at, context.clock.now(), context.settings.retention_days)
        changed = await change(request.app.state, visitor.account_id, request_id, None, due_at)
    except StrowgerError as problem:
        form.fail("time", _say(problem))
        return await _form_page(request, form)
    return redirect(request, "/scheduled", f"{changed} moved to {visitor.local(due_at):%d %b %Y, %H:%M}.")


@page("/scheduled/{request_id:uuid}/cancel", methods=["POST"], permission="messages.send")
async def cancel(request: AnyRequest, visitor: Visitor, request_id: UUID) -> Page:
    """Cancel what still waits of a request."""
    await _found(request, visitor, request_id)
    try:
        changed = await change(request.app.state, visitor.account_id, request_id)
    except StrowgerError as problem:
        return redirect(request, "/scheduled", _say(problem))
    return redirect(request, "/scheduled", f"{changed} cancelled." if changed > 1 else "Cancelled.")


def _say(problem: StrowgerError) -> str:
    if problem.code == "E614":
        return "Choose a time from 15 minutes to 3 months ahead."
    if problem.code == "E635":
        return f"Too late: it has left, leaves within {CHANGE_MARGIN.seconds // 60} minutes, or was cancelled."
    return problem.detail or entry_of(problem.code).text


pages: list[Any] = [scheduled, move_form, move, cancel]
