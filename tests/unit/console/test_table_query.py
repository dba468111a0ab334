"""The state of a table survives the way through the URL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.console.table_query import (
    Filter,
    NumberRange,
    TimeRange,
    filter_params,
    pack_cursor,
    read_filter,
    unpack_cursor,
)
from strowger.console.visitor import Visitor

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
VISITOR = Visitor(1, 7, "HXEU0000000001GB", "Ada", "ada@example.com", "owner", "auto", "Asia/Kolkata", "INR", "token")
OPTIONS = (("a", "A"), ("b", "B"))

plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text()
special = st.uuids() | st.decimals(allow_nan=False, allow_infinity=False) | st.datetimes(timezones=st.just(UTC))


@given(st.lists(plain | special, max_size=4))
def test_cursor_comes_back_as_it_was(values: list[object]) -> None:
    assert unpack_cursor(pack_cursor(values)) == values


@given(st.text(max_size=60))
def test_foreign_cursor_is_refused_not_raised(text: str) -> None:
    unpack_cursor(text)


@pytest.mark.parametrize("text", ["W1sidSIsIm5vdCBhIHV1aWQiXV0", "W1sidiIsWzFdXV0", "W1sieCIsMV1d", "", "%%%"])
def test_damaged_cursor_is_none(text: str) -> None:
    assert unpack_cursor(text) is None


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (Filter("to", "To"), "4915"),
        (Filter("s", "S", "select", OPTIONS), "b"),
        (Filter("s", "S", "multi", OPTIONS), ["a", "b"]),
        (Filter("at", "At", "time"), TimeRange(NOW - timedelta(hours=24), None, "24h")),
        (Filter("at", "At", "time"), TimeRange(NOW - timedelta(days=2), NOW)),
        (Filter("p", "P", "number"), NumberRange(Decimal("0.1"), None)),
    ],
)
def test_U12_filter_comes_back_from_the_url(item: Filter, value: object) -> None:
    params = parse_qs(urlencode(filter_params(item, value, VISITOR)))
    assert read_filter(item, params, VISITOR, NOW) == value


def test_today_begins_at_midnight_of_the_user() -> None:
    found = read_filter(Filter("at", "At", "time"), {"at": ["today"]}, VISITOR, NOW)
    assert found == TimeRange(datetime(2026, 3, 9, 18, 30, tzinfo=UTC), None, "today")


@pytest.mark.parametrize(
    ("item", "params"),
    [
        (Filter("s", "S", "select", OPTIONS), {"s": ["c"]}),
        (Filter("at", "At", "time"), {"at": ["soon"], "at_from": ["never"]}),
        (Filter("p", "P", "number"), {"p_min": ["NaN"], "p_max": ["x"]}),
        (Filter("to", "To"), {"to": ["  "]}),
    ],
)
def test_what_cannot_be_read_is_left_out(item: Filter, params: dict[str, list[str]]) -> None:
    assert read_filter(item, params, VISITOR, NOW) is None


def test_uuid_in_cursor_keeps_its_type() -> None:
    value = UUID("01900000-0000-7000-8000-000000000000")
    assert unpack_cursor(pack_cursor([value, 1])) == [value, 1]
