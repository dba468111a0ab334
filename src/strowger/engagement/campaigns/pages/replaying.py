"""Replaying a campaign for those whose messages ended in a chosen way (sms.md 9.3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.campaigns import service
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.pages.shared import LIST, WRITE, crumbs, fail, found
from strowger.engagement.campaigns.repository import campaigns, outcomes
from strowger.engagement.campaigns.schemas import Campaign

BOXES = (
    ("delivered", "Delivered"), ("undelivered", "Undelivered"), ("notsent", "Not sent"), ("sent", "Sent, awaiting the outcome"),
    ("expired", "Expired"),
)  # fmt: skip


async def _form(request: AnyRequest, campaign: Campaign) -> Form:
    async with context_of(request).database.acquire() as connection:
        found = await outcomes.outcomes(connection, campaign.account_id, campaign.id)
        clicks = await outcomes.clicks(connection, campaign.account_id, campaign.id, "")
    sums = {
        box: sum(one.messages for one in found if one.status in statuses) for box, statuses in service.STATUSES.items()
    }
    boxes = [(box, f"{label} ({sums[box]:,})") for box, label in BOXES]
    if campaign.content.get("track"):
        boxes += [
            (service.CLICKED, f"Opened the link ({clicks.clickers:,})"),
            (service.UNCLICKED, f"Did not open the link ({clicks.others:,})"),
        ]
    name = Field("name", "Campaign name", required=True, min_length=3, max_length=100, pattern=service.NAME.pattern,
                 pattern_text=service.NAME_TEXT)  # fmt: skip
    help_ = "Whoever is in one of the chosen groups gets the message again."
    return Form(
        "replay", (name, Field("chosen", "Send again to", "checks", required=True, options=boxes, help=help_)),
        submit="Make the campaign", cancel=campaign.path,
    )  # fmt: skip


async def _show(request: AnyRequest, campaign: Campaign, form: FormState) -> Page:
    return await render(
        request, "console/form_page.html", title="Replay", crumbs=crumbs(campaign), form=form, status=form.status
    )


@page(f"{LIST}/{{campaign_id:uuid}}/replay", permission=WRITE)
async def replay_form(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Whom to send it to again."""
    campaign = await found(request, visitor, campaign_id)
    refusal = service.replay_refusal(campaign, context_of(request).clock.now())
    if refusal:
        return redirect(request, campaign.path, refusal, "warning")
    async with context_of(request).database.acquire() as connection:
        taken = await campaigns.names(connection, visitor.account_id, campaign.name[:50])
    n = 1
    while f"{campaign.name[:86]} - replay {n}" in taken:
        n += 1
    form = (await _form(request, campaign)).blank(
        visitor, name=f"{campaign.name[:86]} - replay {n}", chosen=["undelivered"]
    )
    return await _show(request, campaign, form)


@page(f"{LIST}/{{campaign_id:uuid}}/replay", methods=["POST"], permission=WRITE)
async def replay(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Make the new campaign, a draft with the same message."""
    campaign = await found(request, visitor, campaign_id)
    form = await (await _form(request, campaign)).read(request, visitor)
    if form.ok:
        try:
            new = await service.replay(
                context_of(request), visitor.account_id, campaign_id, form["name"], form["chosen"], visitor.name
            )
            return redirect(request, f"{LIST}/{new}/message", "The contacts are chosen; look at the message.")
        except Refused as problem:
            fail(form, problem)
    return await _show(request, campaign, form)


pages: list[Any] = [replay_form, replay]
