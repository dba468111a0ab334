"""What a carrier may answer, and what it may report: the closed sets between carriers and the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from strowger.messaging.schemas import Submission
from strowger.messaging.statuses import Status


@dataclass(slots=True)
class PartAnswer:
    """The carrier's answer to one part: its id for it, or why not. ``detail`` is shown as it is in the timeline.

    ``part`` counts from 1; 0 when the carrier took a message of several parts as one.
    """

    part: int
    at: datetime
    operator_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Accepted:
    """The carrier took every part; ``parts`` hold its ids."""

    submission: Submission
    parts: list[PartAnswer]


@dataclass(slots=True)
class Rejected:
    """Final: the carrier refused the message and no other route will take it. ``trace`` is one of traces.json."""

    submission: Submission
    trace: str
    parts: list[PartAnswer]


@dataclass(slots=True)
class Retry:
    """Not taken now: try again after ``seconds``, on another route when ``elsewhere``."""

    submission: Submission
    seconds: float
    reason: str
    elsewhere: bool = False
    parts: list[PartAnswer] = field(default_factory=list)


@dataclass(slots=True)
class Unknown:
    """No answer (timed out, link lost): may have been sent; it is sent again after ``seconds``, so that nothing is lost."""

    submission: Submission
    reason: str
    parts: list[PartAnswer] = field(default_factory=list)
    seconds: float = 0.0


Outcome = Accepted | Rejected | Retry | Unknown


@dataclass(slots=True)
class Receipt:
    """A delivery receipt for one part, already translated: ``status`` SENT means an intermediate report.

    ``operator_id`` is spelled as the carrier's quirks normalise it, the same as in the answer to the submit.
    """

    carrier_id: int
    operator_id: str
    status: Status
    trace: str
    at: datetime
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Incoming:
    """A message from a handset, or one part of it (``reference`` is None for a whole message)."""

    carrier_id: int
    source: str
    destination: str
    text: str
    at: datetime
    reference: int | None = None
    part: int = 1
    total: int = 1
    detail: dict[str, Any] = field(default_factory=dict)


class Journal(Protocol):
    """Where carriers report to. Reports are gathered and committed together within milliseconds."""

    def outcome(self, outcome: Outcome) -> None:
        """Report the outcome of a submission. Returns at once; the claim is given up by the same commit."""

    async def report(self, report: Receipt | Incoming) -> None:
        """Hand in a receipt or an incoming message; returns when it is on disk, so that it may be acknowledged.

        Raises Unavailable when it could not be stored: the carrier must be told to deliver it again.
        """


class Lane(Protocol):
    """A carrier's share of the submission queue, as one worker sees it."""

    async def take(self, limit: int) -> list[Submission]:
        """Claim up to ``limit`` due submissions, highest priority first; empty when there are none."""

    async def release(self, submissions: Sequence[Submission]) -> None:
        """Give claimed submissions back, unsent (the link is going down)."""

    async def wait(self, seconds: float) -> None:
        """Return when the lane may hold new work, at the latest after ``seconds``."""
