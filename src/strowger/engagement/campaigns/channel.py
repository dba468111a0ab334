"""What a channel adds to campaigns. Everything else of this folder, but ``sms`` and the pages, is common to all channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from strowger.engagement.campaigns.schemas import Campaign, Contact, Estimate
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.messaging.schemas import NewRequest


class CampaignChannel(Protocol):
    """How a channel's campaigns are checked, priced and turned into requests. ``campaign.content`` is the channel's own."""

    name: str

    async def check(self, connection: Connection, campaign: Campaign, now: datetime) -> None:
        """Raise errors.Refused for what stands in the way of launching."""

    async def settle(
        self, connection: Connection, context: Context, campaign: Campaign, now: datetime
    ) -> dict[str, Any]:
        """The content as it will be sent, fixed at the launch: with the short link's name, for one."""

    def copied(self, content: dict[str, Any]) -> dict[str, Any]:
        """The content for a copy of the campaign: without what belongs to one campaign only."""

    async def estimate(self, connection: Connection, context: Context, campaign: Campaign, now: datetime) -> Estimate:
        """What the campaign will need."""

    def request(
        self, context: Context, campaign: Campaign, contacts: Sequence[Contact], request_id: UUID, now: datetime
    ) -> NewRequest:
        """The request for some contacts, one message each, in their order. A contact that lacks a value is refused in it."""


CHANNELS: dict[str, CampaignChannel] = {}


def register(channel: CampaignChannel) -> None:
    """Let campaigns of a channel be launched and expanded."""
    CHANNELS[channel.name] = channel
