"""Test messages of a campaign, by the ordinary accept step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from strowger.channels.sms import fields
from strowger.engagement.campaigns import sms
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.repository import contacts
from strowger.engagement.campaigns.schemas import Campaign, Contact
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.tenancy import across_accounts

MAX_TESTS = 5
SOURCE = "campaign test"


async def send_test(state: Any, campaign: Campaign, numbers: str, country: str) -> int:
    """Send the message with the first contact's values to up to five numbers; returns to how many. Raises Refused."""
    context: Context = state.context
    try:
        given, invalid = fields.read_recipients(
            numbers.replace(" ", ""), campaign.reading.prefix or None, country, False
        )
    except StrowgerError as problem:
        raise Refused(problem.detail or "These are no numbers.") from problem
    if invalid:
        raise Refused(f"{invalid[0]} is no number.")
    if len(given) > MAX_TESTS:
        raise Refused(f"At most {MAX_TESTS} numbers.")
    now = context.clock.now()

    async def work(connection: Any) -> Campaign:
        await sms.SMS.check(connection, campaign, now)
        return replace(campaign, content=await sms.SMS.settle(connection, context, campaign, now))

    with across_accounts():  # the link's name is unique over all accounts
        settled = await context.database.run(work)
    async with context.database.acquire() as connection:
        first = await contacts.first(connection, campaign.account_id, campaign.id, 1)
    if not first:
        raise Refused("There are no contacts yet, whose values the test could take.")
    targets = [Contact(n, number, first[0].cells) for n, number in enumerate(given, 1)]
    request = sms.SMS.request(context, settled, targets, new_uuid(), now)
    request.source = SOURCE
    await state.accepter.accept(request)
    return len(given)
