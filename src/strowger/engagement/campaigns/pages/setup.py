"""Step 1 of a launch: name, sender, type."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from strowger.channels.sms.senders import repository as senders
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.campaigns import service
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.pages.declaring import is_undeclared
from strowger.engagement.campaigns.pages.shared import (
    CRUMB,
    LIST,
    TYPES,
    WRITE,
    crumbs,
    fail,
    found_draft,
    go_on,
    steps,
)
from strowger.engagement.campaigns.schemas import Campaign

MAX_SENDERS = 500
NAME = Field(
    "name", "Campaign name", required=True, min_length=3, max_length=100, pattern=service.NAME.pattern,
    pattern_text=service.NAME_TEXT, help="Unique in your account; it cannot be changed later.",
)  # fmt: skip


async def _form(request: AnyRequest, visitor: Visitor, campaign: Campaign | None = None) -> Form:
    async with context_of(request).database.acquire() as connection:
        rows = await senders.senders(connection, visitor.account_id, MAX_SENDERS)
    approved = [row for row in rows if row["status"] == "Approved"]
    names = list(dict.fromkeys(row["sender"] for row in sorted(approved, key=lambda row: not row["is_default"])))
    fields = (
        Field("sender", "Sender ID", "select", required=True, options=[(n, n) for n in names],
              default=names[0] if names else "", width="half"),
        Field("type", "Type", "select", required=True, options=TYPES, default="MKT", width="half",
              help="Marketing leaves after everything else."),
    )  # fmt: skip
    if campaign is None:
        return Form("campaign", (NAME, *fields), submit="Continue", action=f"{LIST}/new", cancel=LIST)
    return Form("campaign", fields, submit="Continue", action=f"{campaign.path}/setup", cancel=LIST)


async def _show(request: AnyRequest, visitor: Visitor, form: FormState, campaign: Campaign | None = None) -> Page:
    return await render(
        request, "campaigns/setup.html", title=campaign.name if campaign else "Launch a campaign",
        crumbs=crumbs(campaign)[:1] if campaign else [CRUMB], form=form, status=form.status, campaign=campaign,
        steps=steps(campaign, "setup") if campaign else [], can_send=bool(form.get("sender").options),
        undeclared=await is_undeclared(request, visitor),
    )  # fmt: skip


@page(f"{LIST}/new", permission=WRITE)
async def new_form(request: AnyRequest, visitor: Visitor) -> Page:
    """The first step of a new campaign."""
    return await _show(request, visitor, (await _form(request, visitor)).blank(visitor))


@page(f"{LIST}/new", methods=["POST"], permission=WRITE)
async def create(request: AnyRequest, visitor: Visitor) -> Page:
    """Make the draft; the contacts are next."""
    form = await (await _form(request, visitor)).read(request, visitor)
    if not form.ok:
        return await _show(request, visitor, form)
    try:
        campaign_id = await service.create(
            context_of(request), visitor.account_id, "sms", form["name"], form["sender"], form["type"], visitor.name
        )
    except Refused as problem:
        return await _show(request, visitor, fail(form, problem))
    return redirect(request, f"{LIST}/{campaign_id}/contacts")


@page(f"{LIST}/{{campaign_id:uuid}}/setup", permission=WRITE)
async def edit_form(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Sender and type of a draft."""
    campaign = await found_draft(request, visitor, campaign_id)
    form = (await _form(request, visitor, campaign)).blank(visitor, sender=campaign.sender, type=campaign.type)
    return await _show(request, visitor, form, campaign)


@page(f"{LIST}/{{campaign_id:uuid}}/setup", methods=["POST"], permission=WRITE)
async def edit(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Change sender and type."""
    campaign = await found_draft(request, visitor, campaign_id)
    form = await (await _form(request, visitor, campaign)).read(request, visitor)
    if form.ok:
        try:
            await service.edit(
                context_of(request), visitor.account_id, campaign_id, sender=form["sender"], type=form["type"]
            )
            return await go_on(request, campaign, "contacts")
        except Refused as problem:
            fail(form, problem)
    return await _show(request, visitor, form, campaign)


pages: list[Any] = [new_form, create, edit_form, edit]
