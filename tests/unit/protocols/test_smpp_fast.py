"""The hot path gives the same as the general codec, for good and for bad frames."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpp_strategies import ANY_PDU, LATIN1, SEQUENCES, TLVS, U32, mutated, pdus

from strowger.protocols.smpp import (
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    SmppError,
    SubmitSm,
    SubmitSmResp,
    SubmitTemplate,
    build_pdu,
    deliver_sm_resp_frame,
    enquire_link_frame,
    enquire_link_resp_frame,
    header,
    parse_deliver_sm,
    parse_pdu,
    parse_submit_sm,
    parse_submit_sm_resp,
    submit_sm_resp_frame,
)

pytestmark = pytest.mark.unit


def _outcome(function: Callable[[bytes], Any], frame: bytes) -> Any:
    try:
        return function(frame)
    except SmppError as error:
        return error.command_status, error.sequence_number, error.field, error.position


def _general(frame: bytes, cls: type[Any]) -> Any:
    outcome = _outcome(parse_pdu, frame)
    return outcome if isinstance(outcome, tuple | cls) else (0x03, outcome.sequence_number, "", -1)


@given(
    pdus(SubmitSm),
    SEQUENCES,
    st.text(LATIN1, max_size=20),
    st.binary(max_size=254),
    TLVS,
    st.booleans(),
)
def test_template(
    model: SubmitSm, sequence: int, destination: str, message: bytes, tlvs: tuple[tuple[int, bytes], ...], udh: bool
) -> None:
    expected = replace(
        model,
        sequence_number=sequence,
        command_status=0,
        destination_addr=destination,
        short_message=message,
        tlvs=model.tlvs + tlvs,
        esm_class=model.esm_class | 0x40 if udh else model.esm_class,
    )
    assert SubmitTemplate(model).frame(sequence, destination, message, tlvs, udh=udh) == build_pdu(expected)


@pytest.mark.parametrize(
    ("destination", "message", "status"),
    [("1" * 21, b"", 0x0B), ("1\0", b"", 0x0B), ("я", b"", 0x0B), ("1", b"x" * 255, 0x01)],
)
def test_template_refuses(destination: str, message: bytes, status: int) -> None:
    with pytest.raises(SmppError) as caught:
        SubmitTemplate(SubmitSm()).frame(5, destination, message)
    assert (caught.value.command_status, caught.value.sequence_number) == (status, 5)


@given(pdus(SubmitSm))
def test_submit_sm(pdu: SubmitSm) -> None:
    assert parse_submit_sm(build_pdu(pdu)) == pdu


@given(pdus(DeliverSm))
def test_deliver_sm(pdu: DeliverSm) -> None:
    parsed = parse_deliver_sm(build_pdu(pdu))
    assert parsed == pdu
    assert type(parsed) is DeliverSm
    assert hash(parsed) == hash(pdu)


def test_what_was_parsed_is_frozen() -> None:
    parsed = parse_deliver_sm(build_pdu(DeliverSm(1)))
    with pytest.raises(FrozenInstanceError):
        parsed.sequence_number = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del parsed.tlvs


@given(mutated(pdus(DeliverSm).map(build_pdu)) | mutated(ANY_PDU.map(build_pdu)) | st.binary(max_size=60))
def test_bad_deliver_sm(frame: bytes) -> None:
    assert _outcome(parse_deliver_sm, frame) == _general(frame, DeliverSm)


@given(mutated(pdus(SubmitSm).map(build_pdu)) | mutated(ANY_PDU.map(build_pdu)) | st.binary(max_size=60))
def test_bad_submit_sm(frame: bytes) -> None:
    assert _outcome(parse_submit_sm, frame) == _general(frame, SubmitSm)


@given(pdus(SubmitSmResp).map(build_pdu) | mutated(pdus(SubmitSmResp).map(build_pdu)) | mutated(ANY_PDU.map(build_pdu)))
def test_submit_sm_resp(frame: bytes) -> None:
    general = _general(frame, SubmitSmResp)
    if isinstance(general, SubmitSmResp):
        general = (general.command_status, general.sequence_number, general.message_id)
    assert _outcome(parse_submit_sm_resp, frame) == general


@given(U32, U32, st.text(LATIN1, max_size=64))
def test_answers(sequence: int, status: int, message_id: str) -> None:
    assert submit_sm_resp_frame(sequence, status, message_id) == build_pdu(SubmitSmResp(sequence, status, message_id))
    assert deliver_sm_resp_frame(sequence, status) == build_pdu(DeliverSmResp(sequence, status))
    assert enquire_link_frame(sequence) == build_pdu(EnquireLink(sequence))
    assert enquire_link_resp_frame(sequence) == build_pdu(EnquireLinkResp(sequence))


@given(ANY_PDU)
def test_header(pdu: Any) -> None:
    frame = build_pdu(pdu)
    assert header(frame) == (len(frame), pdu.command_id, pdu.command_status, pdu.sequence_number)


def test_header_of_too_little() -> None:
    with pytest.raises(SmppError):
        header(b"\0" * 15)
