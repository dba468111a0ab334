"""Console pages of campaigns."""

from __future__ import annotations

from typing import Any

from strowger.engagement.campaigns.pages import (
    acting,
    contacts,
    detail,
    listing,
    message,
    replaying,
    review,
    schedule,
    setup,
)

pages: list[Any] = [
    *listing.pages,
    *setup.pages,
    *contacts.pages,
    *message.pages,
    *schedule.pages,
    *review.pages,
    *detail.pages,
    *acting.pages,
    *replaying.pages,
]
