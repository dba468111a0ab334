"""The tables of answers, states and error codes are closed and speak of traces that exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.channels.sms.carriers.smpp.answers import (
    ANSWERS,
    explain_answer,
    read_override,
    read_overrides,
    retry_seconds,
)
from strowger.channels.sms.carriers.smpp.traces import ERR_TRACES, STATES, err_trace, translate
from strowger.messaging.statuses import TRACES, Status
from strowger.protocols.smpp.receipt import MessageState
from strowger.protocols.smpp.status import STANDARD_STATUS
from strowger.simulators.outcomes import NUMERIC_TRACES


def test_every_status_of_the_specification_has_a_meaning() -> None:
    assert set(ANSWERS) == set(STANDARD_STATUS)
    assert all(answer.text.endswith(".") for answer in ANSWERS.values())


def test_R07_final_answers_name_a_trace_of_the_table_and_only_zero_accepts() -> None:
    assert all(a.trace in TRACES for a in ANSWERS.values() if a.verdict == "rejected")
    assert [status for status, a in ANSWERS.items() if a.verdict == "accepted"] == [0]
    assert {status for status, a in ANSWERS.items() if a.verdict == "throttled"} == {0x14, 0x58}


@given(st.integers(1, 0xFFFFFFFF))
def test_no_status_but_zero_counts_as_accepted(status: int) -> None:
    assert explain_answer(status, {}).verdict != "accepted"


def test_overrides_are_read_and_win() -> None:
    overrides = read_overrides({"0x401": "reject SENDER-REJ", "0x08": "retry", "45": "elsewhere"})
    assert explain_answer(0x401, overrides)[:2] == ("rejected", "SENDER-REJ")
    assert explain_answer(0x08, overrides).verdict == "retry"
    assert explain_answer(0x45, overrides).verdict == "elsewhere"


@pytest.mark.parametrize(("status", "meaning"), [("zz", "retry"), ("0x1", "maybe"), ("0x1", "reject"), ("0x1", "")])
def test_bad_overrides_are_refused(status: str, meaning: str) -> None:
    with pytest.raises(ValueError, match="answers"):
        read_override(status, meaning)


def test_retries_follow_the_schedule_with_a_tenth_of_jitter() -> None:
    middle = [retry_seconds(attempts, 0.5) for attempts in range(9)]
    assert middle == pytest.approx([5, 30, 120, 600, 1800, 3600, 7200, 7200, 7200])
    assert retry_seconds(0, 0.0) == pytest.approx(4.5)
    assert retry_seconds(0, 1.0) == pytest.approx(5.5)


def test_states_and_codes_name_traces_of_the_table() -> None:
    assert set(STATES) == set(MessageState)
    assert all(trace in TRACES for _, trace in STATES.values())
    assert set(ERR_TRACES.values()) <= set(TRACES)


def test_the_simulators_numbers_mean_the_same_here() -> None:
    assert {number: ERR_TRACES[number] for number in NUMERIC_TRACES} == NUMERIC_TRACES


@pytest.mark.parametrize(
    ("err", "trace"),
    [
        ("000", None),
        ("", None),
        ("abc", None),
        ("1", "UNKNOWN-SUB"),
        ("001", "UNKNOWN-SUB"),
        ("634", "DLT-REJECT-634"),
        ("999", None),
    ],
)
def test_error_codes(err: str, trace: str | None) -> None:
    assert err_trace(err, {}) == trace


def test_a_carriers_own_code_wins_with_and_without_zeros() -> None:
    assert err_trace("001", {"1": "MOB-OFF"}) == "MOB-OFF"
    assert err_trace("00A1", {"00A1": "MOB-OFF"}) == "MOB-OFF"


def test_delivered_stays_delivered_whatever_the_code_says() -> None:
    assert translate(MessageState.DELIVRD, "051", {}) == (Status.DELIVERED, "DELIVERED")
