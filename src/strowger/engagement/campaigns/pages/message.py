"""Step 3 of a launch: the text, its variables, its link; counted, priced and shown for the first contacts as it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from strowger.channels.sms.message_templates.repository import reading as templates
from strowger.channels.sms.message_templates.schemas import State as TemplateState
from strowger.channels.sms.shortening import check_url
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.campaigns import service, sms
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.hosting import MAX_HOSTED, host
from strowger.engagement.campaigns.pages.shared import LIST, WRITE, crumbs, fail, found_draft, go_on, steps
from strowger.engagement.campaigns.repository import accounts, contacts
from strowger.engagement.campaigns.schemas import Campaign, Contact, Estimate, Funds
from strowger.engagement.campaigns.sms import SmsContent
from strowger.engagement.campaigns.testing import MAX_TESTS, send_test
from strowger.foundation.errors import StrowgerError
from strowger.foundation.tenancy import across_accounts

ENCODINGS = (("Auto", "Automatic"), ("0", "GSM 7-bit, other characters replaced"), ("1", "Unicode"))
MAX_BODY = MAX_HOSTED + 1_000_000
MAX_TEMPLATES, SHOWN, MAX_UNITS = 500, 5, 10
DEFAULT = "default_"


def _url(text: str) -> str:
    try:
        return check_url(text)
    except StrowgerError as problem:
        raise Invalid(problem.detail or "This is no URL.") from problem


FIELDS = (
    Field("body", "Text", "textarea", required=True, rows=6, max_length=1600,
          help="{column} stands for the contact's own value, {URL} for the short link."),
    Field("url", "Link", "url", max_length=4096, parse=_url, placeholder="https://example.net/spring",
          help="It stands as a short link where the text has {URL}."),
    Field("slug", "Name of the link", max_length=30, pattern=r"[A-Za-z0-9_-]{3,30}", width="half",
          pattern_text="Use 3 to 30 letters, digits, _ and -.", help="Empty: chosen by chance."),
    Field("unicode", "Encoding", "select", options=ENCODINGS, default="Auto", width="half"),
    Field("track", "A link of each recipient's own, so that you see who opens it", "checkbox"),
    Field("flash", "Flash: shows at once and is not stored on the handset", "checkbox"),
    Field("template_id", "Template", "hidden"),
    Field("entity_id", "Entity", "hidden"),
)  # fmt: skip
TEST = Form("test", (Field("numbers", "Numbers", "tel", required=True, max_length=200,
                           help=f"Up to {MAX_TESTS}, separated by commas."),), submit="Send a test")  # fmt: skip


def _form(campaign: Campaign) -> Form:
    """The fields of the message, and a default for each column."""
    extra = tuple(Field(DEFAULT + name, f"{{{name}}}", max_length=200, width="half") for name in campaign.columns)
    return Form("message", (*FIELDS, *extra), submit="Continue", action=f"{campaign.path}/message")


def _content(values: Mapping[str, Any], campaign: Campaign) -> SmsContent:
    defaults = {n: str(values[DEFAULT + n]) for n in campaign.columns if values.get(DEFAULT + n)}
    return SmsContent(
        body=str(values.get("body") or ""), template_id=str(values.get("template_id") or ""),
        entity_id=str(values.get("entity_id") or ""), defaults=defaults, url=str(values.get("url") or ""),
        slug=str(values.get("slug") or ""), track=bool(values.get("track")), unicode=str(values.get("unicode") or "Auto"),
        flash=bool(values.get("flash")),
    )  # fmt: skip


def _values(content: SmsContent) -> dict[str, Any]:
    plain = {name: getattr(content, name) for name in content.__struct_fields__ if name != "defaults"}
    return plain | {DEFAULT + name: text for name, text in content.defaults.items()}


@dataclass(frozen=True, slots=True)
class Preview:
    """The text for one contact; ``problem`` says why it has none."""

    number: str
    text: str
    units: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a message will be: its texts for the first contacts, and what the campaign will need."""

    previews: list[Preview]
    estimate: Estimate
    funds: Funds | None
    encoding: str
    problem: str

    @property
    def too_long(self) -> bool:
        """Whether a text has more parts than a carrier takes."""
        return any(preview.units > MAX_UNITS for preview in self.previews)


def preview(content: SmsContent, campaign: Campaign, contact: Contact, link: str) -> Preview:
    """What a contact will read."""
    try:
        text = sms.text_for(content, campaign.columns, contact, link)
    except StrowgerError as problem:
        return Preview(contact.recipient, "", 0, problem.detail or problem.code)
    return Preview(contact.recipient, text, sms.length_of(text, content).units)


async def measure(request: AnyRequest, campaign: Campaign, content: SmsContent) -> Measured:
    """Count, price and show a message."""
    context = context_of(request)
    now, link = context.clock.now(), content.shown_link(context.settings.short_base)
    asked = replace(campaign, content=msgspec.to_builtins(content))

    async def work(connection: Any) -> tuple[list[Contact], Estimate, Funds | None]:
        return (
            await contacts.first(connection, campaign.account_id, campaign.id, SHOWN),
            await sms.SMS.estimate(connection, context, asked, now),
            await accounts.funds(connection, campaign.account_id, now, lock=False),
        )

    with across_accounts():  # the wallet may be the parent's
        first, estimate, funds = await context.database.run(work)
    previews = [preview(content, campaign, contact, link) for contact in first or [Contact(0, "")]]
    texts = [one.text for one in previews if one.text]
    encoding = "Unicode" if any(sms.length_of(text, content).encoding != "GSM7" for text in texts) else "GSM 7-bit"
    try:
        sms.check_text(content, campaign.columns)
        problem = ""
    except Refused as refusal:
        problem = str(refusal) if content.body else ""
    return Measured(previews, estimate, funds, encoding, problem)


async def _templates(request: AnyRequest, campaign: Campaign) -> list[Any]:
    wanted = templates.TemplateFilter(statuses=[int(TemplateState.APPROVED)])
    async with context_of(request).database.acquire() as connection:
        _, rows = await templates.find(connection, campaign.account_id, wanted, MAX_TEMPLATES, 0)
    return [row for row in rows if not row["senders"] or campaign.sender in row["senders"]]


async def _show(
    request: AnyRequest, visitor: Visitor, campaign: Campaign, form: FormState, test: FormState | None = None
) -> Page:
    found = await _templates(request, campaign)
    measured = await measure(request, campaign, _content(form.values, campaign))
    chosen = next((row for row in found if row["template_id"] == form.text("template_id")), None)
    test = test or TEST.blank(visitor)
    return await render(
        request, "campaigns/message.html", title=campaign.name, crumbs=crumbs(campaign)[:1], campaign=campaign, form=form,
        test=test, status=max(form.status, test.status), steps=steps(campaign, "message"), templates=found, chosen=chosen,
        measured=measured, defaults=[DEFAULT + name for name in campaign.columns], saved=bool(campaign.content),
        days=context_of(request).settings.retention_days,
    )  # fmt: skip


@page(f"{LIST}/{{campaign_id:uuid}}/message", permission=WRITE)
async def message_form(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """The message as it stands; ``?template=`` puts a template's text in its place, an empty one takes the template away."""
    campaign = await found_draft(request, visitor, campaign_id)
    values = _values(sms.content_of(campaign))
    asked = request.query_params.get("template")
    if asked is not None:
        rows = [row for row in await _templates(request, campaign) if row["template_id"] == asked]
        values |= {"template_id": "", "entity_id": ""}
        for row in rows:
            values |= {"body": row["content"], "template_id": asked, "entity_id": row["entity_id"] or ""}
            values |= {DEFAULT + name: text for name, text in row["defaults"].items() if name in campaign.columns}
    return await _show(request, visitor, campaign, _form(campaign).blank(visitor, **values))


async def _hosted(request: AnyRequest, visitor: Visitor) -> str:
    """The URL of a file that came with the form; empty when none did. Raises Refused."""
    given = (await request.form()).get("file")
    if not isinstance(given, UploadFile) or not given.filename:
        return ""
    data = await given.read(MAX_HOSTED + 1)
    return await host(
        context_of(request), visitor.account_id, given.filename, given.content_type or "", data, visitor.email
    )


@page(f"{LIST}/{{campaign_id:uuid}}/message", methods=["POST"], permission=WRITE, request_max_body_size=MAX_BODY)
async def save_message(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Keep the message."""
    campaign = await found_draft(request, visitor, campaign_id)
    form = await _form(campaign).read(request, visitor)
    if form.ok:
        context = context_of(request)

        async def check(connection: Any) -> None:
            sms.check_text(content, campaign.columns)
            await sms.SMS.check_template(connection, campaign, content)
            if content.slug:
                await sms.reserve_link(connection, context, campaign.account_id, content, context.clock.now())

        try:
            url = await _hosted(request, visitor)
            content = _content({**form.values, "url": url} if url else form.values, campaign)
            with across_accounts():  # the link's name is unique over all accounts
                await context.database.run(check)
            await service.edit(context, visitor.account_id, campaign_id, content=msgspec.to_builtins(content))
            return await go_on(request, campaign, "schedule")
        except Refused as problem:
            fail(form, problem, "body")
    return await _show(request, visitor, campaign, form)


@page(f"{LIST}/{{campaign_id:uuid}}/message/measure", methods=["POST"], permission=WRITE, audited=False)
async def measure_message(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Count, price and show what is typed now."""
    campaign = await found_draft(request, visitor, campaign_id)
    sent = {name: str(value)[:4096].replace("\0", "") for name, value in dict(await request.form()).items()}
    measured = await measure(request, campaign, _content(sent, campaign))
    return await render(request, "campaigns/measured.html", measured=measured, campaign=campaign)


@page(f"{LIST}/{{campaign_id:uuid}}/test", methods=["POST"], permission=WRITE)
async def test_message(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Send the message as it was saved, with the first contact's values, to a few numbers."""
    campaign = await found_draft(request, visitor, campaign_id)
    test = await TEST.read(request, visitor)
    if test.ok:
        try:
            sent = await send_test(request.app.state, campaign, test["numbers"], visitor.country)
            return redirect(request, f"{campaign.path}/message", f"Test sent to {sent}.")
        except Refused as problem:
            test.fail("numbers", str(problem))
    form = _form(campaign).blank(visitor, **_values(sms.content_of(campaign)))
    return await _show(request, visitor, campaign, form, test)


pages: list[Any] = [message_form, save_message, measure_message, test_message]
