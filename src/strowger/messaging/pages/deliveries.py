"""Callbacks of a message as its page shows them: each with its attempts and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome, CallbackState, QueuedCallback

STATES = {CallbackState.PENDING: "Waiting", CallbackState.FAILED: "Failed", CallbackState.DROPPED: "Dropped"}
STATE_TONES = {CallbackState.PENDING: "info", CallbackState.FAILED: "danger", CallbackState.DROPPED: "neutral"}
OUTCOMES = {AttemptOutcome.DELIVERED: "Delivered", AttemptOutcome.RETRY: "Tried again", AttemptOutcome.FAILED: "Failed"}
OUTCOME_TONES = {
    AttemptOutcome.DELIVERED: "success",
    AttemptOutcome.RETRY: "warning",
    AttemptOutcome.FAILED: "danger",
}
EVENTS = {"sms_send": "Status", "sms_mo": "Incoming message", "test": "Test"}
NOTHING_KEPT = "–"


@dataclass(slots=True)
class Delivery:
    """One callback: its row of the queue unless it was delivered, and its attempts, oldest first."""

    id: UUID
    queued: QueuedCallback | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether another attempt is to come."""
        return self.queued is not None and self.queued.state is CallbackState.PENDING

    @property
    def can_replay(self) -> bool:
        """Whether it may be sent again."""
        return self.queued is not None and self.queued.state is not CallbackState.PENDING

    @property
    def state(self) -> str:
        """The state in words."""
        return STATES[self.queued.state] if self.queued else "Delivered"

    @property
    def tone(self) -> str:
        """The state's colour."""
        return STATE_TONES[self.queued.state] if self.queued else "success"

    @property
    def event(self) -> str:
        """What it tells."""
        name = self.queued.event if self.queued else self.attempts[-1].event
        return EVENTS.get(name, name)

    @property
    def status(self) -> str:
        """The status that it reports, while it is in the queue."""
        return self.queued.status if self.queued else ""

    @property
    def target(self) -> str:
        """Method and address."""
        if self.attempts:
            return f"{self.attempts[-1].method} {self.attempts[-1].url}"
        return f"{self.queued.method} {self.queued.url}" if self.queued else ""

    @property
    def due_at(self) -> datetime | None:
        """When the next attempt is due."""
        return self.queued.due_at if self.queued and self.waits else None

    @property
    def mark(self) -> tuple[str, int]:
        """Changes with every attempt and change of state."""
        return self.state, len(self.attempts)


def gather_deliveries(queued: Sequence[QueuedCallback], attempts: Sequence[Attempt]) -> list[Delivery]:
    """Queue and attempts by callback, oldest first."""
    found: dict[UUID, Delivery] = {}
    for attempt in attempts:
        found.setdefault(attempt.callback_id, Delivery(attempt.callback_id)).attempts.append(attempt)
    for row in queued:
        found.setdefault(row.id, Delivery(row.id)).queued = row
    return [found[key] for key in sorted(found)]


def request_text(attempt: Attempt) -> str:
    """The request of an attempt as it went over the wire, secret header values masked."""
    head = [f"{attempt.method} {attempt.url}", *_headers(attempt.request_headers)]
    return "\n".join(head) + (f"\n\n{attempt.request_body}" if attempt.request_body else "")


def answer_text(attempt: Attempt) -> str:
    """The answer of an attempt, its body up to 2 kB."""
    if attempt.http_status is None:
        return attempt.error or NOTHING_KEPT
    head = [f"HTTP {attempt.http_status}", *_headers(attempt.response_headers)]
    return "\n".join(head) + (f"\n\n{attempt.response_body}" if attempt.response_body else "")


def _headers(headers: dict[str, Any] | None) -> list[str]:
    return [
        f"{name}: {value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for name, value in (headers or {}).items()
    ]


def outcome_label(outcome: int) -> str:
    """What came of an attempt, in words."""
    return OUTCOMES[AttemptOutcome(outcome)]


def error_text(error: str | None) -> str:
    """An attempt's error for people: ``http_503`` is the receiver's answer 503."""
    if not error:
        return ""
    return f"Answered {error.removeprefix('http_')}" if error.startswith("http_") else error


def endpoint_text(host: str) -> str:
    """A receiver's address without the usual port."""
    return host.removesuffix(":443") if host.startswith("https:") else host.removesuffix(":80")
