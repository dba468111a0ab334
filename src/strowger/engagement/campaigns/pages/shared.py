"""What the pages of campaigns share."""

from __future__ import annotations

from uuid import UUID

from litestar.exceptions import NotFoundException

from strowger.console.form import FormState
from strowger.console.pages import AnyRequest, Crumb, Page, Visitor, context_of, redirect
from strowger.engagement.campaigns import service
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.schemas import Campaign

LIST = "/campaigns"
READ, WRITE = "campaigns.read", "campaigns.write"
STEPS = (
    ("setup", "Setup"), ("contacts", "Contacts"), ("message", "Message"), ("schedule", "Schedule"), ("review", "Review"),
)  # fmt: skip
TYPES = (("MKT", "Marketing"), ("TXN", "Transactional"), ("SI", "Service"))
CRUMB = Crumb("SMS campaigns", LIST)


async def found(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Campaign:
    """A campaign of the visitor's account. Raises NotFoundException."""
    campaign = await service.find(context_of(request), visitor.account_id, campaign_id)
    if campaign is None:
        raise NotFoundException
    return campaign


async def found_draft(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Campaign:
    """A campaign that can still be edited. Raises NotFoundException for one that has been launched."""
    campaign = await found(request, visitor, campaign_id)
    if not campaign.is_draft:
        raise NotFoundException
    return campaign


def steps(campaign: Campaign, current: str) -> list[tuple[str, str, bool]]:
    """The steps of the wizard as tabs."""
    return [(f"{n}. {label}", f"{campaign.path}/{key}", key == current) for n, (key, label) in enumerate(STEPS, 1)]


def crumbs(campaign: Campaign) -> list[Crumb]:
    """The way to a page of a campaign."""
    return [CRUMB, Crumb(campaign.name, campaign.path)]


async def go_on(request: AnyRequest, campaign: Campaign, following: str) -> Page:
    """After a step was saved: the next one, or the list when it was only to be kept."""
    if (await request.form()).get("then") == "draft":
        return redirect(request, LIST, f"{campaign.name} is kept as a draft.")
    return redirect(request, f"{campaign.path}/{following}")


def fail(form: FormState, problem: Refused, spare: str = "") -> FormState:
    """Show a refusal beside its field, or in the summary."""
    known = {field.name for field in form.form.fields}
    return form.fail(problem.field if problem.field in known else spare, str(problem))
