"""Times, message ids, statuses and session rules."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.protocols.smpp import (
    COMMAND_NAMES,
    STATUS,
    IdQuirk,
    RelativeTime,
    SequenceCounter,
    SessionState,
    SmppError,
    candidate_ids,
    carrier_status_info,
    command_name,
    format_time,
    is_allowed,
    normalise_id,
    parse_time,
    status_info,
)
from strowger.protocols.smpp import constants as c
from strowger.protocols.smpp.session import ALLOWED, Party

pytestmark = pytest.mark.unit

ZONES = st.integers(-48, 48).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=ZONES)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("020610233429000R", RelativeTime(2, 6, 10, 23, 34, 29)),
        ("251124093015304+", datetime(2025, 11, 24, 9, 30, 15, 300_000, timezone(timedelta(hours=1)))),
        ("251124093015020-", datetime(2025, 11, 24, 9, 30, 15, 0, timezone(timedelta(hours=-5)))),
        ("251124093015000+", datetime(2025, 11, 24, 9, 30, 15, tzinfo=UTC)),
    ],
)
def test_time_formats(text: str, value: datetime | RelativeTime | None) -> None:
    assert parse_time(text) == value
    assert format_time(value) == text


@given(TIMES)
def test_absolute_times_survive_the_round_trip(value: datetime) -> None:
    tenths = value.replace(microsecond=value.microsecond // 100_000 * 100_000)
    assert parse_time(format_time(value)) == tenths


@given(st.builds(RelativeTime, *[st.integers(0, 99)] * 6))
def test_relative_times_survive_the_round_trip(value: RelativeTime) -> None:
    assert parse_time(format_time(value)) == value


@pytest.mark.parametrize("text", ["x", "251324093015000+", "251124093015049+", "25112409301500+", "251124093015000Z"])
def test_bad_times(text: str) -> None:
    with pytest.raises(SmppError) as caught:
        parse_time(text, 0x62, 9)
    assert (caught.value.command_status, caught.value.sequence_number) == (0x62, 9)


@given(st.text("0123456789+-R", max_size=18))
def test_any_time_text_ends(text: str) -> None:
    try:
        parse_time(text)
    except SmppError:
        return


def test_times_that_cannot_be_written_as_they_are() -> None:
    odd = timezone(timedelta(minutes=7))
    assert format_time(datetime(2025, 1, 1, 0, 7, tzinfo=odd)) == "250101000000000+"
    assert format_time(datetime(2025, 1, 1)) == "250101000000000+"  # noqa: DTZ001
    for value in (datetime(1999, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=odd), RelativeTime(days=100)):
        with pytest.raises(SmppError):
            format_time(value)


def test_relative_times_follow_the_calendar() -> None:
    start = datetime(2024, 1, 31, 12, tzinfo=UTC)
    assert RelativeTime(months=1).after(start) == datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert RelativeTime(years=1, months=11, hours=13).after(start) == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert RelativeTime.of(timedelta(days=2, hours=3, seconds=61)) == RelativeTime(0, 0, 2, 3, 1, 1)
    assert RelativeTime.of(timedelta(days=400)) == RelativeTime(0, 0, 99, 23, 59, 59)
    assert RelativeTime.of(timedelta(seconds=-1)) == RelativeTime()


@pytest.mark.parametrize(
    ("quirk", "submit", "receipt"),
    [
        ("as-is", "AbC-1", " AbC-1 "),
        ("hex", "00ff0A", "FF0a"),
        ("dec", "0012", "12"),
        ("submit-hex-receipt-dec", "1F", "0000000031"),
        ("submit-dec-receipt-hex", "0000000031", "1f"),
        ("dec", "ABC-1", "abc-1"),
        ("hex", "not_hex", "NOT_HEX"),
    ],
)
def test_both_sides_of_an_id_meet(quirk: IdQuirk, submit: str, receipt: str) -> None:
    assert normalise_id(submit, quirk, "submit") == normalise_id(receipt, quirk, "receipt")


def test_as_is_changes_nothing_but_white_space() -> None:
    assert normalise_id(" 00aF ", "as-is", "submit") == "00aF"


@given(st.text(max_size=80), st.sampled_from(["as-is", "hex", "dec", "submit-hex-receipt-dec"]))
def test_any_id_is_normalised_once(raw: str, quirk: IdQuirk) -> None:
    normalised = normalise_id(raw, quirk, "receipt")
    assert quirk == "hex" or normalise_id(normalised, quirk, "receipt") == normalised
    assert raw.strip() in candidate_ids(raw)


@given(st.integers(0, 1 << 64))
def test_candidates_hold_the_other_spelling(number: int) -> None:
    assert str(number) in candidate_ids(f"{number:X}")
    assert f"{number:x}" in candidate_ids(f"{number:010d}")
    assert f"{number:X}" in candidate_ids(str(number))


def test_statuses() -> None:
    assert len(STATUS) == 48 + 9
    assert status_info(0x58).kind == "retry"
    assert status_info(0x400).name == "INSUFFICIENT_CREDITS"
    assert carrier_status_info(0x400).text == "Vendor-specific status"
    assert carrier_status_info(0x12345).name == "0x00012345"
    assert len({info.name for info in STATUS.values()}) == len(STATUS)


def test_sequence_numbers_start_again() -> None:
    assert [SequenceCounter().next(), SequenceCounter(41).next()] == [1, 42]
    counter = SequenceCounter(0x7FFFFFFE)
    assert [counter.next(), counter.next(), counter.next()] == [0x7FFFFFFF, 1, 2]


def test_every_command_has_a_rule() -> None:
    assert set(ALLOWED) == set(COMMAND_NAMES)
    assert command_name(c.SUBMIT_SM) == "submit_sm"
    assert command_name(0x99) == "0x00000099"


@pytest.mark.parametrize(
    ("command", "state", "sender", "allowed"),
    [
        (c.BIND_TRANSCEIVER, SessionState.OPEN, "esme", True),
        (c.BIND_TRANSCEIVER, SessionState.BOUND_TRX, "esme", False),
        (c.BIND_TRANSCEIVER, SessionState.OPEN, "smsc", False),
        (c.OUTBIND, SessionState.OPEN, "smsc", True),
        (c.SUBMIT_SM, SessionState.BOUND_TX, "esme", True),
        (c.SUBMIT_SM, SessionState.BOUND_RX, "esme", False),
        (c.SUBMIT_SM, SessionState.OPEN, "esme", False),
        (c.SUBMIT_SM, SessionState.BOUND_TX, "smsc", False),
        (c.SUBMIT_SM_RESP, SessionState.BOUND_TRX, "smsc", True),
        (c.DELIVER_SM, SessionState.BOUND_RX, "smsc", True),
        (c.DELIVER_SM, SessionState.BOUND_TX, "smsc", False),
        (c.DATA_SM, SessionState.BOUND_RX, "smsc", True),
        (c.ENQUIRE_LINK, SessionState.BOUND_RX, "smsc", True),
        (c.ENQUIRE_LINK, SessionState.CLOSED, "smsc", False),
        (c.UNBIND_RESP, SessionState.UNBOUND, "esme", True),
        (0x99, SessionState.BOUND_TRX, "esme", False),
    ],
)
def test_session_rules(command: int, state: SessionState, sender: Party, allowed: bool) -> None:
    assert is_allowed(command, state, sender) is allowed


def test_what_a_bound_session_can_do() -> None:
    able = {state: (state.is_bound, state.can_submit, state.can_deliver) for state in SessionState}
    assert able[SessionState.BOUND_TX] == (True, True, False)
    assert able[SessionState.BOUND_RX] == (True, False, True)
    assert able[SessionState.BOUND_TRX] == (True, True, True)
    assert able[SessionState.OPEN] == able[SessionState.UNBOUND] == able[SessionState.CLOSED] == (False,) * 3
