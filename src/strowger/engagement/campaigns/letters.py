"""The mail to whoever made a campaign when it has ended (console.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strowger.engagement.campaigns.repository import accounts
from strowger.engagement.campaigns.schemas import Campaign, State
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid
from strowger.foundation.mail import Letter, NewMail, post_many

KINDS = {State.SUBMITTED: "campaign-finished", State.FAILED: "campaign-failed"}


def letter(campaign: Campaign, changes: Mapping[str, Any], base_url: str) -> Letter:
    """What is said of a campaign that ends with these changes."""
    button = ("See the campaign", f"{base_url}/campaigns/{campaign.id}")
    accepted = changes.get("accepted", campaign.accepted)
    if changes["state"] == State.FAILED:
        reason = str(changes.get("reason") or "It could not be handed over.")
        words = (
            f"The campaign “{campaign.name}” failed. {reason}",
            f"{accepted:,} messages had been handed over before.",
        )
        return Letter(f"Campaign {campaign.name} failed", words, button=button)
    words = (
        f"All batches of the campaign “{campaign.name}” are handed over: {accepted:,} messages.",
        "Its page shows what becomes of them.",
    )
    return Letter(f"Campaign {campaign.name} is submitted", words, button=button)


async def tell_end(connection: Connection, context: Context, campaign: Campaign, changes: Mapping[str, Any]) -> None:
    """Queue the mail within the transaction that ends the campaign; nobody is told who is not of the account any more."""
    kind = KINDS.get(changes.get("state", campaign.state))
    if kind is None or campaign.state in KINDS or not campaign.created_by:
        return
    addresses = await accounts.addresses_of(connection, campaign.account_id, campaign.created_by)
    said = letter(campaign, changes, context.settings.base_url)
    mails = [NewMail(new_uuid(), campaign.account_id, address, kind, said) for address in addresses]
    if mails:
        await post_many(connection, context.secrets, mails, context.clock.now())
