"""Shapes of consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

OPT_OUT, OPT_IN, DEACTIVATED, UNKNOWN = 0, 1, 2, -1
STATUSES = {"OPT_OUT": OPT_OUT, "OPT_IN": OPT_IN, "DEACTIVATED": DEACTIVATED}
SOURCES = ("api", "keyword", "console", "import", "campaign", "web")


@dataclass(frozen=True, slots=True)
class Statement:
    """That a contact agreed to, or refused, messages of a sender."""

    account_id: int
    channel: str
    sender: str
    contact: str
    status: int
    source: str
    stated_at: datetime
    category: str = ""
    topic: str = ""
    source_identifier: str | None = None
    inbound: str | None = None
    request: str | None = None

    def row(self) -> tuple[Any, ...]:
        """The columns that consent and its history share."""
        return (
            self.account_id, self.channel, self.sender, self.contact, self.category, self.topic, self.status, self.source,
            self.source_identifier, self.stated_at,
        )  # fmt: skip
