"""What may be done with a campaign: cancel, delete, duplicate; move or delete a batch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.campaigns import planning, service
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.pages.shared import LIST, WRITE, crumbs, found
from strowger.engagement.campaigns.schemas import Campaign


@page(f"{LIST}/{{campaign_id:uuid}}/cancel", methods=["POST"], permission=WRITE)
async def cancel(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Send nothing more; what is queued still goes."""
    campaign = await found(request, visitor, campaign_id)
    try:
        await service.cancel(context_of(request), visitor.account_id, campaign_id)
    except Refused as problem:
        return redirect(request, campaign.path, str(problem), "warning")
    return redirect(request, campaign.path, f"{campaign.name} is cancelled.")


@page(f"{LIST}/{{campaign_id:uuid}}/delete", methods=["POST"], permission=WRITE)
async def delete(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Remove a draft or a campaign that has not begun."""
    campaign = await found(request, visitor, campaign_id)
    try:
        await service.delete(context_of(request), visitor.account_id, campaign_id)
    except Refused as problem:
        return redirect(request, campaign.path, str(problem), "warning")
    return redirect(request, LIST, f"{campaign.name} is deleted.")


@page(f"{LIST}/{{campaign_id:uuid}}/duplicate", methods=["POST"], permission=WRITE)
async def duplicate(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """A new draft like this one."""
    campaign = await found(request, visitor, campaign_id)
    try:
        new = await service.duplicate(context_of(request), visitor.account_id, campaign_id, visitor.name)
    except Refused as problem:
        return redirect(request, campaign.path, str(problem), "warning")
    return redirect(request, f"{LIST}/{new}/setup", "This is the copy, a draft.")


async def _show(request: AnyRequest, campaign: Campaign, n: int, form: FormState) -> Page:
    return await render(
        request, "console/form_page.html", title=f"Reschedule batch {n}", crumbs=crumbs(campaign), form=form,
        status=form.status,
    )  # fmt: skip


@page(f"{LIST}/{{campaign_id:uuid}}/batches/{{n:int}}/move", permission=WRITE)
async def move_form(request: AnyRequest, visitor: Visitor, campaign_id: UUID, n: int) -> Page:
    """Another time for a batch."""
    campaign = await found(request, visitor, campaign_id)
    return await _show(request, campaign, n, _form(visitor, campaign).blank(visitor))


def _form(visitor: Visitor, campaign: Campaign) -> Form:
    text = f"5 minutes to 60 days ahead, in your time zone: {visitor.time_zone}."
    return Form(
        "batch", (Field("at", "Date and time", "datetime-local", required=True, help=text),), submit="Reschedule",
        cancel=campaign.path,
    )  # fmt: skip


@page(f"{LIST}/{{campaign_id:uuid}}/batches/{{n:int}}/move", methods=["POST"], permission=WRITE)
async def move(request: AnyRequest, visitor: Visitor, campaign_id: UUID, n: int) -> Page:
    """Let a batch that has not begun go at another time."""
    campaign = await found(request, visitor, campaign_id)
    form = await _form(visitor, campaign).read(request, visitor)
    if form.ok:
        context = context_of(request)
        try:
            due_at = planning.moment_of(form["at"], visitor.time_zone, context.clock.now())
            await service.move_batch(context, visitor.account_id, campaign_id, n, due_at)
            return redirect(request, campaign.path, f"Batch {n} is rescheduled.")
        except Refused as problem:
            form.fail("at", str(problem))
    return await _show(request, campaign, n, form)


@page(f"{LIST}/{{campaign_id:uuid}}/batches/{{n:int}}/delete", methods=["POST"], permission=WRITE)
async def delete_batch(request: AnyRequest, visitor: Visitor, campaign_id: UUID, n: int) -> Page:
    """Do not send a batch that has not begun."""
    campaign = await found(request, visitor, campaign_id)
    try:
        await service.remove_batch(context_of(request), visitor.account_id, campaign_id, n)
    except Refused as problem:
        return redirect(request, campaign.path, str(problem), "warning")
    return redirect(request, campaign.path, f"Batch {n} will not be sent.")


pages: list[Any] = [cancel, delete, duplicate, move_form, move, delete_batch]
