"""Step 4 of a launch: when; and another time for what has not begun."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.campaigns import planning, service
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.pages.shared import LIST, WRITE, crumbs, fail, found, found_draft, go_on, steps
from strowger.engagement.campaigns.planning import COUNT, MAX_BATCHES, NONE, PERCENT, Part, Plan
from strowger.engagement.campaigns.schemas import Campaign, State
from strowger.platform.accounts.service import list_time_zones

SPLITS = ((NONE, "All at once"), (COUNT, "In batches, by number of contacts"), (PERCENT, "In batches, by per cent"))
SHOWN_BATCHES = 4


async def _form(request: AnyRequest, campaign: Campaign, action: str) -> Form:
    top = context_of(request).settings.campaign_pace
    zones = await list_time_zones()
    fields = [
        Field("zone", "Time zone", "select", required=True, options=[(name, name) for name in zones], width="half"),
        Field("at", "Date and time", "datetime-local", width="half",
              help="5 minutes to 60 days ahead. Empty: as soon as it is launched."),
        Field("split", "Batches", "radio", required=True, options=SPLITS, default=NONE),
        Field("pace", "Messages per second", "number", least=1, most=top, width="half",
              help=f"How fast it is handed over, at most {top}."),
    ]  # fmt: skip
    for n in range(1, MAX_BATCHES + 1):
        fields += [
            Field(f"size_{n}", f"Batch {n}: size", "number", least=1, most=500_000, width="half"),
            Field(f"at_{n}", f"Batch {n}: date and time", "datetime-local", width="half"),
        ]
    return Form("schedule", fields, submit="Continue", action=action)


def _plan(form: FormState) -> Plan:
    parts = [
        Part(int(form[f"size_{n}"] or 0), form[f"at_{n}"] or "")
        for n in range(1, MAX_BATCHES + 1)
        if form[f"size_{n}"] or form[f"at_{n}"]
    ]
    batched = form["split"] != NONE
    return Plan(form["zone"], "" if batched else form["at"], form["split"], tuple(parts) if batched else ())


def _values(campaign: Campaign, visitor: Visitor) -> dict[str, Any]:
    plan = msgspec.convert(campaign.plan or {"zone": visitor.time_zone}, Plan)
    values: dict[str, Any] = {"zone": plan.zone, "at": plan.at, "split": plan.split, "pace": campaign.pace}
    for n, part in enumerate(plan.parts, 1):
        values |= {f"size_{n}": part.size or "", f"at_{n}": part.at}
    return values


async def _show(request: AnyRequest, campaign: Campaign, form: FormState, moving: bool = False) -> Page:
    filled = [n for n in range(1, MAX_BATCHES + 1) if form.text(f"size_{n}") or form.text(f"at_{n}")]
    return await render(
        request, "campaigns/schedule.html", title="Reschedule" if moving else campaign.name,
        crumbs=crumbs(campaign) if moving else crumbs(campaign)[:1], campaign=campaign, form=form, status=form.status,
        steps=[] if moving else steps(campaign, "schedule"), moving=moving, most=MAX_BATCHES,
        shown=max([SHOWN_BATCHES, *filled]),
    )  # fmt: skip


@page(f"{LIST}/{{campaign_id:uuid}}/schedule", permission=WRITE)
async def schedule_form(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """The schedule of a draft."""
    campaign = await found_draft(request, visitor, campaign_id)
    form = await _form(request, campaign, f"{campaign.path}/schedule")
    return await _show(request, campaign, form.blank(visitor, **_values(campaign, visitor)))


@page(f"{LIST}/{{campaign_id:uuid}}/schedule", methods=["POST"], permission=WRITE)
async def save_schedule(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Keep the schedule of a draft."""
    campaign = await found_draft(request, visitor, campaign_id)
    form = await (await _form(request, campaign, f"{campaign.path}/schedule")).read(request, visitor)
    if form.ok:
        try:
            plan = _plan(form)
            if campaign.valid:
                planning.shares(plan, campaign.valid, context_of(request).clock.now())
            pace = int(form["pace"] or context_of(request).settings.campaign_pace)
            await service.edit(
                context_of(request), visitor.account_id, campaign_id, plan=msgspec.to_builtins(plan), pace=pace
            )
            return await go_on(request, campaign, "review")
        except Refused as problem:
            _explain(form, problem)
    return await _show(request, campaign, form)


def _explain(form: FormState, problem: Refused) -> None:
    fail(form, Refused(str(problem), "split" if problem.field == "parts" else problem.field))


@page(f"{LIST}/{{campaign_id:uuid}}/reschedule", permission=WRITE)
async def reschedule_form(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Another schedule for a campaign that has not begun."""
    campaign = await found(request, visitor, campaign_id)
    if campaign.state != State.SCHEDULED:
        return redirect(request, campaign.path, "Only a scheduled campaign can be rescheduled.", "warning")
    form = await _form(request, campaign, f"{campaign.path}/reschedule")
    return await _show(request, campaign, form.blank(visitor, **_values(campaign, visitor)), moving=True)


@page(f"{LIST}/{{campaign_id:uuid}}/reschedule", methods=["POST"], permission=WRITE)
async def reschedule(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Send it now, later or in batches."""
    campaign = await found(request, visitor, campaign_id)
    form = await (await _form(request, campaign, f"{campaign.path}/reschedule")).read(request, visitor)
    if form.ok:
        try:
            await service.reschedule(context_of(request), visitor.account_id, campaign_id, _plan(form))
            return redirect(request, campaign.path, "The campaign was rescheduled.")
        except Refused as problem:
            _explain(form, problem)
    return await _show(request, campaign, form, moving=True)


pages: list[Any] = [schedule_form, save_schedule, reschedule_form, reschedule]
