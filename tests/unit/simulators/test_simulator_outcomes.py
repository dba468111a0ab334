"""The magic table: which numbers are magic, and that the documentation says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from strowger.messaging.statuses import TRACES
from strowger.simulators.outcomes import DELIVERED, DLT_CODES, NUMERIC_TRACES, OUTCOMES, outcome_of

DOCUMENT = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text()


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("head", ["44770", "91987", "1202", "+49151"])
def test_U47_last_seven_digits_choose_the_outcome(head: str, digit: int) -> None:
    assert outcome_of(f"{head}999000{digit}") is OUTCOMES[digit]


@pytest.mark.parametrize(
    "number", ["447700900003", "919900000003", "999000", "", "STROWG", "4477099900033", "44770999000x"]
)
def test_every_other_number_is_delivered(number: str) -> None:
    assert outcome_of(number) is DELIVERED


def test_load_test_counters_never_meet_an_outcome() -> None:
    assert all(outcome_of(f"4917{n:08d}") is DELIVERED for n in range(100_000))


def test_error_numbers_carry_the_trace_of_the_outcome() -> None:
    traces = {outcome.verdict.err: outcome.trace for outcome in OUTCOMES if outcome.verdict.err}
    assert traces == {err: NUMERIC_TRACES[err] for err in traces}
    assert traces == {51: "ABSENT-SUB", 50: "INVALID-SUB", 60: "EXPIRED", 74: "DND-NUMB", 62: "UN-DELIV"}


def test_numeric_traces_stay_in_their_range_and_are_known() -> None:
    assert set(NUMERIC_TRACES) <= set(range(50, 100))
    assert set(NUMERIC_TRACES.values()) <= set(TRACES)


def test_every_cause_of_the_operator_is_reached_by_a_number() -> None:
    assert {outcome_of(f"9198799{code}").trace for code in ("90634", "90600", "90641")} == {
        "DLT-REJECT-634", "DLT-REJECT-600", "DLT-REJECT-641",
    }  # fmt: skip
    for code in (*NUMERIC_TRACES, *DLT_CODES):
        outcome = outcome_of(f"919879990{code:03d}")
        assert outcome.verdict.err == code
        assert outcome.trace in TRACES
        assert (code < 600) == (outcome.trace == NUMERIC_TRACES.get(code))
    assert outcome_of("919879990699") is DELIVERED


def test_the_document_lists_every_dlt_code() -> None:
    assert all(f"| {code} |" in DOCUMENT for code in DLT_CODES)


def test_U47_the_document_lists_every_number() -> None:
    assert all(f"| {err:03d} | {trace} |" in DOCUMENT for err, trace in NUMERIC_TRACES.items())
