"""What customers' clients may send: whatever the octets, a request or SmppError; receipts that any client reads (R-96)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.channels.sms.smpp_access.clients import Client, Pace
from strowger.channels.sms.smpp_access.numbers import FINE, UNKNOWN, err_of, status_of
from strowger.channels.sms.smpp_access.reading import Submitter, read_submission
from strowger.channels.sms.smpp_access.receipts import delivery_bodies
from strowger.messaging.schemas import NewRequest
from strowger.messaging.statuses import SPELLINGS, TRACES, Status
from strowger.protocols.gsm import encode_text, sms_length
from strowger.protocols.smpp import DataSm, DeliverSm, SmppError, SubmitSm, parse_pdu, parse_receipt
from strowger.protocols.smpp.text import read_text

NOW = datetime(2026, 2, 3, 10, 42, tzinfo=UTC)
WHO = Submitter(1, 2, 180)
TAGS = st.sampled_from([0x020C, 0x020E, 0x020F, 0x0424, 0x1400, 0x1401, 0x1402, 0x1410, 0x1411, 0x1412]) | st.integers(
    0, 0xFFFF
)
TLVS = st.lists(st.tuples(TAGS, st.binary(max_size=40)), max_size=4).map(tuple)
OCTET = st.integers(0, 255)
WORDS = st.text(st.characters(max_codepoint=255), max_size=20)


@given(
    st.builds(
        SubmitSm,
        source_addr=WORDS | st.just("ACME"),
        destination_addr=WORDS | st.just("447700900123"),
        esm_class=OCTET | st.sampled_from([0, 0x40]),
        schedule_delivery_time=st.just("") | WORDS,
        validity_period=st.just("") | WORDS | st.from_regex(r"[0-9]{15}[-+R]", fullmatch=True),
        registered_delivery=OCTET,
        data_coding=OCTET,
        short_message=st.binary(max_size=254),
        tlvs=TLVS,
    )
    | st.builds(DataSm, source_addr=WORDS, destination_addr=WORDS, esm_class=OCTET, data_coding=OCTET, tlvs=TLVS)
)
def test_R96_a_submission_becomes_a_request_or_an_smpp_error(pdu: SubmitSm | DataSm) -> None:
    try:
        request = read_submission(pdu, WHO, NOW)
    except SmppError:
        return
    assert isinstance(request, NewRequest)
    assert request.valid_until > NOW
    assert request.body
    assert "\0" not in request.body


@given(st.text(min_size=1, max_size=60).filter(lambda t: "\0" not in t and "\ufffd" not in t))
def test_a_text_comes_back_as_it_was_written(text: str) -> None:
    encoded = encode_text(text, "1")
    if len(encoded.parts) > 1 or any("\ud800" <= char <= "\udfff" for char in text):
        return
    found = read_text(SubmitSm(1, data_coding=8, short_message=encoded.parts[0]))
    assert found.text == text.replace("\r\n", "\n").replace("\r", "\n")
    assert found.ucs2


@given(st.binary(max_size=160), st.integers(1, 255), st.integers(1, 255), st.sampled_from([0, 3, 8]))
def test_a_part_that_is_taken_fits_one_part(data: bytes, total: int, n: int, coding: int) -> None:
    header = bytes((5, 0, 3, 9, total, n))
    try:
        found = read_text(SubmitSm(1, esm_class=0x40, data_coding=coding, short_message=header + data))
    except SmppError:
        return
    if found.concat:
        assert sms_length(found.text, "1" if found.ucs2 else "Auto").chars <= 153


def row(status: Status, trace: str, text: str, source: str = "447700900123") -> dict[str, object]:
    moment = NOW.isoformat()
    return {
        "id": 1, "kind": 0, "request_id": UUID(int=7), "n": 1, "user_id": 2, "attempts": 0,
        "payload": {
            "source": source, "destination": "ACME", "status": int(status), "trace": trace, "final": SPELLINGS[status].final,
            "submitted": moment, "done": moment, "text": text,
        },
    }  # fmt: skip


@given(st.sampled_from([s for s in Status if SPELLINGS[s].smpp]), st.text(max_size=20), st.text(max_size=30))
def test_a_receipt_is_read_as_it_was_meant(status: Status, text: str, source: str) -> None:
    (body,) = delivery_bodies(row(status, "ABSENT-SUB", text, source), True)
    pdu = parse_pdu(b"".join(n.to_bytes(4, "big") for n in (16 + len(body), 5, 0, 1)) + body)
    assert isinstance(pdu, DeliverSm)
    receipt = parse_receipt(pdu)
    assert receipt is not None
    assert receipt.message_id == f"{UUID(int=7)}:1"
    assert receipt.err == "051"
    assert receipt.state.is_final == SPELLINGS[status].final
    assert receipt.submit_date == NOW


@given(st.text(min_size=1, max_size=700), st.booleans())
def test_an_incoming_message_reaches_every_client(text: str, with_tlvs: bool) -> None:
    found = row(Status.RECEIVED, "", "") | {"kind": 1}
    found["payload"] = {"source": "447700900123", "destination": "62442", "text": text}
    bodies = delivery_bodies(found, with_tlvs)
    assert bodies
    assert len(bodies) == 1 or not with_tlvs


def test_every_trace_has_a_number_and_success_has_none() -> None:
    assert {trace for trace in TRACES if err_of(trace) == UNKNOWN} == set()
    assert {trace for trace in TRACES if err_of(trace) == 0} == FINE
    numbers = [
        err_of(trace) for trace in ("DLT-REJECT-634", "DLT-REJECT-", "DLT-REJECT-1", "DLT-REJECT-99999999", "XYZ")
    ]
    assert numbers == [634, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]


def test_which_failures_are_answered_at_submit() -> None:
    assert status_of("SNDRID-NOT-ALLOTED", False) == 0x401
    assert status_of("INV-TEMPLATE-MATCH", False) == 0
    assert status_of("INV-TEMPLATE-MATCH", True) == 0x403
    assert status_of("DND-NUMB", True) == 0x406
    assert status_of("SPAM", True) == 0x45


def test_pace_lets_one_second_through_at_once() -> None:
    pace = Pace(0.0)
    assert [pace.take(3, 0.0) for _ in range(4)] == [True, True, True, False]
    assert [pace.take(3, 0.34) for _ in range(2)] == [True, False]
    assert [pace.take(3, 60.0) for _ in range(4)] == [True, True, True, False]
    assert pace.take(0, 60.0)


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        ([], "203.0.113.9", True),
        (["203.0.113.0/24"], "203.0.113.9", True),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["203.0.113.0/24"], "198.51.100.1", False),
        (["2001:db8::/32"], "2001:db8::1", True),
        (["2001:db8::/32"], "", False),
    ],
)
def test_where_a_client_may_come_from(networks: list[str], address: str, allowed: bool) -> None:
    facts = {
        "id": 1, "account_id": 1, "system_id": "a", "password_hash": "", "active": True, "networks": networks,
        "max_binds": 1, "window_size": 1, "tps": 0, "state": "active",
    }  # fmt: skip
    assert Client.of(facts).may_come_from(address) is allowed
