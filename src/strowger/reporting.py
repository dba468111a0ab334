"""Which modules offer report types; asked by the processes that show them and by those that make them."""

from __future__ import annotations

from strowger.channels.sms import reports as sms
from strowger.platform.reports.types import register


def register_reports() -> None:
    """Offer every report type of this version."""
    register(*sms.reports)
