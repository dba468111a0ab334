"""The state machine of a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.messaging.statuses import SPELLINGS, TRACES, Status, aggregate, explain, is_final, may_follow

pytestmark = pytest.mark.unit
statuses = st.sampled_from(list(Status))


@given(st.lists(statuses, max_size=20))
def test_R15_a_status_never_goes_backwards(reports: list[Status]) -> None:
    current, history = Status.QUEUED, [Status.QUEUED]
    for report in reports:
        if may_follow(current, report):
            current = report
            history.append(report)
    ranks = [SPELLINGS[s].rank for s in history]
    assert ranks == sorted(set(ranks))
    assert not any(is_final(s) for s in history[:-1])


@given(statuses, statuses)
def test_R15_nothing_follows_a_final_status(old: Status, new: Status) -> None:
    if is_final(old):
        assert not may_follow(old, new)
    assert not may_follow(old, new, final=True)


@given(
    st.lists(
        st.sampled_from([Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.EXPIRED]), min_size=1, max_size=10
    )
)
def test_a_message_is_delivered_only_when_every_part_is(parts: list[Status]) -> None:
    result = aggregate(parts, len(parts))
    if Status.SENT in parts:
        assert result == Status.SENT
    elif all(p == Status.DELIVERED for p in parts):
        assert result == Status.DELIVERED
    else:
        assert result == (Status.UNDELIVERED if Status.UNDELIVERED in parts else Status.EXPIRED)
    assert aggregate(parts, len(parts) + 1) == Status.SENT


def test_the_order_of_codes_is_the_order_of_ranks() -> None:
    # The database compares codes where the state machine compares ranks.
    for a in Status:
        for b in Status:
            if not is_final(a) and may_follow(a, b):
                assert b > a


def test_every_trace_has_a_meaning_and_a_remedy() -> None:
    assert len(TRACES) > 70
    for trace in TRACES.values():
        assert trace.meaning
        assert trace.remedy
    assert explain("0x0045").meaning
