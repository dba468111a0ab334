"""Shapes at the edges of the message log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypeAlias
from uuid import UUID

from strowger.foundation.database import Connection
from strowger.messaging.statuses import EventKind, Status


class Channel(IntEnum):
    """Channels, as stored."""

    SMS = 1


class Direction(IntEnum):
    """MT: to the handset. MO: from it."""

    MT = 0
    MO = 1


class Priority(IntEnum):
    """Order in which queued messages leave; lower first (sms.md 3.13)."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


# Writes rows of another module beside the messages: one call for all rows of a group commit.
Write: TypeAlias = "Callable[[Connection, list[Any]], Awaitable[None]]"


@dataclass(slots=True)
class Variant:
    """What the message to one recipient is, where it differs from the others of its request."""

    type: str
    sender: str
    body: str
    valid_until: datetime
    priority: Priority
    options: dict[str, Any] | None = None
    callback: dict[str, Any] | None = None
    due_at: datetime | None = None


@dataclass(slots=True)
class NewRequest:
    """A checked request to send one text to one or more recipients (international digits).

    ``recipients`` may hold raw texts that are no numbers: they get an id and end NOT-SENT / INV-NUMBER.
    ``options`` keeps what only the caller and the channel understand: unicode, flash, prefix, dlr, ref, ref1, ref2, ref_custom.
    ``callback`` is a target as platform/callbacks/schemas.py describes it, or None.
    ``due_at`` is when it may leave; None means at once. ``each`` has an entry for each recipient: None, or its own message.
    """

    account_id: int
    request_id: UUID
    type: str
    sender: str
    body: str
    recipients: list[str]
    created_at: datetime
    valid_until: datetime
    priority: Priority = Priority.NORMAL
    channel: Channel = Channel.SMS
    source: str = "API"
    campaign_name: str | None = None
    options: dict[str, Any] | None = None
    callback: dict[str, Any] | None = None
    due_at: datetime | None = None
    each: list[Variant | None] | None = None
    numbered_after: int = 0  # the messages are numbered from the next one on
    # Written in the same transaction as the messages: rows of other modules, each with the function that writes them.
    writes: tuple[tuple[Write, Any], ...] = ()
    # Written in the same transaction as the messages: (account_id, method, path, key, status, response) of an idempotent call.
    idempotency: tuple[int, str, str, str, int, bytes] | None = None


@dataclass(slots=True)
class Submission:
    """A claimed row of the submission queue with what the pipeline needs of its message."""

    account_id: int
    request_id: UUID
    n: int
    lane: int
    priority: int
    attempts: int
    created_at: datetime
    expires_at: datetime
    type: str
    sender: str
    recipient: str
    body: str
    options: dict[str, Any]
    callback: dict[str, Any] | None
    source: str = "API"
    campaign_name: str | None = None
    price: Decimal | None = None
    tried: list[int] = field(default_factory=list)
    country: str | None = None
    units: int = 0
    length: int = 0
    encoding: str | None = None
    status: Status = Status.QUEUED
    network: str | None = None  # MCC and MNC by the number plan

    @property
    def key(self) -> tuple[UUID, int]:
        """What names the message within the process."""
        return (self.request_id, self.n)


@dataclass(slots=True)
class Event:
    """One change in a message's life, as it is appended to ``message_event``; ``part`` 0 means the whole message."""

    kind: EventKind
    status: Status
    trace: str
    at: datetime
    part: int = 0
    carrier_id: int | None = None
    operator_id: str | None = None
    detail: dict[str, Any] | None = None
