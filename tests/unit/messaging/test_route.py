"""The choice of a carrier."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from strowger.messaging.route import RouteRule, RouteTable, route
from strowger.messaging.schemas import Submission

pytestmark = pytest.mark.unit
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def message(
    country: str = "DE", type_: str = "TXN", sender: str = "ACME", tried: list[int] | None = None
) -> Submission:
    return Submission(
        1, uuid4(), 1, 0, 1, 0, NOW, NOW, type_, sender, "491701", "hi", {}, None, tried=tried or [], country=country
    )


TABLE = RouteTable.of(
    [
        RouteRule(1, None, None, None, 100),
        RouteRule(2, "DE", None, None, 100),
        RouteRule(3, "DE", "OTP", None, 50),
        RouteRule(4, None, None, "VIP", 10),
    ],
    up={1, 2, 3, 4},
)


@pytest.mark.parametrize(
    ("submission", "carrier"),
    [
        (message("FR"), 1),
        (message("DE"), 2),
        (message("DE", "OTP"), 3),
        (message("DE", "OTP", "VIP"), 4),
        (message("DE", tried=[2]), 1),
    ],
)
def test_the_most_urgent_then_the_most_specific_route_wins(submission: Submission, carrier: int) -> None:
    assert TABLE.choose(submission) == carrier


def test_a_carrier_that_is_down_is_passed_over() -> None:
    assert RouteTable.of(TABLE.rules, {1}).choose(message("DE", "OTP")) == 1


def test_a_message_waits_for_its_first_choice_when_all_are_down() -> None:
    assert RouteTable.of(TABLE.rules, ()).choose(message("DE", "OTP")) == 3


def test_without_a_route_the_trace_says_why() -> None:
    table = RouteTable.of([RouteRule(2, "DE", None, None, 100)], {2})
    routed, refused = route([message("DE"), message("FR"), message("DE", tried=[2])], table)
    assert [carrier for _, carrier in routed] == [2]
    assert [trace for _, trace in refused] == ["NO-ROUTE", "SUBMIT-FAIL"]


def test_a_simulator_never_stands_in_for_a_real_carrier() -> None:
    simulator = RouteRule(9, None, None, None, 1, simulated=True)
    real = RouteRule(2, "DE", None, None, 100)
    table = RouteTable.of([simulator, real], up={9})
    assert table.choose(message("DE")) == 2
    assert table.choose(message("DE", tried=[2])) is None
    assert table.choose(message("FR")) == 9
    assert not table.has_other(2)
