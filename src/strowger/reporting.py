"""Which modules offer report types; asked by the processes that show them and by those that make them."""

from __future__ import annotations

from strowger.channels.sms import reports as sms
from strowger.engagement.links import reports as links
from strowger.platform.billing import reports as billing
from strowger.platform.callbacks.profiles import reports as callbacks
from strowger.platform.reports.types import register
from strowger.platform.subaccounts import reports as subaccounts


def register_reports() -> None:
    """Offer every report type of this version."""
    register(*sms.reports, *links.reports, *subaccounts.reports, *callbacks.reports, *billing.reports)
