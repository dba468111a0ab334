"""Step 5 of a launch: what will happen, what it costs, and the button."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.campaigns import planning, service, sms
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.overview import DECLARATION
from strowger.engagement.campaigns.pages.message import measure
from strowger.engagement.campaigns.pages.shared import LIST, WRITE, crumbs, found_draft, steps
from strowger.engagement.campaigns.planning import Plan, Share
from strowger.engagement.campaigns.schemas import Campaign, State
from strowger.foundation.context import Context

PLACES = {
    "declaration": DECLARATION, "contacts": "contacts", "file": "contacts", "sender": "setup", "at": "schedule",
    "zone": "schedule", "parts": "schedule", "cost": "",
}  # fmt: skip


async def _obstacle(context: Context, campaign: Campaign) -> Refused | None:
    """What stands in the way of launching, the first of it."""
    now = context.clock.now()
    try:
        await context.database.run(lambda c: service.check_declared(c, campaign.account_id, campaign.channel))
        if not campaign.valid:
            raise Refused("There are no contacts yet.", "contacts")
        await context.database.run(lambda c: sms.SMS.check(c, campaign, now))
        planning.shares(msgspec.convert(campaign.plan, Plan), campaign.valid, now)
    except Refused as problem:
        return problem
    return None


def _shares(campaign: Campaign, context: Context) -> list[Share]:
    try:
        return planning.shares(msgspec.convert(campaign.plan, Plan), campaign.valid, context.clock.now())
    except Refused:
        return []


async def _show(request: AnyRequest, campaign: Campaign, problem: Refused | None = None) -> Page:
    context = context_of(request)
    measured = await measure(request, campaign, sms.content_of(campaign))
    problem = problem or await _obstacle(context, campaign)
    covered = measured.funds is not None and measured.funds.covers(measured.estimate)
    shares = _shares(campaign, context)
    async with context.database.acquire() as connection:
        waits = [found for share in shares if (found := await sms.opens_at(connection, campaign, share.due_at))]
    place = PLACES.get(problem.field, "message") if problem else ""
    place = place if place.startswith("/") or not place else f"{campaign.path}/{place}"
    return await render(
        request, "campaigns/review.html", title=campaign.name, crumbs=crumbs(campaign)[:1], campaign=campaign,
        steps=steps(campaign, "review"), measured=measured, content=sms.content_of(campaign), problem=problem, place=place,
        covered=covered, shares=shares, waits=waits, status=422 if request.method == "POST" else 200,
        plan=msgspec.convert(campaign.plan, Plan),
    )  # fmt: skip


@page(f"{LIST}/{{campaign_id:uuid}}/review", permission=WRITE)
async def review(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Counts, parts, cost against the balance."""
    return await _show(request, await found_draft(request, visitor, campaign_id))


@page(f"{LIST}/{{campaign_id:uuid}}/launch", methods=["POST"], permission=WRITE)
async def launch(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Let it go, now or at its time."""
    campaign = await found_draft(request, visitor, campaign_id)
    try:
        launched = await service.launch(context_of(request), visitor.account_id, campaign_id)
    except Refused as problem:
        return await _show(request, campaign, problem)
    word = "scheduled" if launched.state == State.SCHEDULED else "launched"
    return redirect(request, campaign.path, f"{campaign.name} is {word}.")


pages: list[Any] = [review, launch]
