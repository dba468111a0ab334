"""Every command there and back, known octets, and what is refused."""

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smpp_strategies import ANY_PDU, mutated, pdus

from strowger.protocols.gsm import Concat
from strowger.protocols.smpp import (
    BindReceiverResp,
    BindTransceiver,
    BindTransmitter,
    CancelSmResp,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    KnownPdu,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    SmppError,
    SubmitSm,
    SubmitSmResp,
    UnknownPdu,
    build_pdu,
    int_tlv,
    parse_pdu,
    text_tlv,
    tlv_int,
    tlv_text,
)
from strowger.protocols.smpp import constants as c
from strowger.protocols.smpp.layout import LAYOUTS, PDU_CLASSES

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("cls", list(LAYOUTS), ids=lambda cls: cls.__name__)
def test_every_command_survives_the_round_trip(cls: type[KnownPdu]) -> None:
    @settings(max_examples=40)
    @given(pdus(cls))
    def check(pdu: KnownPdu) -> None:
        frame = build_pdu(pdu)
        assert parse_pdu(frame) == pdu
        assert build_pdu(parse_pdu(frame)) == frame

    check()


def test_every_command_is_laid_out_and_named() -> None:
    not_in_use = {c.SUBMIT_MULTI, c.SUBMIT_MULTI_RESP}
    assert set(PDU_CLASSES) == set(c.COMMAND_NAMES) - not_in_use
    for cls, layout in LAYOUTS.items():
        names = [field.name for field in layout.fields] + ["tlvs"] * layout.tlvs
        assert [field.name for field in fields(cls)][2:] == names


VECTORS: list[tuple[str, Pdu]] = [
    (
        # The example of section 3.2.3
        "0000002f000000020000000000000001534d50503354455354007365637265743038005355424d4954310000010100",
        BindTransmitter(1, 0, "SMPP3TEST", "secret08", "SUBMIT1", 0, 1, 1, ""),
    ),
    (
        "00000023 00000009 00000000 00000001 75736572 00 70617373 00 736d7070 00 34 01 01 00",
        BindTransceiver(1, 0, "user", "pass", "smpp", 0x34, 1, 1, ""),
    ),
    ("00000019 80000001 00000000 00000001 53494d 00 0210 0001 34", BindReceiverResp(1, 0, "SIM", ((0x0210, b"\x34"),))),
    ("00000010 80000001 0000000e 00000002", BindReceiverResp(2, 0x0E)),
    ("00000010 00000015 00000000 0000002a", EnquireLink(42)),
    ("00000010 80000000 00000003 00000000", GenericNack(0, 3)),
    (
        (
            "00000036 00000004 00000000 00000005 00 05 00 4b414c455952 00 01 01 34393137303132 00"
            "00 00 00 00 00 01 00 00 00 02 4869 0204 0002 0007"
        ),
        SubmitSm(
            5,
            source_addr_ton=5,
            source_addr="KALEYR",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="4917012",
            registered_delivery=1,
            short_message=b"Hi",
            tlvs=((0x0204, b"\0\7"),),
        ),
    ),
    ("00000014 80000004 00000000 00000005 616263 00", SubmitSmResp(5, 0, "abc")),
    ("00000010 80000004 00000058 00000005", SubmitSmResp(5, 0x58)),
    ("00000011 80000005 00000000 00000006 00", DeliverSmResp(6)),
    (
        (
            "00000038 00000005 00000000 00000006 00 01 01 3439313731 00 01 01 35353535 00"
            "04 00 00 00 00 00 00 00 00 02 6f6b 001e 0003 6162 00 0427 0001 02"
        ),
        DeliverSm(
            6,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="49171",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="5555",
            esm_class=4,
            short_message=b"ok",
            tlvs=((0x001E, b"ab\0"), (0x0427, b"\2")),
        ),
    ),
    ("00000017 00000003 00000000 00000007 616263 00 01 01 00", QuerySm(7, 0, "abc", 1, 1, "")),
    ("00000017 80000003 00000000 00000007 616263 00 00 02 00", QuerySmResp(7, 0, "abc", "", 2, 0)),
    (
        "0000001b 00000007 00000000 00000008 61 00 01 01 00 00 00 00 00 01 78",
        ReplaceSm(8, 0, "a", 1, 1, "", "", "", 0, 0, b"x"),
    ),
    (
        "00000024 00000103 00000000 00000009 00 00 00 31 00 01 01 32 00 00 01 08 0424 0004 00410042",
        DataSm(9, 0, "", 0, 0, "1", 1, 1, "2", 0, 1, 8, ((0x0424, b"\0A\0B"),)),
    ),
    ("00000014 00000021 00000000 0000000a 00010203", UnknownPdu(10, 0, 0x21, b"\0\1\2\3")),
]


@pytest.mark.parametrize(
    ("octets", "pdu"), VECTORS, ids=lambda value: "" if isinstance(value, str) else type(value).__name__
)
def test_known_octets(octets: str, pdu: Pdu) -> None:
    frame = bytes.fromhex(octets)
    assert int.from_bytes(frame[:4], "big") == len(frame)
    assert parse_pdu(frame) == pdu
    assert build_pdu(pdu) == frame


def _frame(command_id: int, body: bytes, status: int = 0, length: int | None = None) -> bytes:
    size = 16 + len(body) if length is None else length
    return b"".join(number.to_bytes(4, "big") for number in (size, command_id, status, 77)) + body


@pytest.mark.parametrize("command_id", [cid for cid in PDU_CLASSES if cid & c.RESPONSE_BIT])
@pytest.mark.parametrize("status", [0, 8])
def test_an_answer_may_have_no_body(command_id: int, status: int) -> None:
    assert parse_pdu(_frame(command_id, b"", status)) == PDU_CLASSES[command_id](77, status)


def test_extra_octets_of_a_command_without_parameters_are_ignored() -> None:
    assert parse_pdu(_frame(c.ENQUIRE_LINK, b"\0")) == EnquireLink(77)
    assert parse_pdu(_frame(c.CANCEL_SM_RESP, b"abc")) == CancelSmResp(77)


@pytest.mark.parametrize(
    ("frame", "status", "field"),
    [
        (_frame(c.ENQUIRE_LINK, b"", length=17), 0x02, ""),
        (_frame(c.ENQUIRE_LINK, b"", length=15), 0x02, ""),
        (_frame(c.SUBMIT_SM, b""), 0x02, "service_type"),
        (_frame(c.SUBMIT_SM, b"toolong\0"), 0x15, "service_type"),
        (_frame(c.SUBMIT_SM, b"\0\1"), 0x02, "source_addr_npi"),
        (_frame(c.SUBMIT_SM, b"\0\1\1" + b"1" * 21 + b"\0"), 0x0A, "source_addr"),
        (_frame(c.SUBMIT_SM, b"\0\1\1" + b"1" * 5), 0x02, "source_addr"),
        (_frame(c.SUBMIT_SM, b"\0\1\1\0\1\1" + b"1" * 21 + b"\0"), 0x0B, "destination_addr"),
        (_frame(c.SUBMIT_SM, b"\0\1\1\0\1\1\0\0\0\0" + b"1" * 17 + b"\0"), 0x61, "schedule_delivery_time"),
        (_frame(c.SUBMIT_SM, b"\0\1\1\0\1\1\0\0\0\0\0" + b"1" * 17 + b"\0"), 0x62, "validity_period"),
        (_frame(c.SUBMIT_SM, b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0\5abc"), 0x01, "short_message"),
        (_frame(c.SUBMIT_SM, b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0\xff" + b"a" * 255), 0x01, "short_message"),
        (_frame(c.SUBMIT_SM, b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0\0\x04\x24\0"), 0xC0, "tlv"),
        (_frame(c.SUBMIT_SM, b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0\0\x04\x24\0\2a"), 0xC0, "tlv"),
        (_frame(c.SUBMIT_SM_RESP, b"a" * 65 + b"\0"), 0x0C, "message_id"),
        (_frame(c.BIND_TRANSCEIVER, b"u\0" + b"p" * 65 + b"\0"), 0x0E, "password"),
        (_frame(c.BIND_TRANSCEIVER, b"u" * 16 + b"\0"), 0x0F, "system_id"),
    ],
)
def test_what_is_refused_and_where(frame: bytes, status: int, field: str) -> None:
    with pytest.raises(SmppError) as caught:
        parse_pdu(frame)
    assert (caught.value.command_status, caught.value.field) == (status, field)
    assert caught.value.sequence_number == 77


@pytest.mark.parametrize(
    "pdu",
    [
        SubmitSm(1, source_addr="1" * 21),
        SubmitSm(1, source_addr="a\0b"),
        SubmitSm(1, source_addr="я"),
        SubmitSm(1, data_coding=256),
        SubmitSm(1, data_coding=-1),
        SubmitSm(1, short_message=b"x" * 255),
        SubmitSm(1, tlvs=((0x424, b"x" * 65536),)),
        SubmitSm(1, tlvs=((70000, b""),)),
        SubmitSm(-1),
        UnknownPdu(1 << 32),
    ],
)
def test_what_cannot_be_built(pdu: Pdu) -> None:
    with pytest.raises(SmppError):
        build_pdu(pdu)


def test_message_payload_and_segments() -> None:
    pdu = SubmitSm(tlvs=(int_tlv(0x20C, 300), int_tlv(0x20E, 2), int_tlv(0x20F, 1), (0x424, b"long")))
    assert pdu.user_data == b"long"
    assert pdu.sar == Concat(300, 2, 1)
    assert SubmitSm(short_message=b"s", tlvs=pdu.tlvs).user_data == b"s"
    assert SubmitSm(tlvs=pdu.tlvs[:2]).sar is None


def test_typed_parameters() -> None:
    assert int_tlv(0x427, 2) == (0x427, b"\2")
    assert int_tlv(0x3000, 300) == (0x3000, b"\1\x2c")
    assert text_tlv(0x1E, "id") == (0x1E, b"id\0")
    assert text_tlv(0x1400, "110") == (0x1400, b"110")
    tlvs = (text_tlv(0x1E, "id"), int_tlv(0x204, 7), (0x427, b""))
    assert (tlv_text(tlvs, 0x1E), tlv_int(tlvs, 0x204), tlv_int(tlvs, 0x427), tlv_text(tlvs, 1)) == (
        "id",
        7,
        None,
        None,
    )
    for value in (-1, 256):
        with pytest.raises(SmppError):
            int_tlv(0x427, value)
    with pytest.raises(SmppError):
        text_tlv(0x1E, "я")


@given(st.binary(max_size=120))
def test_random_octets(data: bytes) -> None:
    _parse_or_smpp_error(data)


@given(st.sampled_from(list(PDU_CLASSES)), st.binary(max_size=200), st.sampled_from([0, 8]))
def test_random_bodies(command_id: int, body: bytes, status: int) -> None:
    _parse_or_smpp_error(_frame(command_id, body, status))


@given(mutated(ANY_PDU.map(build_pdu)))
def test_mutated_frames(frame: bytes) -> None:
    _parse_or_smpp_error(frame)


def _parse_or_smpp_error(frame: bytes) -> None:
    try:
        pdu = parse_pdu(frame)
    except SmppError:
        return
    assert parse_pdu(build_pdu(pdu)) == pdu
