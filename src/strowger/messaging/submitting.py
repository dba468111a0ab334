"""Submit: what each outcome of the closed set does to the log, the status, the ledger and the queue. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from strowger.messaging.finish import Changes, refuse
from strowger.messaging.outcomes import Accepted, Outcome, PartAnswer, Rejected, Retry, Unknown
from strowger.messaging.repository.journaling import Advance, Key
from strowger.messaging.route import NumberPlan
from strowger.messaging.rules import ChannelRules, measure_into
from strowger.messaging.schemas import Event, Submission
from strowger.messaging.statuses import EventKind, Status


def apply_outcomes(
    changes: Changes, outcomes: Sequence[Outcome], rules: ChannelRules, now: datetime, plan: NumberPlan | None = None
) -> None:
    """Note what all outcomes change; ``plan`` tells the networks of those that came from the table."""
    for outcome in outcomes:
        measure_into(outcome.submission, rules)
        if plan is not None and outcome.submission.network is None:
            outcome.submission.network = plan.code(outcome.submission.recipient)
        if isinstance(outcome, Accepted):
            _accepted(changes, outcome)
        elif isinstance(outcome, Rejected):
            _rejected(changes, outcome, now)
        else:
            _deferred(changes, outcome, now)


def key_of(submission: Submission) -> Key:
    """The key of a submission's message."""
    return (submission.account_id, submission.request_id, submission.n)


def _part_events(changes: Changes, submission: Submission, parts: Sequence[PartAnswer]) -> None:
    for part in parts:
        if part.operator_id is not None:
            event = Event(
                EventKind.SUBMITTED,
                Status.SENT,
                "SUBMITTED",
                part.at,
                part.part,
                submission.lane,
                part.operator_id,
                part.detail or None,
            )
            changes.events.append((key_of(submission), event))


def _refusals(parts: Sequence[PartAnswer]) -> dict[str, Any] | None:
    refusals = [{"part": part.part, **part.detail} for part in parts if part.operator_id is None and part.detail]
    return {"answers": refusals} if refusals else None


def _accepted(changes: Changes, outcome: Accepted) -> None:
    submission = outcome.submission
    _part_events(changes, submission, outcome.parts)
    changes.wish(
        Advance(
            key_of(submission),
            Status.SENT,
            "SUBMITTED",
            sent_at=max(part.at for part in outcome.parts),
            carrier_id=submission.lane,
            price=submission.price,
            country=submission.country,
            units=submission.units,
            length=submission.length,
            encoding=submission.encoding,
            network=submission.network,
        )
    )
    changes.ended.append(key_of(submission))


def _rejected(changes: Changes, outcome: Rejected, now: datetime) -> None:
    _part_events(changes, outcome.submission, outcome.parts)
    refuse(changes, outcome.submission, outcome.trace, now, detail=_refusals(outcome.parts))


def _deferred(changes: Changes, outcome: Retry | Unknown, now: datetime) -> None:
    """Back to the queue. A refusal that the carrier answered, and a link that was lost, are told in the timeline."""
    submission = outcome.submission
    _part_events(changes, submission, outcome.parts)
    detail: dict[str, Any] = {"reason": outcome.reason, **(_refusals(outcome.parts) or {})}
    seconds, elsewhere = outcome.seconds, isinstance(outcome, Retry) and outcome.elsewhere
    if isinstance(outcome, Unknown) or elsewhere or submission.attempts == 0:
        detail["again_after_seconds"] = round(seconds, 1)
        event = Event(EventKind.DEFERRED, Status.QUEUED, "QUEUED", now, carrier_id=submission.lane, detail=detail)
        changes.events.append((key_of(submission), event))
    changes.deferred.append((key_of(submission), now + timedelta(seconds=seconds), outcome.reason[:200], elsewhere))
