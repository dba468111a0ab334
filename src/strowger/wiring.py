"""What modules offer to floors that do not know them; asked by every process that shows it or works with it."""

from __future__ import annotations

from strowger.channels.sms import reports as sms
from strowger.channels.sms import uses
from strowger.channels.sms.reports.repository import register_clicks
from strowger.engagement.campaigns.repository import uses as campaigns
from strowger.engagement.links import reports as links
from strowger.engagement.links.repository import CLICKS_OF_MESSAGES
from strowger.platform.billing import reports as billing
from strowger.platform.callbacks.profiles import reports as callbacks
from strowger.platform.reports.types import register
from strowger.platform.subaccounts import reports as subaccounts


def wire() -> None:
    """Offer every report type of this version, and to SMS what campaigns and links know."""
    register(*sms.reports, *links.reports, *subaccounts.reports, *callbacks.reports, *billing.reports)
    uses.register_campaigns(campaigns)
    register_clicks(CLICKS_OF_MESSAGES)
