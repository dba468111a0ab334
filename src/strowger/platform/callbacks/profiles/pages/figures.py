"""Figures of profiles by day, with chart and export; and the account's defaults."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from litestar.response import Response

from strowger.console.chart import Chart, Series
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.table import Column, Empty, ListSource, Table
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.platform.callbacks.profiles.pages.listing import CRUMBS, READ, WRITE
from strowger.platform.callbacks.profiles.pages.words import tabs_of
from strowger.platform.callbacks.profiles.report import Day, by_day, daily_report
from strowger.platform.callbacks.profiles.schemas import Profile
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.profiles.variables import EVENTS

SPANS = ((7, "7 days"), (30, "30 days"), (90, "90 days"))
# Of the channels that this version sends and receives on, and what the platform tells of itself.
DEFAULT_EVENTS = ("sms_send", "sms_mo", "subaccount_low_balance", "subaccount_status")
REPORT = Table(
    "callback-report",
    (
        Column("day", "Date", sort=True),
        Column("name", "Profile ID", "mono", shown=False),
        Column("title", "Title", sort=True, href=lambda row: f"/callbacks/profiles/{row['profile_id']}"),
        Column("host", "Endpoint host", "mono"),
        Column("calls", "Calls", "number", sort=True),
        Column("success", "Success", "number", sort=True),
        Column("failed", "Failed", "number", sort=True),
        Column("retried", "Retried", "number", sort=True),
        Column("dropped", "Dropped", "number", sort=True),
        Column("average_ms", "Avg ms", "number", sort=True),
        Column("p95_ms", "P95 ms", "number", sort=True),
        Column("top_code", "Top HTTP code", "number"),
    ),
    search="Title or host",
    sort="-day",
    empty=Empty("No calls in this time", "Every request to a profile's receiver is counted here, by day."),
)


def _row(day: Day) -> dict[str, Any]:
    return {
        "id": f"{day.day} {day.profile_id} {day.host}", "day": day.day.isoformat(), "profile_id": str(day.profile_id),
        "name": day.name, "title": day.title, "host": day.host, "calls": day.calls, "success": day.success,
        "failed": day.failed, "retried": day.retried, "dropped": day.dropped, "average_ms": day.average_ms,
        "p95_ms": day.p95_ms, "top_code": day.top_code,
    }  # fmt: skip


@page("/callbacks/profiles/report", permission=READ)
async def report(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Figures by profile and day; ``?days=`` 7, 30 or 90."""
    context = context_of(request)
    given = request.query_params.get("days", "")
    days = int(given) if given in ("7", "30", "90") else 7
    last = visitor.local(context.clock.now()).date()
    first = last - timedelta(days=days - 1)
    rows = await daily_report(context, visitor.account_id, first, last, _zone(visitor))
    sums = by_day(rows, first, last)
    chart = Chart(
        "callback-chart", "Callbacks by day", [f"{day:%d %b}" for day, _ in sums],
        [
            Series("Success", [one["success"] for _, one in sums], "success"),
            Series("Retried", [one["retried"] for _, one in sums], "warning"),
            Series("Failed", [one["failed"] for _, one in sums], "danger"),
            Series("Dropped", [one["dropped"] for _, one in sums], "neutral"),
        ],
        "stacked", zone=visitor.time_zone, category_label="Day",
    )  # fmt: skip

    async def found(_: int) -> list[dict[str, Any]]:
        return [_row(day) for day in rows]

    return await REPORT.respond(
        request, visitor, ListSource(found, searched=("title", "host")), title="Callback reports",
        template="profiles/report.html", crumbs=CRUMBS, tabs=tabs_of("/callbacks/profiles/report"), chart=chart,
        spans=[(str(number), label, number == days) for number, label in SPANS],
    )  # fmt: skip


def _zone(visitor: Visitor) -> str:
    try:
        return ZoneInfo(visitor.time_zone).key
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"


def _defaults_form(profiles: list[Profile]) -> Form:
    return Form(
        "callback-defaults",
        [
            Field(
                event, EVENTS[event].label, "select", help=EVENTS[event].hint + ", when nothing else was asked for.",
                options=(("", "Nobody is told"), *((p.name, p.draft.title) for p in profiles if event in p.draft.events)),
            )
            for event in DEFAULT_EVENTS
        ],
        action="/callbacks/profiles/defaults",
    )  # fmt: skip


async def _defaults_page(request: AnyRequest, form: FormState) -> Page:
    return await render(
        request, "profiles/defaults.html", title="Default profiles", crumbs=CRUMBS, form=form, status=form.status,
        tabs=tabs_of("/callbacks/profiles/defaults"),
    )  # fmt: skip


@page("/callbacks/profiles/defaults", permission=READ)
async def defaults(request: AnyRequest, visitor: Visitor) -> Page:
    """Where events go that no request names a receiver for."""
    service = ProfileService(context_of(request))
    profiles = await service.list_all(visitor.account_id)
    names = {one.id: one.name for one in profiles}
    found = await service.defaults(visitor.account_id)
    values = {event: names.get(found[event], "") for event in DEFAULT_EVENTS if event in found}
    return await _defaults_page(request, _defaults_form(profiles).blank(visitor, **values))


@page("/callbacks/profiles/defaults", methods=["POST"], permission=WRITE)
async def set_defaults(request: AnyRequest, visitor: Visitor) -> Page:
    """Set or clear the defaults."""
    service = ProfileService(context_of(request))
    form = await _defaults_form(await service.list_all(visitor.account_id)).read(request, visitor)
    if form.ok:
        for event in DEFAULT_EVENTS:
            try:
                await service.set_default(visitor.account_id, event, form[event] or None)
            except StrowgerError as problem:
                form.fail(event, problem.detail or problem.code)
    if not form.ok:
        return await _defaults_page(request, form)
    return redirect(request, "/callbacks/profiles/defaults", "Saved.")


pages: list[Any] = [report, defaults, set_defaults]
