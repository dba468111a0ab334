"""What follows from the answers to the parts of a message."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from strowger.channels.sms.carriers.smpp.answers import ANSWERS
from strowger.channels.sms.carriers.smpp.encoding import Encoded, Part
from strowger.channels.sms.carriers.smpp.jobs import LOCAL_TRIES, Job, JobQueue, outcome_of
from strowger.messaging.outcomes import Accepted, PartAnswer, Rejected, Retry, Unknown
from strowger.messaging.schemas import Submission
from strowger.protocols.smpp.fast import SubmitTemplate
from strowger.protocols.smpp.pdu import SubmitSm

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def job(*statuses: int | None, priority: int = 1) -> Job:
    submission = Submission(1, uuid4(), 1, 7, priority, 0, NOW, NOW, "DEFAULT", "S", "1", "b", {}, None)
    made = Job.of(submission, Encoded(SubmitTemplate(SubmitSm()), [Part(b"")] * max(1, len(statuses))))
    for index, status in enumerate(statuses):
        answer = None if status is None else ANSWERS[status]
        made.answers[index] = (
            answer,
            PartAnswer(index + 1, NOW, "id" if status == 0 else None, {"text": "why", "name": "N"}),
        )
        made.todo.remove(index)
    return made


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ((0,), Accepted),
        ((0, 0, 0), Accepted),
        ((0, 0x0B, 0), Rejected),
        ((None, 0x0B), Rejected),
        ((0, None, 0x58), Unknown),
        ((0x58,), Retry),
        ((0x64,), Retry),
        ((0x08,), Retry),
        ((0x58, 0x08), Retry),
        ((0, 0x58), Retry),
    ],
)
def test_the_worst_part_decides(statuses: tuple[int | None, ...], kind: type) -> None:
    outcome = outcome_of(job(*statuses), 1.0, 0.5)
    assert isinstance(outcome, kind)
    assert len(outcome.parts) == len(statuses)


def test_seconds_and_places_of_retries() -> None:
    def retry(*statuses: int) -> Any:
        return outcome_of(job(*statuses), 2.0, 0.5)

    assert (retry(0x58).seconds, retry(0x58).elsewhere) == (pytest.approx(2.2), False)
    assert (retry(0x64).seconds, retry(0x64).elsewhere) == (pytest.approx(5.0), False)
    assert (retry(0x08).seconds, retry(0x08).elsewhere) == (0.0, True)


def test_only_deferred_parts_beside_accepted_ones_are_repeated_and_not_for_ever() -> None:
    mixed = job(0, 0x58, 0, 0x14)
    assert mixed.parts_to_repeat() == [3, 1]
    mixed.tries = LOCAL_TRIES
    assert mixed.parts_to_repeat() == []
    assert job(0x58, 0x58).parts_to_repeat() == []
    assert job(0, None).parts_to_repeat() == []
    assert job(0, 0x0B, 0x58).parts_to_repeat() == []


def test_the_queue_goes_by_priority_then_order() -> None:
    queue, low, normal, second, high = JobQueue(), job(priority=2), job(), job(), job(priority=0)
    for item in (low, normal, second, high):
        queue.add(item)
    assert list(queue) == [high, normal, second, low]
    queue.add_first(begun := job(0))
    assert list(queue) == [high, begun, normal, second, low]
    queue.discard(second)
    assert queue.take_unbegun() == [high.submission, normal.submission, low.submission]
    assert (len(queue), queue.first()) == (1, begun)
