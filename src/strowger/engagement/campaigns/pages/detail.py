"""A campaign's page: progress, outcomes, traces, clicks, batches; and its report."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from litestar.response import Response

from strowger.console.chart import Chart, Series
from strowger.console.pages import Action, AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, Table
from strowger.engagement.campaigns import sms
from strowger.engagement.campaigns.pages.shared import CRUMB, LIST, READ, crumbs, found
from strowger.engagement.campaigns.planning import Plan
from strowger.engagement.campaigns.repository import batches, outcomes
from strowger.engagement.campaigns.repository.batches import Batch
from strowger.engagement.campaigns.repository.outcomes import Clicks, Outcome
from strowger.engagement.campaigns.schemas import Campaign, State
from strowger.foundation.context import Context
from strowger.messaging import words
from strowger.messaging.pages.privacy import seen_source
from strowger.messaging.statuses import TRACES, Status

SHOWN = (
    (Status.DELIVERED, "Delivered"), (Status.UNDELIVERED, "Undelivered"), (Status.EXPIRED, "Expired"),
    (Status.NOT_SENT, "Not sent"), (Status.SENT, "Sent, awaiting"), (Status.QUEUED, "Queued"),
    (Status.CANCELLED, "Cancelled"),
)  # fmt: skip
AWAITED = frozenset({"Queued", "Sent, awaiting"})
SOON, LATER = 3, 10  # seconds after which the page looks again
SAME = {Status.FAILED: Status.NOT_SENT, Status.SCHEDULED: Status.QUEUED}
STATUSES = [(str(int(code)), label) for code, label in words.LABELS.items() if code != Status.RECEIVED]
REPORT = Table(
    "campaign-report",
    (
        Column("recipient", "To", value=lambda row: words.recipient_text(row["recipient"])),
        Column("id", "Message ID", "mono", shown=False, value=words.message_id),
        Column("batch", "Batch", "number", shown=False),
        Column("sender", "From", shown=False),
        Column("body", "Text", value=words.shown_text),
        Column("units", "Parts", "number", sort=True),
        Column("status", "Status", "status", sort=True, tone=words.TONES, label_of=words.status_label),
        Column("trace", "Trace", "mono", sort=True, href=lambda row: words.trace_path(row["trace"])),
        Column("price", "Price", "money", sort=True),
        Column("country", "Country", shown=False),
        Column("created_at", "Accepted", "time"),
        Column("sent_at", "Sent", "time", sort=True),
        Column("final_at", "Final since", "time", sort=True),
    ),
    (Filter("status", "Status", "multi", STATUSES), Filter("trace", "Trace")),
    search="Number",
    row_href=words.message_path,
    empty=Empty("No messages yet", "Each message of the campaign appears here as soon as it is handed over."),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a campaign, in the order in which it is shown."""

    counts: list[tuple[str, int, str]]
    traces: list[tuple[str, str, int]]
    messages: int
    units: int
    cost: Decimal
    by_batch: dict[int, dict[str, int]]
    clicks: Clicks

    def share(self, count: int) -> str:
        """A count as a share of all messages."""
        return f"{100 * count / self.messages:.0f} %" if self.messages else ""


def figures_of(found: list[Outcome], clicks: Clicks) -> Figures:
    """Sum up outcomes."""
    counts: dict[Status, int] = defaultdict(int)
    traces: dict[str, tuple[Status, int]] = {}
    by_batch: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    labels = dict(SHOWN)
    for one in found:
        status = Status(one.status)
        shown = SAME.get(status, status)
        counts[shown] += one.messages
        by_batch[one.batch][labels.get(shown, "")] += one.messages
        traces[one.trace] = (status, traces.get(one.trace, (status, 0))[1] + one.messages)
    rows = [(label, counts[status], words.TONES[status]) for status, label in SHOWN if counts[status]]
    meanings = sorted(((trace, count) for trace, (_, count) in traces.items()), key=lambda pair: -pair[1])
    return Figures(
        rows, [(trace, TRACES[trace].meaning if trace in TRACES else "", count) for trace, count in meanings],
        sum(one.messages for one in found), sum(one.units or 0 for one in found), sum((one.cost for one in found), Decimal(0)),
        {n: dict(row) for n, row in by_batch.items()}, clicks,
    )  # fmt: skip


async def _figures(context: Context, campaign: Campaign) -> tuple[Figures, list[Batch]]:
    async with context.database.acquire() as connection:
        found = await outcomes.outcomes(connection, campaign.account_id, campaign.id)
        clicks = await outcomes.clicks(
            connection, campaign.account_id, campaign.id, str(campaign.content.get("slug", ""))
        )
        parts = await batches.of_campaign(connection, campaign.account_id, campaign.id)
    return figures_of(found, clicks), parts


def _chart(figures: Figures) -> Chart:
    labels = [label for label, _, _ in figures.counts]
    values = [count for _, count, _ in figures.counts]
    return Chart("outcomes", "Outcomes", labels, [Series("Messages", values)], "doughnut", category_label="Outcome")


def _actions(campaign: Campaign) -> list[Action]:
    found = []
    if campaign.state == State.SCHEDULED:
        found.append(Action("Reschedule", f"{campaign.path}/reschedule", "calendar-time"))
    if campaign.state == State.SUBMITTED:
        found.append(Action("Replay", f"{campaign.path}/replay", "repeat"))
    if campaign.accepted:
        found.append(Action("Report", f"{campaign.path}/report", "report"))
    return found


async def _variables(request: AnyRequest, campaign: Campaign) -> dict[str, Any]:
    figures, parts = await _figures(context_of(request), campaign)
    done = 100 * campaign.accepted // campaign.valid if campaign.valid else 0
    awaited = any(label in AWAITED for label, _, _ in figures.counts)
    pause = SOON if campaign.is_active else LATER if awaited else 0
    shown = (campaign.state, campaign.accepted, campaign.next_at, figures.counts, figures.clicks, figures.cost, parts)
    return {
        "campaign": campaign, "figures": figures, "batches": parts, "done": done, "chart": _chart(figures), "pause": pause,
        "seen": sha256(repr(shown).encode()).hexdigest()[:16],
    }  # fmt: skip


@page(f"{LIST}/{{campaign_id:uuid}}", permission=READ)
async def campaign_page(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """A campaign; a draft opens where it is edited."""
    campaign = await found(request, visitor, campaign_id)
    if campaign.is_draft and visitor.may_open(f"{campaign.path}/setup"):
        return redirect(request, f"{campaign.path}/{'review' if campaign.content else 'contacts'}")
    return await render(
        request, "campaigns/detail.html", title=campaign.name, crumbs=[CRUMB], actions=_actions(campaign),
        content=sms.content_of(campaign), plan=msgspec.convert(campaign.plan, Plan), **await _variables(request, campaign),
    )  # fmt: skip


@page(f"{LIST}/{{campaign_id:uuid}}/now", permission=READ)
async def campaign_now(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Response[Any]:
    """What changes while a campaign runs; nothing when it is what was ``seen`` already."""
    variables = await _variables(request, await found(request, visitor, campaign_id))
    if request.query_params.get("seen") == variables["seen"] and variables["pause"]:
        return Response(b"", status_code=204)
    return await render(request, "campaigns/now.html", **variables)


@page(f"{LIST}/{{campaign_id:uuid}}/report", permission=READ)
async def report(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Response[Any]:
    """Every message of a campaign; with export as CSV and XLSX."""
    campaign = await found(request, visitor, campaign_id)
    source = outcomes.source(context_of(request).database, campaign_id)
    more = Action("Summary reports", "/reports/new/sms-by-campaign", "report")
    seen = seen_source(visitor, source)
    return await REPORT.respond(request, visitor, seen, title="Report", crumbs=crumbs(campaign), actions=[more])


pages: list[Any] = [campaign_page, campaign_now, report]
