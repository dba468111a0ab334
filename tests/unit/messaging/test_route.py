"""The choice of a carrier."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from strowger.messaging.route import MAX_HOPS, Network, NumberPlan, RouteRule, RouteTable, route
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
    assert [trace for _, trace, _ in refused] == ["NO-ROUTE", "SUBMIT-FAIL"]


def test_a_simulator_never_stands_in_for_a_real_carrier() -> None:
    simulator = RouteRule(9, None, None, None, 1, simulated=True)
    real = RouteRule(2, "DE", None, None, 100)
    table = RouteTable.of([simulator, real], up={9})
    assert table.choose(message("DE")) == 2
    assert table.choose(message("DE", tried=[2])) is None
    assert table.choose(message("FR")) == 9
    assert not table.has_other(2)


def _shares(table: RouteTable, count: int = 4000) -> Counter[int | None]:
    """What a seeded stream of messages draws."""
    chance = random.Random(7)
    return Counter(table.choose(replace(message(), request_id=UUID(int=chance.getrandbits(128)))) for _ in range(count))


def test_equals_share_by_weight_and_the_others_take_what_was_the_part_of_one_that_is_down() -> None:
    rules = [RouteRule(c, "DE", None, None, 10, weight=w) for c, w in ((1, 70), (2, 20), (3, 10), (4, 0))]
    shares = _shares(RouteTable.of(rules, {1, 2, 3, 4}))
    assert [round(shares[c] / 4000, 1) for c in (1, 2, 3)] == [0.7, 0.2, 0.1]
    assert shares[4] == 0
    without = _shares(RouteTable.of(rules, {2, 3, 4}))
    assert without[1] == 0
    assert abs(without[2] / without[3] - 2) < 0.3
    assert _shares(RouteTable.of(rules, {4}), 50) == {4: 50}


def test_a_message_always_draws_the_same() -> None:
    table = RouteTable.of([RouteRule(c, None, None, None, 10) for c in (1, 2, 3)], {1, 2, 3})
    for _ in range(50):
        one = message()
        assert len({table.choose(one) for _ in range(5)}) == 1


def test_failover_goes_through_equals_before_the_next_priority() -> None:
    rules = [RouteRule(c, None, None, None, p) for c, p in ((1, 10), (2, 10), (3, 20))]
    table = RouteTable.of(rules, {1, 2, 3})
    one = message()
    order = []
    while (chosen := table.choose(one)) is not None:
        order.append(chosen)
        one.tried.append(chosen)
    assert sorted(order[:2]) == [1, 2]
    assert order[2:] == [3]


def test_networks_and_prefixes_choose_by_the_longest_range() -> None:
    plan = NumberPlan({
        "4917": Network("26201", "DE", "One"), "49170": Network("26202", "DE", "Two"), "1": Network("310260", "US", ""),
    })  # fmt: skip
    rules = [
        RouteRule(1, None, None, None, 100),
        RouteRule(2, None, None, None, 100, network="26202"),
        RouteRule(3, None, None, None, 100, network="262"),
        RouteRule(4, None, None, None, 100, prefix="4915"),
        RouteRule(5, None, None, None, 100, prefix="49151"),
    ]
    table = RouteTable.of(rules, {1, 2, 3, 4, 5}, plan)

    def chosen(number: str) -> int | None:
        return table.choose(replace(message(), recipient=number))

    assert chosen("491791234") == 3
    assert chosen("491701234") == 2
    assert (chosen("491512"), chosen("491522"), chosen("33612")) == (5, 4, 1)


def test_the_loop_guard_bounds_the_carriers_that_may_refuse() -> None:
    rules = [RouteRule(c, None, None, None, c) for c in range(1, 20)]
    table = RouteTable.of(rules, range(1, 20))
    one = message(tried=list(range(1, MAX_HOPS)))
    assert table.choose(one) == MAX_HOPS
    one.tried.append(MAX_HOPS)
    routed, refused = route([one], table)
    assert routed == []
    assert refused[0][1] == "SUBMIT-FAIL"
    assert "not offered to more" in refused[0][2]


def test_a_pinned_message_takes_exactly_its_carrier() -> None:
    table = RouteTable.of([RouteRule(1, None, None, None, 1)], {1}, None, {1, 2})
    one = message()
    one.options["carrier"] = 2
    assert table.choose(one) == 2
    assert table.choose(replace(one, tried=[2])) is None
    one.options["carrier"] = 9
    assert route([one], table)[1][0][1] == "NO-ROUTE"
