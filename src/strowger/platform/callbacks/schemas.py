"""Shapes at the edges: where a callback goes, what waits in the queue, what an attempt came to."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

import msgspec

from strowger.foundation.crypto import SecretBox

STATUSES = frozenset(
    {"SCHEDULED", "QUEUED", "SENT", "DELIVERED", "UNDELIVERED", "EXPIRED", "NOT-SENT", "FAILED", "CANCELLED"}
)
NOT_FINAL = frozenset({"SCHEDULED", "QUEUED", "SENT"})
DEFAULT_RETRIES = 3
DEFAULT_WAITS = (10, 60, 300)


class CallbackState(IntEnum):
    """State of a row of ``callback``; delivered ones are deleted, their attempts stay."""

    PENDING = 0
    FAILED = 2
    DROPPED = 3


class AttemptOutcome(IntEnum):
    """What came of one attempt, as stored in ``callback_attempt.outcome``."""

    DELIVERED = 1
    RETRY = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to call back (sms.md 4.1): URL, method, headers and payload may hold placeholders.

    ``payload`` None means the default payload; ``waits`` are seconds before retry 1..n, the last one repeating;
    ``events`` are the statuses to call back, empty for the final ones. Header values count as secrets.
    """

    url: str
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    payload: Any = None
    retries: int = DEFAULT_RETRIES
    waits: tuple[int, ...] = DEFAULT_WAITS
    events: tuple[str, ...] = ()

    def wants(self, status: str) -> bool:
        """Whether a status, spelled as in callbacks, is to be called back."""
        return status in self.events if self.events else status not in NOT_FINAL

    def wait_before(self, retry: int) -> float:
        """Seconds before the given retry, the first being 1."""
        return float(self.waits[min(retry, len(self.waits)) - 1])

    def to_json(self, secrets: SecretBox | None = None, account_id: int | None = None) -> dict[str, Any]:
        """As it is kept in ``message.callback``; with ``secrets`` the headers are sealed for the account."""
        stored: dict[str, Any] = {"url": self.url, "method": self.method}
        if self.headers and secrets is not None and account_id is not None:
            sealed = secrets.seal(msgspec.json.encode(self.headers), _seal_name(account_id))
            stored["sealed"] = base64.b64encode(sealed).decode()
        elif self.headers:
            stored["header"] = dict(self.headers)
        if self.payload is not None:
            stored["payload"] = self.payload
        if (self.retries, self.waits) != (DEFAULT_RETRIES, DEFAULT_WAITS):
            stored["retry"] = {"count": self.retries, "interval": list(self.waits)}
        if self.events:
            stored["events"] = list(self.events)
        return stored

    @classmethod
    def from_json(
        cls, stored: dict[str, Any], secrets: SecretBox | None = None, account_id: int | None = None
    ) -> Target:
        """Read what ``to_json`` made.

        Raises SealBroken when sealed headers cannot be opened; without ``secrets`` they are left out.
        """
        retry = stored.get("retry")
        sealed = stored.get("sealed")
        headers: tuple[tuple[str, str], ...] = tuple(stored.get("header", {}).items())
        if sealed and secrets is not None and account_id is not None:
            plain = secrets.open(base64.b64decode(sealed), _seal_name(account_id))
            headers = tuple((name, value) for name, value in msgspec.json.decode(plain))
        return cls(
            stored["url"],
            stored["method"],
            headers,
            stored.get("payload"),
            retry["count"] if retry else DEFAULT_RETRIES,
            tuple(retry["interval"]) if retry else DEFAULT_WAITS,
            tuple(stored.get("events", ())),
        )


def _seal_name(account_id: int) -> str:
    return f"callback_target:{account_id}"


def read_target(value: object) -> Target:
    """Read the ``callback`` parameter of a send: an object, its JSON text, or a bare URL (sms.md 4.1).

    Raises StrowgerError E615, field ``callback``, whose detail names what is wrong.
    """
    from strowger.platform.callbacks.reading import read_callback

    return read_callback(value)


@dataclass(slots=True)
class NewCallback:
    """A callback as it is queued. ``target`` is Target.to_json(); ``id`` names it to the receiver on every attempt."""

    id: UUID
    account_id: int
    request_id: UUID
    n: int
    event: str
    target: dict[str, Any]
    variables: dict[str, Any]
    due_at: datetime
    created_at: datetime


@dataclass(slots=True)
class Job:
    """A claimed callback in the engine's hands. ``attempts`` counts this series, ``earlier`` those before a replay."""

    id: UUID
    account_id: int
    request_id: UUID
    n: int
    event: str
    endpoint: str
    target: dict[str, Any]
    variables: dict[str, Any]
    attempts: int = 0
    last_error: str | None = None

    @property
    def number(self) -> int:
        """Number of the attempt that comes now, over all series."""
        return int(self.target.get("earlier", 0)) + self.attempts + 1


@dataclass(slots=True)
class Attempt:
    """One attempt: what was sent (secret header values masked) and what came back (first 2 kB); duration in ms."""

    account_id: int
    request_id: UUID
    n: int
    callback_id: UUID
    event: str
    attempt: int
    at: datetime
    duration_ms: int
    outcome: AttemptOutcome
    http_status: int | None
    error: str | None
    method: str
    url: str
    request_headers: dict[str, str] | None
    request_body: str | None
    response_headers: dict[str, str] | None
    response_body: str | None
    profile_id: UUID | None = None


@dataclass(slots=True)
class Result:
    """What is to be written about one attempt; ``due_at`` is the next one's moment when the outcome is RETRY.

    ``settled`` is set when nothing was sent: the state that the callback ends in, for the reason ``attempt.error``.
    """

    job: Job
    attempt: Attempt
    due_at: datetime | None = None
    settled: CallbackState | None = None


@dataclass(slots=True)
class QueuedCallback:
    """A row of the queue as the console shows it: waiting, failed or dropped."""

    id: UUID
    request_id: UUID
    n: int
    event: str
    endpoint: str
    url: str
    method: str
    status: str
    state: CallbackState
    attempts: int
    due_at: datetime
    last_error: str | None
    created_at: datetime
