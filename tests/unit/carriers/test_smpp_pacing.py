"""Rate, obedience to throttling, slow start and backoff, in virtual time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.channels.sms.carriers.pacing import Pace, SlowStart, reconnect_seconds


def send_for(pace: Pace, seconds: float, start: float = 1000.0, late: float = 0.0) -> list[float]:
    """Send as fast as the pace allows; each wake-up comes ``late`` seconds after the time asked for."""
    now, sent = start, []
    while now < start + seconds:
        delay = pace.delay(now)
        if delay:
            now += delay + late
        else:
            sent.append(now)
    return sent


def worst_second(sent: list[float]) -> int:
    worst = first = 0
    for last in range(len(sent)):
        while sent[last] - sent[first] >= 1.0:
            first += 1
        worst = max(worst, last - first + 1)
    return worst


@pytest.mark.parametrize("tps", [10, 50, 333, 1000])
@pytest.mark.parametrize("late", [0.0, 0.001, 0.01])
def test_R12_the_rate_holds_over_ten_seconds_and_in_any_second(tps: float, late: float) -> None:
    sent = send_for(Pace(tps), 10.0, late=late)
    assert 0.95 * tps * 10 <= len(sent) <= 1.05 * tps * 10
    assert worst_second(sent) <= max(1.1 * tps, tps + 1)


def test_an_idle_bind_saves_no_burst() -> None:
    pace = Pace(100)
    send_for(pace, 1.0)
    assert worst_second(send_for(pace, 1.0, start=5000.0)) <= 110


def test_no_rate_means_no_wait() -> None:
    pace = Pace(0)
    assert all(pace.delay(1000.0) == 0 for _ in range(10_000))


def test_a_complaint_pauses_then_halves_and_recovers() -> None:
    pace = Pace(100)
    send_for(pace, 2.0)
    assert pace.throttled(1002.0) == pytest.approx(1.0)
    assert pace.is_throttled(1002.5)
    assert pace.delay(1002.5) == pytest.approx(0.5)
    assert len(send_for(pace, 1.0, start=1003.0)) == pytest.approx(50, abs=6)
    send_for(pace, 5.0, start=1004.0)
    assert not pace.is_throttled(1009.0)
    assert len(send_for(pace, 1.0, start=1010.0)) == pytest.approx(100, abs=6)


def test_without_a_configured_rate_the_measured_one_is_cut() -> None:
    pace = Pace(0)
    for tick in range(2000):
        assert pace.delay(1000.0 + tick / 1000) == 0
    pace.throttled(1002.0)
    assert len(send_for(pace, 1.0, start=1003.0)) == pytest.approx(500, rel=0.15)
    for tick in range(13):
        pace.delay(1004.0 + tick)
    assert not pace.is_throttled(1017.0)
    assert pace.rate == 0


def test_answers_to_what_was_sent_before_the_pause_change_nothing() -> None:
    pace = Pace(100)
    pace.throttled(1000.0)
    rate = pace.rate
    assert pace.throttled(1000.4) == pytest.approx(0.6)
    assert pace.rate == rate


def test_repeated_complaints_lengthen_the_pause_up_to_a_bound() -> None:
    pace, now, pauses = Pace(100), 1000.0, []
    for _ in range(8):
        pauses.append(pace.throttled(now))
        now += pauses[-1]
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 30, 30, 30])


@given(st.integers(1, 5000))
def test_R13_the_window_doubles_to_its_limit_and_never_beyond(limit: int) -> None:
    window = SlowStart(limit)
    sizes = [window.size]
    for _ in range(20):
        for _ in range(window.size):
            window.good()
        sizes.append(window.size)
    assert sizes[0] == min(2, limit)
    assert all(after == min(before * 2, limit) for before, after in pairwise(sizes))
    assert sizes[-1] == limit
    window.restart()
    assert window.size == min(2, limit)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_backoff_grows_with_jitter_within_its_bounds(attempt: int, chance: float) -> None:
    pause = reconnect_seconds(attempt, 1.0, 30.0, chance)
    full = min(30.0, 2.0 ** min(attempt, 16))
    assert full / 2 <= pause <= full
