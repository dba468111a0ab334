"""Delivery receipts in the shapes that message centres send."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpp_strategies import pdus

from strowger.protocols.smpp import (
    STATE_BY_NUMBER,
    DataSm,
    DeliverSm,
    MessageState,
    Receipt,
    build_receipt_text,
    parse_receipt,
)
from strowger.protocols.smpp.receipt_text import parse_receipt_date

pytestmark = pytest.mark.unit

USUAL = b"id:0123456789 sub:001 dlvrd:001 submit date:2511240930 done date:2511240931 stat:DELIVRD err:000 text:Your code is"
SUBMITTED = datetime(2025, 11, 24, 9, 30, tzinfo=UTC)
DONE = datetime(2025, 11, 24, 9, 31, tzinfo=UTC)


def _read(text: bytes, **fields: object) -> Receipt:
    receipt = parse_receipt(DeliverSm(**({"esm_class": 4, "short_message": text} | fields)))  # type: ignore[arg-type]
    assert receipt is not None
    return receipt


def test_the_usual_shape() -> None:
    assert _read(USUAL) == Receipt(
        "0123456789", MessageState.DELIVRD, "000", SUBMITTED, DONE, 1, 1, "Your code is", "DELIVRD"
    )


def test_what_was_parsed_is_frozen() -> None:
    receipt = _read(USUAL)
    assert type(receipt) is Receipt
    with pytest.raises(FrozenInstanceError):
        receipt.err = "1"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "message_id", "state", "err"),
    [
        (b"id:1 stat:DELIVRD", "1", "DELIVRD", ""),
        (b"ID:1 Stat:delivrd Err:0", "1", "DELIVRD", "0"),
        (b"stat:UNDELIV err:1A id:77", "77", "UNDELIV", "1A"),
        (b"id: 12 34 sub:001 stat: EXPIRED err: 0x1F text:", "1234", "EXPIRED", "0x1F"),
        (b"id:1, stat:REJECTED, err:EC_33", "1", "REJECTD", "EC_33"),
        (b"id:1;stat:UNDELIVERED;err:5", "1", "UNDELIV", "5"),
        (b"id:1 stat:FAILED err:9", "1", "FAILED", "9"),
        (b"id:1 stat:SKIPPED", "1", "SKIPPED", ""),
        (b"id:1 stat:NONSENSE err:1", "1", "UNKNOWN", "1"),
        (b"text:hello id:9 stat:ACCEPTD err:000", "9", "ACCEPTD", "000"),
        (b"id:9 stat:DELIVRD text:id:8 stat:EXPIRED", "9", "DELIVRD", ""),
        (b"", "", "UNKNOWN", ""),
        (b"free words", "", "UNKNOWN", ""),
        (b"id:7 stat:DELIVRD\0", "7", "DELIVRD", ""),
    ],
)
def test_tolerance(text: bytes, message_id: str, state: str, err: str) -> None:
    receipt = _read(text)
    assert (receipt.message_id, receipt.state, receipt.err) == (message_id, state, err)


def test_the_text_keeps_what_looks_like_fields() -> None:
    assert _read(b"id:9 stat:DELIVRD text:id:8 stat:EXPIRED").text == "id:8 stat:EXPIRED"
    assert _read(USUAL + b" err:5").text == "Your code is err:5"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2511240931", DONE),
        ("251124093107", DONE.replace(second=7)),
        ("20251124093107", DONE.replace(second=7)),
        ("2513240931", None),
        ("2502300931", None),
        ("", None),
        ("yesterday", None),
        ("٢٥١١٢٤٠٩٣١", None),
    ],
)
def test_dates(text: str, expected: datetime | None) -> None:
    assert parse_receipt_date(text) == expected


def test_dates_are_in_the_zone_of_the_carrier() -> None:
    receipt = parse_receipt(DeliverSm(esm_class=4, short_message=USUAL), zone=ZoneInfo("Asia/Kolkata"))
    assert receipt is not None
    assert receipt.done_date == datetime(2025, 11, 24, 4, 1, tzinfo=UTC)


def test_optional_parameters_come_first() -> None:
    tlvs = ((0x001E, b"A1B2\0"), (0x0427, b"\5"), (0x0423, b"\3\0\x22"))
    receipt = _read(USUAL, tlvs=tlvs)
    assert (receipt.message_id, receipt.text_id) == ("A1B2", "0123456789")
    assert (receipt.state, receipt.stat) == (MessageState.UNDELIV, "DELIVRD")
    assert (receipt.err, receipt.network_type) == ("034", 3)


def test_optional_parameters_alone_are_enough() -> None:
    receipt = parse_receipt(DataSm(esm_class=4, tlvs=((0x001E, b"x"), (0x0427, b"\2"))))
    assert receipt is not None
    assert (receipt.message_id, receipt.state, receipt.text_id) == ("x", MessageState.DELIVRD, "")


@pytest.mark.parametrize(("code", "err"), [(b"\3\0\0", "000"), (b"\3\0", "000"), (b"", "000"), (b"\3\1\0", "256")])
def test_network_error_of_zero_or_malformed_leaves_the_text(code: bytes, err: str) -> None:
    assert _read(USUAL, tlvs=((0x0423, code),)).err == err


@pytest.mark.parametrize("number", range(10))
def test_states_by_number(number: int) -> None:
    assert _read(b"id:1", tlvs=((0x0427, bytes((number,))),)).state is STATE_BY_NUMBER[number]


def test_an_unlisted_number_leaves_the_word() -> None:
    assert _read(USUAL, tlvs=((0x0427, b"\x63"),)).state is MessageState.DELIVRD


@pytest.mark.parametrize(
    ("esm_class", "is_receipt", "intermediate"),
    [
        *((esm_class, False, False) for esm_class in (0, 0x03, 0x08, 0x10, 0x18, 0x40)),
        *((esm_class, True, False) for esm_class in (0x04, 0x44, 0x84)),
        (0x20, True, True),
    ],
)
def test_which_deliveries_are_receipts(esm_class: int, is_receipt: bool, intermediate: bool) -> None:
    receipt = parse_receipt(DeliverSm(esm_class=esm_class, short_message=USUAL))
    assert (receipt is not None) is is_receipt
    assert (receipt is not None and receipt.intermediate) is intermediate


def test_a_text_alone_is_a_receipt_only_on_request() -> None:
    forged = DeliverSm(short_message=USUAL)
    assert parse_receipt(forged) is None
    assert parse_receipt(forged, by_text=True) == _read(USUAL)
    assert parse_receipt(DeliverSm(short_message=b"id: please call"), by_text=True) is None
    assert parse_receipt(DeliverSm(short_message=b"id:1", tlvs=((0x001E, b"1\0"),))) is not None


def test_other_places_and_codings_of_the_text() -> None:
    assert _read(b"", tlvs=((0x0424, USUAL),)) == _read(USUAL)
    assert _read(USUAL.decode().encode("utf-16-be"), data_coding=8) == _read(USUAL)
    assert _read(b"\5\0\3\1\1\1" + USUAL, esm_class=0x44) == _read(USUAL)


@given(
    st.text("0123456789abcdefABCDEF-", min_size=1, max_size=64),
    st.sampled_from(list(MessageState)),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001
    st.text("0123456789", min_size=3, max_size=3),
    st.text("abc é:", max_size=30),
)
def test_building_and_reading(message_id: str, state: MessageState, date: datetime, err: str, text: str) -> None:
    date = date.replace(second=0, microsecond=0, tzinfo=UTC)
    built = build_receipt_text(message_id, state, submit_date=date, done_date=date, err=err, text=text)
    receipt = _read(built.encode("latin-1"))
    assert (receipt.message_id, receipt.state, receipt.err, receipt.done_date) == (message_id, state, err, date)
    assert receipt.dlvrd == (1 if state == "DELIVRD" else 0)
    assert receipt.text == text[:20]


@given(pdus(DeliverSm), st.booleans())
def test_any_delivery_is_read(pdu: DeliverSm, by_text: bool) -> None:
    receipt = parse_receipt(pdu, by_text=by_text)
    assert receipt is None or isinstance(receipt.state, MessageState)


PIECES = st.sampled_from(
    b"id:|ID :|stat:|err:|text:|Text:|sub:|dlvrd:|submit date:|done date:| |DELIVRD|2511240931|999999999999|\0|\xff".split(
        b"|"
    )
)


@given(st.lists(PIECES | st.binary(max_size=6), max_size=30).map(b"".join), st.sampled_from([0, 3, 8]))
def test_any_text_is_read(text: bytes, data_coding: int) -> None:
    assert _read(b"", data_coding=data_coding, tlvs=((0x0424, text),)) is not None


def test_a_hostile_text_ends() -> None:
    assert _read(b"", tlvs=((0x0424, b"id:" * 20000),)).state is MessageState.UNKNOWN
    assert _read(b"", tlvs=((0x0424, b"submit date" * 5000),)) is not None
