"""Each misbehaviour alone, as a change of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strowger.protocols.smpp import SubmitSm
from strowger.simulators.misbehaving import Switchboard, UnknownMisbehaviour
from strowger.simulators.misbehaviours import MISBEHAVIOURS
from strowger.simulators.misbehaviours.links import BindRefused
from strowger.simulators.outcomes import Verdict
from strowger.simulators.plan import Plan, Submission

DOCUMENT = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text()
WHOLE = Submission(SubmitSm(1, 0, destination_addr="447700900001", short_message=b"hello"))


def part(n: int, total: int = 3) -> Submission:
    return Submission(SubmitSm(1, 0, esm_class=0x40, short_message=bytes((5, 0, 3, 9, total, n)) + b"text"))


def planned(name: str, submission: Submission = WHOLE, count: int = 1, **options: Any) -> Plan:
    plan = Plan(255, "0000000255", "0000000255")
    MISBEHAVIOURS.read(name, options).on_submit(plan, submission, count)
    return plan


def changes(plan: Plan) -> dict[str, Any]:
    plain = Plan(255, "0000000255", "0000000255")
    return {name: getattr(plan, name) for name in Plan.__slots__ if getattr(plan, name) != getattr(plain, name)}


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("never-answers-submit", {}, {"answer": "none", "taken": False}),
    ("never-answers-submit", {"takes": True}, {"answer": "none"}),
    ("nack-with-sequence", {}, {"answer": "nack", "status": 3, "taken": False}),
    ("nack-without-sequence", {"status": 8}, {"answer": "nack-without-sequence", "status": 8, "taken": False}),
    ("throttle", {"every": 1}, {"status": 0x58, "taken": False}),
    ("queue-full", {"every": 1}, {"status": 0x14, "taken": False}),
    ("refuses", {"status": 0x0B}, {"status": 0x0B, "taken": False}),
    ("drops-link-mid-window", {"every": 1}, {"afterwards": "drop", "answer": "none", "taken": False}),
    ("unbinds-after", {"every": 1}, {"afterwards": "unbind"}),
    ("slow-answers", {"ms": 250}, {"answer_delay": 0.25}),
    ("answers-after-the-receipt", {"gap_ms": 10}, {"answer_gap": 0.01}),
    ("no-receipts", {}, {"receipts": 0}),
    ("duplicate-receipts", {"copies": 3}, {"receipts": 3}),
    ("late-receipts", {"seconds": 8}, {"receipt_delay": 8.0}),
    ("receipts-text-only", {}, {"receipt_form": "text"}),
    ("receipts-tlv-only", {}, {"receipt_form": "tlv"}),
    ("hex-ids", {}, {"submit_id": "000000FF", "receipt_id": "000000FF"}),
    ("decimal-ids", {}, {"submit_id": "255", "receipt_id": "255"}),
    ("hex-submit-dec-receipt", {}, {"submit_id": "000000FF"}),
    ("dec-submit-hex-receipt", {}, {"receipt_id": "000000FF"}),
    ("part-2-lost", {}, {}),
    ("dlt-scrub", {}, {"arrives": False, "verdict": Verdict("UNDELIV", 604)}),
    ("dlt-scrub", {"tlvs": False, "code": 634}, {"arrives": False, "verdict": Verdict("UNDELIV", 634)}),
    ("dlt-scrub", {"tlvs": False}, {}),
    ("receipts-reversed", {}, {}),
    ("silent", {}, {}),
    ("bind-refused", {}, {}),
    ("enquire-link-ignored", {}, {}),
]


@pytest.mark.parametrize(("name", "options", "expected"), CASES)
def test_changes_the_plan(name: str, options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert changes(planned(name, **options)) == expected


def test_every_misbehaviour_has_a_case_and_a_sentence() -> None:
    assert {name for name, _, _ in CASES} == set(MISBEHAVIOURS)
    assert all(cls.__doc__ for cls in MISBEHAVIOURS.values())
    assert [name for name in MISBEHAVIOURS if f"`{name}`" not in DOCUMENT] == []


@pytest.mark.parametrize("name", ["throttle", "queue-full", "drops-link-mid-window", "unbinds-after"])
def test_acts_on_every_nth_only(name: str) -> None:
    acted = [count for count in range(1, 10) if changes(planned(name, count=count, every=3))]
    assert acted == [3, 6, 9]


def test_only_part_2_is_lost() -> None:
    assert [changes(planned("part-2-lost", part(n))) for n in (1, 2, 3)] == [{}, {"arrives": False, "receipts": 0}, {}]


def test_later_parts_report_first() -> None:
    delays = [planned("receipts-reversed", part(n), gap_ms=100).receipt_delay for n in (1, 2, 3)]
    assert delays == [0.2, 0.1, 0.0]


def test_links_misbehave_at_the_bind() -> None:
    assert MISBEHAVIOURS.read("bind-refused", {}) == BindRefused(0x0D)
    assert MISBEHAVIOURS.read("bind-refused", {"status": "5"}) == BindRefused(5)
    plan = Plan(255, "0000000255", "0000000255")
    for name in ("silent", "bind-refused", "enquire-link-ignored"):
        MISBEHAVIOURS.read(name, {}).on_submit(plan, WHOLE, 1)
    assert changes(plan) == {}, "they say nothing about submissions"


@pytest.mark.parametrize(
    ("name", "options"),
    [("sulks", {}), ("throttle", {"every": 0}), ("throttle", {"often": 1}), ("late-receipts", {"seconds": "x"})],
)
def test_refuses_what_it_does_not_know(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(UnknownMisbehaviour, match=name):
        MISBEHAVIOURS.read(name, options)


def test_switchboard_scopes_order_and_counts() -> None:
    board = Switchboard(MISBEHAVIOURS)
    board.switch_on("unbinds-after")
    board.switch_on("throttle", "one")
    assert [active.misbehaviour.name for active in board.of("one")] == ["throttle", "unbinds-after"]
    assert [active.misbehaviour.name for active in board.of("two")] == ["unbinds-after"]
    board.of("one")[0].count = 5
    board.switch_on("throttle", "one", {"every": 2})
    assert board.of("one")[0].count == 0
    board.switch_off("throttle")
    assert len(board.of("one")) == 2
    board.switch_off("throttle", "one")
    assert len(board.of("one")) == 1
    board.reset()
    assert board.describe() == []
