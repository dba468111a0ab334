"""Campaigns > Overview (console.md 5.11)."""

from __future__ import annotations

from typing import Any

from strowger.console import menu
from strowger.console.pages import Action, AnyRequest, Page, Visitor, context_of, page, render
from strowger.engagement.campaigns import overview
from strowger.engagement.campaigns.pages.listing import NEW
from strowger.engagement.campaigns.pages.shared import LIST, READ, WRITE
from strowger.engagement.campaigns.schemas import State
from strowger.foundation.money import format_money

OVERVIEW = f"{LIST}/overview"
RUNNING = (State.PROCESSING, State.PARTIAL)
ACTIONS = (NEW, Action("Reports", "/reports", "report"))
menu.register("Campaigns", "Overview", OVERVIEW, "chart-bar", 5)


@page(OVERVIEW, permission=READ)
async def campaigns_overview(request: AnyRequest, visitor: Visitor) -> Page:
    """Figures of the last ``?days=`` 7, 30 or 90, what comes next, and what a campaign still needs."""
    days = overview.read_days(request.query_params.get("days", ""))
    found = await overview.look(context_of(request), visitor, days)
    sees_money = visitor.may("billing.read") or visitor.may("usage.read")
    spent = format_money(found.figures.spent, visitor.currency) if found.figures and sees_money else ""
    return await render(
        request, "campaigns/overview.html", title="Campaigns overview", actions=list(ACTIONS), found=found, days=days, spent=spent,
        spans=[(span, f"{span} days", span == days) for span in overview.SPANS], may_launch=visitor.may(WRITE),
        running=found.count(*RUNNING), scheduled=found.count(State.SCHEDULED), drafts=found.count(State.DRAFT),
        failed=found.count(State.FAILED),
    )  # fmt: skip


pages: list[Any] = [campaigns_overview]
