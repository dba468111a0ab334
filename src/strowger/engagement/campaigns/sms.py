"""SMS campaigns: the text of each contact, what it costs, and the requests (sms.md 9.2, step 3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from strowger.channels.sms.batches.nodes import trace_of
from strowger.channels.sms.batches.send import describe
from strowger.channels.sms.fields import DEFAULT_VALIDITY, MAX_BODY
from strowger.channels.sms.link_texts import PLACE
from strowger.channels.sms.message_templates.placeholders import (
    ANONYMOUS,
    DLT_VALUE,
    PERSONAL_LINK,
    URL_PLACES,
    Content,
    fill,
    matches,
    split,
)
from strowger.channels.sms.message_templates.repository.usable import usable
from strowger.channels.sms.pipeline import SmsRules, unicode_mode
from strowger.channels.sms.screening.options import read_options
from strowger.channels.sms.screening.windows import applies, opening, zone_of
from strowger.channels.sms.send import PRIORITIES
from strowger.channels.sms.senders import repository as senders
from strowger.channels.sms.senders.countries import rule_of
from strowger.engagement.campaigns.channel import register
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.repository import accounts, contacts
from strowger.engagement.campaigns.schemas import Campaign, Contact, Estimate
from strowger.engagement.links.repository import add_links
from strowger.engagement.links.service import TOKEN_LENGTH, LinkMaker
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.money import money
from strowger.messaging.schemas import NewRequest, Priority, Variant
from strowger.platform.billing import repository as billing
from strowger.platform.billing.service import PriceList, terms_of
from strowger.protocols.gsm import SmsLength, sms_length

SOURCE = "campaign"
LOOKED_AT = 2_000  # contacts on which an estimate rests
MAX_SENDERS = 500
RULES = SmsRules()


class SmsContent(msgspec.Struct, frozen=True, omit_defaults=True):
    """The message. ``defaults`` are by variable; ``url`` is the long URL that takes the place {URL} as a short link of the
    name ``slug``, a link of each recipient's own when ``track``.
    """

    body: str = ""
    template_id: str = ""
    entity_id: str = ""
    defaults: Mapping[str, str] = {}
    url: str = ""
    slug: str = ""
    track: bool = False
    unicode: str = "Auto"
    flash: bool = False

    @property
    def text(self) -> Content:
        """The text in its pieces."""
        return split(self.body)

    @property
    def options(self) -> dict[str, Any]:
        """The options of its messages."""
        options: dict[str, Any] = {"unicode": self.unicode} if self.unicode != "Auto" else {}
        if self.flash:
            options["flash"] = 1
        for name, value in (("template_id", self.template_id), ("entity_id", self.entity_id)):
            if value:
                options[name] = value
        return options

    def shown_link(self, base: str) -> str:
        """A short URL as long as those that will stand in the text."""
        slug = self.slug or "x" * 7
        return f"{base}/{slug}" + ("/" + "x" * TOKEN_LENGTH if self.track else "")


def content_of(campaign: Campaign) -> SmsContent:
    """The message of a campaign."""
    return msgspec.convert(campaign.content, SmsContent)


def text_for(content: SmsContent, columns: Sequence[str], contact: Contact, link: str) -> str:
    """The text for a contact. Raises StrowgerError: E611 for a variable without value and default, E607 when it is too long."""
    values = {name: cell for name, cell in zip(columns, contact.cells, strict=False) if cell}
    text = fill(content.text, values, content.defaults)
    if content.url:
        text = PLACE.sub(lambda _: link, text)
    if len(text) > MAX_BODY:
        raise StrowgerError("E607", f"{len(text)} characters; at most {MAX_BODY}", field="body")
    return text


def length_of(text: str, content: SmsContent) -> SmsLength:
    """How long a text is."""
    return sms_length(text, unicode_mode({"unicode": content.unicode}))


def check_text(content: SmsContent, columns: Sequence[str]) -> None:
    """Raise Refused for a text that cannot be sent to anybody."""
    if not content.body.strip():
        raise Refused("Write the text.", "body")
    if len(content.body) > MAX_BODY:
        raise Refused(f"{len(content.body)} characters; at most {MAX_BODY}.", "body")
    if ANONYMOUS in content.text.names:
        raise Refused("Put a column or words in place of each {#var#}.", "body")
    known = {name.lower() for name in columns}
    missing = [n for n in content.text.variables if n.lower() not in known and not content.defaults.get(n)]
    if missing:
        raise Refused(f"There is no column {missing[0]}: choose another one, or give it a default.", "body")
    if PERSONAL_LINK in content.text.names:
        raise Refused("Write {URL}: with a link of each recipient's own it does what {kadvanced} would.", "body")
    has_place = any(name in URL_PLACES for name in content.text.names)
    if has_place and not content.url:
        raise Refused("The text has {URL}, but no link is given.", "url")
    if content.url and not has_place:
        raise Refused("Write {URL} into the text where the link belongs.", "body")


async def reserve_link(
    connection: Connection, context: Context, account_id: int, content: SmsContent, now: datetime
) -> SmsContent:
    """The message with its link's name, which is the account's from here on. Raises Refused for one that leads elsewhere."""
    if not content.url:
        return content
    links = LinkMaker(context.settings.short_base, context.database).begin(account_id, new_uuid(), now)
    try:
        link = links.shorten(content.url, content.slug or None, content.track, None, None)
        await add_links(connection, [link.link])
    except StrowgerError as problem:
        raise Refused("This name is taken by another link.", "slug") from problem
    return msgspec.structs.replace(content, slug=link.link.slug)


async def opens_at(connection: Connection, campaign: Campaign, moment: datetime) -> tuple[datetime, bool] | None:
    """When marketing to the account's own country may go that does not at ``moment``, and whether it is refused until then.

    None: it may go then. Numbers of other countries have their own hours.
    """
    country, zone, settings = await accounts.place(connection, campaign.account_id)
    window = read_options(settings).window
    if campaign.type != "MKT" or window is None or not applies(window, country):
        return None
    opens = opening(window, zone_of(country, zone), moment)
    return (opens, window.reject) if opens else None


class SmsCampaigns:
    """Campaigns by SMS."""

    name = "sms"

    async def check(self, connection: Connection, campaign: Campaign, now: datetime) -> None:
        """Sender, text, template."""
        rows = await senders.senders(connection, campaign.account_id, MAX_SENDERS)
        if not any(row["sender"] == campaign.sender and row["status"] == "Approved" for row in rows):
            raise Refused(f"The sender ID {campaign.sender} is not approved.", "sender")
        content = content_of(campaign)
        check_text(content, campaign.columns)
        await self.check_template(connection, campaign, content)

    async def check_template(self, connection: Connection, campaign: Campaign, content: SmsContent) -> None:
        """The template is approved and the text is one of its forms; where a registry binds, one is needed."""
        if not content.template_id:
            country = await accounts.country(connection, campaign.account_id)
            if rule_of(country).registry:
                raise Refused("In your country a text needs an approved template.", "template_id")
            return
        key = (campaign.account_id, content.template_id)
        template = (await usable(connection, [key])).get(key)
        if template is None:
            raise Refused("The template is not approved.", "template_id")
        sample = fill(content.text, dict.fromkeys(content.text.variables, "x"), {})
        if not matches(template.content, sample, DLT_VALUE):
            raise Refused("The text does not fit the template: change nothing but its variables.", "body")

    async def settle(
        self, connection: Connection, context: Context, campaign: Campaign, now: datetime
    ) -> dict[str, Any]:
        """The message with the name of its link."""
        content = await reserve_link(connection, context, campaign.account_id, content_of(campaign), now)
        plain: dict[str, Any] = msgspec.to_builtins(content)
        return plain

    def copied(self, content: dict[str, Any]) -> dict[str, Any]:
        """Without the link's name, so that clicks are counted apart."""
        return {name: value for name, value in content.items() if name != "slug"}

    async def estimate(self, connection: Connection, context: Context, campaign: Campaign, now: datetime) -> Estimate:
        """Parts and price by every contact, or by an even choice of 2,000."""
        content = content_of(campaign)
        every = max(1, math.ceil(campaign.total / LOOKED_AT))
        found = await contacts.spread(connection, campaign.account_id, campaign.id, every, LOOKED_AT)
        found = found or await contacts.first(connection, campaign.account_id, campaign.id, LOOKED_AT)
        prices = PriceList(await billing.tariffs(connection))
        terms = await terms_of(connection, campaign.account_id)
        link = content.shown_link(context.settings.short_base)
        units, cost, known = 0, Decimal(0), terms is not None
        for contact in found:
            try:
                own = length_of(text_for(content, campaign.columns, contact, link), content).units
            except StrowgerError:
                continue  # it will not be sent
            country = RULES.country_of(contact.recipient)
            rate = (
                prices.find("sms", terms, country, type_=campaign.type, sender=campaign.sender, at=now)
                if terms
                else None
            )
            known = known and rate is not None
            units, cost = units + own, cost + (rate.total(own) if rate else Decimal(0))
        scale = Decimal(campaign.valid) / max(1, len(found))
        total = money(cost * scale) if known else None
        return Estimate(campaign.valid, math.ceil(units * scale), total, len(found) >= campaign.valid)

    def request(
        self, context: Context, campaign: Campaign, contacts: Sequence[Contact], request_id: UUID, now: datetime
    ) -> NewRequest:
        """One request; its messages differ only where their texts do."""
        content = content_of(campaign)
        links = LinkMaker(context.settings.short_base, context.database).begin(campaign.account_id, request_id, now)
        link = links.shorten(content.url, content.slug or None, content.track, None, None) if content.url else None
        until = now + timedelta(minutes=DEFAULT_VALIDITY)
        same = Variant(
            campaign.type, campaign.sender, content.body, until, PRIORITIES.get(campaign.type, Priority.NORMAL),
            content.options or None,
        )  # fmt: skip
        each: list[Variant | None] = []
        last: Variant | None = None
        for n, contact in enumerate(contacts, 1):
            own = _variant(content, campaign.columns, contact, link.place(n, contact.recipient) if link else "", same)
            last = last if own == last else own  # one object for a run of equal texts: it is stored and sent as one
            each.append(last)
        first = each[0]
        assert first is not None
        return NewRequest(
            campaign.account_id, request_id, first.type, first.sender, first.body, [c.recipient for c in contacts], now,
            first.valid_until, first.priority, source=SOURCE, campaign_name=campaign.name, options=first.options,
            each=each if any(own is not first for own in each) else None, writes=links.writes(),
        )  # fmt: skip


def _variant(content: SmsContent, columns: Sequence[str], contact: Contact, link: str, same: Variant) -> Variant:
    try:
        text, options = text_for(content, columns, contact, link), same.options
    except StrowgerError as problem:
        text = content.body
        options = {**(same.options or {}), "refused": trace_of(problem), "refused_because": describe(problem)}
    return Variant(same.type, same.sender, text, same.valid_until, same.priority, options)


SMS = SmsCampaigns()
register(SMS)
