"""Shapes of campaigns that all channels share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

import msgspec


class State(StrEnum):
    """States of a campaign (sms.md 9.1)."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PROCESSING = "processing"
    SUBMITTED = "submitted"
    CANCELLED = "cancelled"
    FAILED = "failed"
    PARTIAL = "partial"


LABELS: dict[str, str] = {
    State.DRAFT: "Draft",
    State.SCHEDULED: "Scheduled",
    State.PROCESSING: "Processing",
    State.SUBMITTED: "Submitted",
    State.CANCELLED: "Cancelled",
    State.FAILED: "Failed",
    State.PARTIAL: "Partially submitted",
}
TONES: dict[str, str] = {
    State.DRAFT: "neutral",
    State.SCHEDULED: "info",
    State.PROCESSING: "info",
    State.SUBMITTED: "success",
    State.CANCELLED: "neutral",
    State.FAILED: "danger",
    State.PARTIAL: "warning",
}


class Kept(IntEnum):
    """What becomes of a contact: it is sent to, or why it is left out."""

    YES = 0
    INVALID = 1
    DUPLICATE = 2
    BLOCKED = 3
    RECENT = 4


LEFT_OUT: dict[int, str] = {
    Kept.INVALID: "Not a number",
    Kept.DUPLICATE: "Duplicate",
    Kept.BLOCKED: "Blocked",
    Kept.RECENT: "Messaged recently",
}


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """How contacts are read: the country prefix for numbers without one (digits), the column of numbers (from 0, None: guess),
    whether each number counts once, and the days within which contacts that had a message are left out (0: nobody).

    From the directory: who wears any of ``tags`` and none of ``without``, and the contacts of ``people`` (numbers).
    """

    prefix: str = ""
    mobile: int | None = None
    unique: bool = True
    recent_days: int = 0
    tags: tuple[int, ...] = ()
    without: tuple[int, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(slots=True)
class Campaign:
    """A campaign's row, as models.Campaign describes it."""

    account_id: int
    id: UUID
    channel: str
    name: str
    state: str
    sender: str
    type: str
    content: dict[str, Any]
    plan: dict[str, Any]
    options: dict[str, Any]
    source: str
    source_name: str
    file_id: UUID | None
    columns: list[str]
    total: int
    valid: int
    invalid: int
    duplicates: int
    blocked: int
    recent: int
    accepted: int
    pace: int
    reason: str
    replay_of: UUID | None
    created_by: str
    created_at: datetime
    launched_at: datetime | None
    first_at: datetime | None
    finished_at: datetime | None
    next_at: datetime | None

    @property
    def reading(self) -> Reading:
        """How its contacts were read."""
        return msgspec.convert(self.options, Reading)

    @property
    def path(self) -> str:
        """Its page."""
        return f"/campaigns/{self.id}"

    @property
    def label(self) -> str:
        """Its state in words."""
        return LABELS.get(self.state, self.state)

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return TONES.get(self.state, "neutral")

    @property
    def is_draft(self) -> bool:
        """Whether it may still be edited."""
        return self.state == State.DRAFT

    @property
    def is_active(self) -> bool:
        """Whether something of it is still to come from the worker."""
        return self.state in (State.SCHEDULED, State.PROCESSING, State.PARTIAL)

    @property
    def left_out(self) -> int:
        """How many contacts are not sent to."""
        return self.total - self.valid


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that is to be sent to; ``cells`` stand in the order of the campaign's columns."""

    row: int
    recipient: str
    cells: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a campaign will need: messages, parts, and their price (None: some country has no price).

    ``exact`` says that every contact was looked at, not an even choice of them.
    """

    messages: int
    units: int
    cost: Decimal | None
    exact: bool


@dataclass(frozen=True, slots=True)
class Funds:
    """What an account has, and what it can still spend with its credit and under its limits."""

    balance: Decimal
    left: Decimal

    def covers(self, estimate: Estimate) -> bool:
        """Whether it is enough."""
        return estimate.cost is None or estimate.cost <= self.left


def campaign_of(row: Mapping[str, Any] | None) -> Campaign | None:
    """A row of the table; None for none."""
    return Campaign(**dict(row)) if row is not None else None
