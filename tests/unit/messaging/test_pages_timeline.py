"""The timeline of a message: what each event becomes, and how long each step took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from strowger.messaging.pages.timeline import build_parts, build_timeline
from strowger.messaging.pages.waiting import explain_waiting
from strowger.messaging.repository.reading import Link, Waiting
from strowger.messaging.schemas import Event
from strowger.messaging.statuses import EventKind, Status

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
CARRIERS = {7: "northern"}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def row(status: Status, trace: str = "DELIVERED", units: int = 1, final: float | None = None) -> dict[str, Any]:
    final_at = at(final) if final is not None else None
    return {
        "created_at": START, "status": int(status), "trace": trace, "units": units, "source": "API", "final_at": final_at,
    }  # fmt: skip


def submitted(seconds: float, part: int = 1) -> Event:
    detail = {"command_status": "0x00000000", "name": "ESME_ROK", "text": "The carrier took the message."}
    return Event(EventKind.SUBMITTED, Status.SENT, "SUBMITTED", at(seconds), part, 7, f"id{part}", detail)


def receipt(seconds: float, part: int = 1, status: Status = Status.DELIVERED, trace: str = "DELIVERED") -> Event:
    return Event(EventKind.RECEIPT, status, trace, at(seconds), part, 7, f"id{part}", {"stat": "DELIVRD", "err": "000"})


def test_a_delivered_message_shows_each_step_and_its_time() -> None:
    entries = build_timeline(row(Status.DELIVERED, final=3), [submitted(0.5), receipt(3)], CARRIERS)
    assert [entry.title for entry in entries] == ["Accepted", "Submitted to northern", "Delivered"]
    assert [entry.took for entry in entries] == [None, 0.5, 2.5]
    assert entries[2].since_start == 3
    assert ("SMPP status", "0x00000000 ESME_ROK") in entries[1].facts
    assert ("Carrier's id", "id1") in entries[1].facts


def test_a_report_that_came_before_the_answer_stands_in_order_of_time() -> None:
    entries = build_timeline(row(Status.DELIVERED, final=1), [submitted(1), receipt(0.4)], CARRIERS)
    assert [entry.title for entry in entries] == ["Accepted", "Delivered", "Submitted to northern"]


def test_a_late_report_is_told_but_marked() -> None:
    late = receipt(9, status=Status.UNDELIVERED, trace="ABSENT-SUB")
    entries = build_timeline(row(Status.DELIVERED, final=3), [submitted(0.5), receipt(3), late], CARRIERS)
    assert entries[-1].title == "Another report: undelivered"
    assert entries[-1].tone == "neutral"


def test_an_open_message_ends_with_what_it_waits_for() -> None:
    entries = build_timeline(
        row(Status.SENT, "SUBMITTED", units=2), [submitted(1), submitted(1, 2), receipt(2)], CARRIERS
    )
    assert entries[-1].pending
    assert "1 of 2 parts" in entries[-1].text


def test_a_message_without_a_report_is_closed_in_the_timeline() -> None:
    entries = build_timeline(row(Status.SENT, "SENT - NO DLR", final=259200), [submitted(1)], CARRIERS)
    assert entries[-1].title == "Closed without a report"


def test_a_refusal_by_a_carrier_names_its_answers() -> None:
    answers = [{"part": 1, "command_status": "0x0000000A", "name": "ESME_RINVSRCADR", "text": "Not this sender."}]
    event = Event(EventKind.REFUSED, Status.NOT_SENT, "SENDER-REJ", at(1), 0, 7, None, {"answers": answers})
    entries = build_timeline(row(Status.NOT_SENT, "SENDER-REJ", final=1), [event], CARRIERS)
    assert entries[-1].title == "Refused by northern"
    assert entries[-1].answers == [
        [("Part", "1"), ("SMPP status", "0x0000000A ESME_RINVSRCADR"), ("Which means", "Not this sender.")]
    ]


def test_parts_take_their_first_final_report() -> None:
    events = [submitted(1), submitted(1.2, 2), receipt(3, 2), receipt(5, 2, Status.UNDELIVERED, "ABSENT-SUB")]
    parts = build_parts(2, ["one", "two"], events)
    assert [(part.text, part.operator_id, part.status) for part in parts] == [
        ("one", "id1", Status.SENT),
        ("two", "id2", Status.DELIVERED),
    ]
    assert parts[1].reported_at == at(3)


@pytest.mark.parametrize(
    ("changes", "title", "tone"),
    [
        ({"lane": 0, "carrier": None, "carrier_state": None}, "Waiting to be routed", "info"),
        ({"lane": 0, "carrier": None, "carrier_state": None, "tried": 1}, "Waiting for another route", "info"),
        ({"carrier_state": "paused"}, "northern is paused", "warning"),
        ({"links": (Link(1, "down", "refused", START),)}, "northern is not connected", "danger"),
        ({"links": ()}, "northern is not connected", "danger"),
        ({"due_at": at(60)}, "northern asked to wait", "warning"),
        ({"claimed": True}, "Being sent to northern", "info"),
        ({}, "In the queue of northern", "info"),
    ],
)
def test_why_a_message_waits(changes: dict[str, Any], title: str, tone: str) -> None:
    values: dict[str, Any] = {
        "lane": 7, "priority": 1, "due_at": START, "expires_at": at(3600), "attempts": 0, "reason": None, "claimed": False,
        "tried": 0, "carrier": "northern", "carrier_state": "active", "links": (Link(1, "bound", None, START),),
    }  # fmt: skip
    found = explain_waiting(Waiting(**(values | changes)), START)
    assert (found.title, found.tone) == (title, tone)
    assert (found.next_at is not None) == ("due_at" in changes)
