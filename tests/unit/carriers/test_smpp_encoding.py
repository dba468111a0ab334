"""From a submission to the octets of its parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from strowger.channels.sms.carriers.registry import KINDS, read_config
from strowger.channels.sms.carriers.smpp.encoding import Encoder, address_type, reference_of
from strowger.messaging.schemas import Submission
from strowger.protocols.gsm import decode_text, parse_udh
from strowger.protocols.smpp import SmppError, parse_submit_sm
from strowger.protocols.smpp.pdu import SubmitSm
from strowger.protocols.smpp.tlv import TLV_DESTINATION_PORT, TLV_SOURCE_PORT

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def encode(
    body: str, sender: str = "STROWG", minutes: float = 60, options: dict[str, Any] | None = None, **config: Any
) -> list[SubmitSm]:
    settings = read_config(KINDS["smpp"], {"host": "h", "port": 1, "system_id": "me"} | config)
    submission = Submission(
        1,
        UUID(int=0xABCDEF),
        1,
        7,
        1,
        0,
        NOW,
        NOW + timedelta(minutes=minutes),
        "DEFAULT",
        sender,
        "447700900001",
        body,
        options or {},
        None,
    )
    encoded = Encoder(settings).encode(submission, NOW)
    return [
        parse_submit_sm(encoded.template.frame(n, submission.recipient, part.message, part.tlvs, udh=part.udh))
        for n, part in enumerate(encoded.parts, 1)
    ]


def test_long_texts_by_each_form() -> None:
    body = "abc" * 150
    short = encode(body, long_messages="udh8")
    assert [(p.esm_class, (u := parse_udh(p.short_message)).concat and u.concat.n, u.length) for p in short] == [
        (0x40, 1, 6),
        (0x40, 2, 6),
        (0x40, 3, 6),
    ]
    wide = encode(body, long_messages="udh16")
    assert [parse_udh(p.short_message).length for p in wide] == [7, 7, 7]
    assert [len(p.short_message) for p in wide] == [159, 159, 153]  # 7 octets are 8 septets on the air: 160 in all
    umlauts = encode("ж" * 100, long_messages="udh16")
    assert [len(p.short_message) for p in umlauts] == [139, 75]
    sar = encode(body, long_messages="sar")
    assert [(s.n, s.total) for p in sar if (s := p.sar)] == [(1, 3), (2, 3), (3, 3)]
    assert "".join(decode_text(p.short_message, 0) for p in sar) == body
    (payload,) = encode(body, long_messages="payload")
    assert (payload.short_message, decode_text(payload.user_data, 0)) == (b"", body)


@pytest.mark.parametrize(("form", "length"), [("udh8", 12), ("udh16", 13)])
def test_a_port_stands_in_the_header_of_each_part(form: str, length: int) -> None:
    (one,) = encode("a" * 152, options={"port": 16000}, long_messages=form)
    header = parse_udh(one.short_message)
    assert (one.esm_class, header.length, header.ports and header.ports.destination) == (0x40, 7, 16000)
    parts = encode("a" * 153, options={"port": 16000}, long_messages=form)
    headers = [parse_udh(part.short_message) for part in parts]
    assert [(h.length, h.concat and h.concat.n, h.ports and h.ports.destination) for h in headers] == [
        (length, 1, 16000), (length, 2, 16000),
    ]  # fmt: skip
    assert "".join(decode_text(p.short_message[length:], 0) for p in parts) == "a" * 153


@pytest.mark.parametrize("form", ["sar", "payload"])
def test_a_port_is_a_parameter_where_the_carrier_makes_the_header(form: str) -> None:
    for pdu in encode("a" * 200, options={"port": 16000}, long_messages=form):
        found = dict(pdu.tlvs)
        assert (found[TLV_SOURCE_PORT], found[TLV_DESTINATION_PORT]) == (b"\0\0", b"\x3e\x80")
        assert pdu.esm_class == 0


def test_octets_beyond_short_message_go_as_payload() -> None:
    (pdu,) = encode("é" * 150, default_alphabet="utf8")
    assert pdu.short_message == b""
    assert pdu.user_data.decode() == "é" * 150


def test_the_reference_is_the_same_at_each_try() -> None:
    first, second = encode("x" * 400), encode("x" * 400)
    assert [p.short_message[:6] for p in first] == [p.short_message[:6] for p in second]
    assert (
        0
        <= reference_of(Submission(1, UUID(int=(1 << 128) - 1), 9, 7, 1, 0, NOW, NOW, "", "", "", "", {}, None))
        <= 0xFFFF
    )


@pytest.mark.parametrize(
    ("form", "minutes", "text"),
    [
        ("relative", 60, "000000010000000R"),
        ("relative", 0.1, "000000000100000R"),
        ("relative", 2880, "000002000000000R"),
        ("absolute", 60, "260101010000000+"),
        ("none", 60, ""),
    ],
)
def test_validity(form: str, minutes: float, text: str) -> None:
    assert encode("Hi", minutes=minutes, validity=form)[0].validity_period == text


@pytest.mark.parametrize(
    ("sender", "expected"),
    [("ACME", (5, 0)), ("12345", (3, 0)), ("447700900001", (1, 1)), ("+447700900001", (1, 1)), ("A1", (5, 0))],
)
def test_types_of_senders(sender: str, expected: tuple[int, int]) -> None:
    assert address_type(sender, "auto", "auto") == expected


def test_configured_types_and_service() -> None:
    (pdu,) = encode("Hi", source_ton="2", source_npi="8", dest_ton=0, dest_npi=0, service_type="CMT")
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.dest_addr_ton, pdu.dest_addr_npi) == (2, 8, 0, 0)
    assert pdu.service_type == "CMT"


@pytest.mark.parametrize(
    ("options", "coding", "receipt"),
    [
        ({}, 0, 1),
        ({"dlr": "0"}, 0, 0),
        ({"flash": "1"}, 0x10, 1),
        ({"unicode": 1}, 8, 1),
        ({"flash": 1, "unicode": "1"}, 0x18, 1),
    ],
)
def test_options(options: dict[str, Any], coding: int, receipt: int) -> None:
    (pdu,) = encode("Hi", options=options)
    assert (pdu.data_coding, pdu.registered_delivery) == (coding, receipt)


def test_unicode_off_transliterates() -> None:
    assert encode("“x” 日", options={"unicode": "0"})[0].short_message == b'"x" ?'


def test_a_sender_that_cannot_be_written_is_named() -> None:
    with pytest.raises(SmppError) as refused:
        encode("Hi", sender="日本")
    assert refused.value.field == "source_addr"


def test_india_gets_entity_template_and_telemarketer_with_every_part() -> None:
    options = {"entity_id": "110100000000000123", "template_id": "1107100000000012345"}
    parts = encode("abc" * 150, options=options, dlt=True, telemarketer_id="1202,1303")
    assert len(parts) == 3
    for part in parts:
        assert part.tlvs[-3:] == (
            (0x1400, b"110100000000000123"),
            (0x1401, b"1107100000000012345"),
            (0x1402, b"1202,1303"),
        )
    assert encode("abc", options=options)[0].tlvs == ()
    assert encode("abc", dlt=True)[0].tlvs == ()
