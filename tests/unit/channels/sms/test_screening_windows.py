"""The promotional window as a property, over zones, changes of summer time and windows that span midnight."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.channels.sms.screening.options import Window, read_options
from strowger.channels.sms.screening.windows import applies, opening, zone_of

ZONES = ["UTC", "Asia/Kolkata", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "No/Such"]
MOMENTS = st.floats(1.6e9, 2.05e9).map(lambda second: datetime.fromtimestamp(second, UTC))
TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0))


def is_inside(window: Window, moment: datetime, zone: str) -> bool:
    clock = moment.astimezone(ZoneInfo(zone if zone != "No/Such" else "UTC")).time()
    if window.opens < window.closes:
        return window.opens <= clock < window.closes
    return clock >= window.opens or clock < window.closes


@given(MOMENTS, TIMES, TIMES, st.sampled_from(ZONES))
def test_a_message_leaves_inside_the_window_and_soon(now: datetime, opens: time, closes: time, zone: str) -> None:
    window = Window(opens, closes)
    found = opening(window, zone, now)
    if opens == closes or is_inside(window, now, zone):
        assert found is None
    else:
        assert found is not None
        assert now < found <= now + timedelta(hours=49)  # Samoa left a whole day out
        shifted = found + timedelta(hours=1)  # an opening that a change of the clock leaves out lies an hour later
        assert is_inside(window, found, zone) or is_inside(window, shifted, zone)


def test_the_window_of_india_opens_at_nine_there() -> None:
    evening = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
    assert opening(Window(), zone_of("IN", "Europe/Berlin"), evening) == datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    assert opening(Window(), zone_of("IN", "Europe/Berlin"), evening - timedelta(seconds=1)) is None


@pytest.mark.parametrize(
    ("setting", "country", "expected"),
    [
        (None, "IN", True), (None, "DE", False), ("off", "IN", False), ({"where": "everywhere"}, "DE", True),
        ({"where": "law"}, "DE", False), ({"opens": "no time"}, "IN", True),
    ],
)  # fmt: skip
def test_where_a_window_counts(setting: object, country: str, expected: bool) -> None:
    assert applies(read_options({"mkt_window": setting} if setting else {}).window, country) is expected


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)),
       st.sampled_from(["countries", "mkt_window", "rate_limit", "opt_words", "prefix_watch", "auto_block", "blocked_words",
                        "duplicate_minutes", "recipient_cap", "test_numbers", "allowed_countries", "consent_policy"]))  # fmt: skip
def test_no_setting_stops_the_pipeline(value: object, name: str) -> None:
    read_options({name: value})
