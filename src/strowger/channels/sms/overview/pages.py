"""SMS > Overview (sms.md 7.1) and SMS > Help."""

from __future__ import annotations

from typing import Any

from strowger.channels.sms.overview import service
from strowger.channels.sms.overview.service import BadSpan
from strowger.console import menu
from strowger.console.pages import Action, AnyRequest, Page, context_of, page, render
from strowger.console.visitor import Visitor
from strowger.foundation.money import format_money

PAGE, HELP = "/sms", "/sms/help"
ACTIONS = (
    Action("Send test SMS", "/send", "send", True),
    Action("Create campaign", "/campaigns/new", "speakerphone"),
    Action("Create template", "/templates/new", "template"),
)
TABS = (
    ("Overview", PAGE), ("Sender IDs", "/senders"), ("Templates", "/templates"), ("Logs", "/messages"), ("Reports", "/reports"),
    ("Receive Message", "/receive"), ("Settings", "/sms/settings"), ("Help", HELP),
)  # fmt: skip
LABELS = {1: "Today", 7: "7 days", 30: "30 days"}

menu.register("Channels", "SMS", PAGE, "message-2", 5)


def _tabs(visitor: Visitor, path: str) -> list[tuple[str, str, bool]]:
    """The rooms of the channel that a visitor may enter."""
    return [(label, there, there == path) for label, there in TABS if there == path or visitor.may_open(there)]


@page(PAGE, permission="reports.read")
async def overview(request: AnyRequest, visitor: Visitor) -> Page:
    """Figures of a time: ``?days=`` 1, 7 or 30, or the dates ``from`` and ``to``."""
    context, query = context_of(request), request.query_params
    now, problem = context.clock.now(), ""
    try:
        span = service.read_span(visitor, now, query.get("days", ""), query.get("from", ""), query.get("to", ""))
    except BadSpan as bad:
        span, problem = service.read_span(visitor, now, "", "", ""), str(bad)
    found = await service.overview(context, visitor, span)
    sees_money = visitor.may("billing.read") or visitor.may("usage.read")
    return await render(
        request, "overview/sms.html", title="SMS", actions=list(ACTIONS), tabs=_tabs(visitor, PAGE), span=span, found=found,
        problem=problem, spans=[(days, LABELS[days], span.days == days) for days in service.SPANS],
        spent=format_money(found.figures.spent, visitor.currency) if found and sees_money else "",
        status=422 if problem else 200,
    )  # fmt: skip


@page(HELP, permission="home.read")
async def sms_help(request: AnyRequest, visitor: Visitor) -> Page:
    """Questions that come up again and again, answered."""
    return await render(request, "overview/help.html", title="Help on SMS", tabs=_tabs(visitor, HELP))


pages: list[Any] = [overview, sms_help]
