"""platform.md 6.6: the classes of answers and the series of retries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from strowger.platform.callbacks.retries import Answer, classify, next_wait, retry_after
from strowger.platform.callbacks.schemas import Target

T = Target("https://e.net/")
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statuses", "answer"),
    [
        ((200, 201, 202, 204, 299), Answer.DONE),
        ((408, 425, 429, 500, 502, 503, 504, 599), Answer.RETRY),
        ((410,), Answer.GIVE_UP),
        ((300, 301, 302, 307, 400, 401, 403, 404, 418, 451), Answer.ONCE_MORE),
    ],
)
def test_R35_each_status_has_its_class(statuses, answer):
    assert {classify(status) for status in statuses} == {answer}


def test_the_series_is_10_60_300_seconds_then_failed():
    waits = [next_wait(T, attempts, Answer.RETRY, "http_500", spread=lambda: 0.5) for attempts in (1, 2, 3, 4)]
    assert waits == [10, 60, 300, None]


@pytest.mark.parametrize(("spread", "wait"), [(0.0, 8.0), (0.5, 10.0), (1.0, 12.0)])
def test_waits_are_spread_by_a_fifth_either_way(spread, wait):
    assert next_wait(T, 1, Answer.RETRY, None, spread=lambda: spread) == pytest.approx(wait)


def test_other_refusals_get_one_more_try_after_30_seconds():
    assert next_wait(T, 1, Answer.ONCE_MORE, None) == 30
    assert next_wait(T, 2, Answer.ONCE_MORE, "http_404") is None
    assert next_wait(T, 2, Answer.ONCE_MORE, "http_503") == 30
    assert next_wait(T, 2, Answer.ONCE_MORE, "timeout: no whole answer") == 30
    assert next_wait(T, 2, Answer.ONCE_MORE, "refused: The address 10.0.0.1 is not public") is None


def test_gone_is_final_and_no_retries_means_none():
    assert next_wait(T, 1, Answer.GIVE_UP, None) is None
    once = Target("https://e.net/", retries=0)
    assert next_wait(once, 1, Answer.RETRY, None) is None
    assert next_wait(once, 1, Answer.ONCE_MORE, None) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120), ("0", 0), ("7200", 3600), ("99999999999999", 3600), ("", 0), ("soon", 0), ("-5", 0), ("1.5", 0),
        ("Thu, 01 Jan 2026 12:01:00 GMT", 60), ("Thu, 01 Jan 2026 11:00:00 GMT", 0), ("Fri, 02 Jan 2026 12:00:00 GMT", 3600),
    ],
)  # fmt: skip
def test_R35_retry_after_is_followed_up_to_an_hour(header, seconds):
    assert retry_after({"retry-after": header} if header else {}, NOW) == seconds


def test_R35_the_receivers_wish_only_lengthens_the_wait():
    assert next_wait(T, 1, Answer.RETRY, None, asked=100, spread=lambda: 0.5) == 100
    assert next_wait(T, 1, Answer.RETRY, None, asked=1, spread=lambda: 0.5) == 10
