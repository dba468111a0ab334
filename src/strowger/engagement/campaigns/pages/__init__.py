"""Console pages of campaigns."""

from __future__ import annotations

from typing import Any

from strowger.engagement.campaigns.pages import (
    acting,
    contacts,
    declaring,
    detail,
    listing,
    message,
    overview,
    replaying,
    review,
    schedule,
    setup,
)

pages: list[Any] = [
    *overview.pages,
    *listing.pages,
    *declaring.pages,
    *setup.pages,
    *contacts.pages,
    *message.pages,
    *schedule.pages,
    *review.pages,
    *detail.pages,
    *acting.pages,
    *replaying.pages,
]
