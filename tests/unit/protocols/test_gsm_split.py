"""Encoding into parts, data codings and user data headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.protocols.gsm import (
    Concat,
    DefaultAlphabet,
    EncodedText,
    Ports,
    UnicodeMode,
    decode_text,
    encode_text,
    is_binary,
    message_class,
    parse_udh,
    split_user_data,
    udh_concat,
    udh_concat16,
)

pytestmark = pytest.mark.unit

ALPHABETS: list[DefaultAlphabet] = ["gsm7", "latin1", "ascii", "utf8"]


@pytest.mark.parametrize(
    ("text", "flash", "expected"),
    [
        ("Hi@", False, EncodedText("GSM7", 0x00, (b"Hi\x00",))),
        ("Hi@", True, EncodedText("GSM7", 0x10, (b"Hi\x00",))),
        ("я", False, EncodedText("UCS2", 0x08, (b"\x04\x4f",))),
        ("я", True, EncodedText("UCS2", 0x18, (b"\x04\x4f",))),
        ("😀", False, EncodedText("UCS2", 0x08, (b"\xd8\x3d\xde\x00",))),
        ("", False, EncodedText("GSM7", 0x00, (b"",))),
    ],
)
def test_encoding(text: str, flash: bool, expected: EncodedText) -> None:
    assert encode_text(text, flash=flash) == expected


@pytest.mark.parametrize(
    ("alphabet", "text", "unicode", "expected"),
    [
        ("latin1", "@é", "Auto", EncodedText("GSM7", 0, (b"@\xe9",))),
        ("latin1", "€", "Auto", EncodedText("UCS2", 8, (b"\x20\xac",))),
        ("latin1", "€", "0", EncodedText("GSM7", 0, (b"?",))),
        ("ascii", "a@$", "Auto", EncodedText("GSM7", 0, (b"a@$",))),
        ("ascii", "é", "Auto", EncodedText("UCS2", 8, (b"\x00\xe9",))),
        ("utf8", "é€", "Auto", EncodedText("GSM7", 0, ("é€".encode(),))),
    ],
)
def test_other_default_alphabets(
    alphabet: DefaultAlphabet, text: str, unicode: UnicodeMode, expected: EncodedText
) -> None:
    assert encode_text(text, unicode, default_alphabet=alphabet) == expected


@given(st.text(alphabet="abc@é€{\n", max_size=400), st.sampled_from(ALPHABETS))
def test_what_is_encoded_can_be_decoded(text: str, alphabet: DefaultAlphabet) -> None:
    encoded = encode_text(text, default_alphabet=alphabet)
    parts = (decode_text(part, encoded.data_coding, default_alphabet=alphabet) for part in encoded.parts)
    assert "".join(parts) == text


@pytest.mark.parametrize(
    ("payload", "data_coding", "text"),
    [
        (b"\x00A", 0x00, "@A"),
        (b"@A", 0x01, "@A"),
        (b"caf\xe9", 0x03, "café"),
        (b"\xde\xad", 0x02, "dead"),
        (b"\xde\xad", 0x04, "dead"),
        (b"\x20\xac", 0x08, "€"),
        (b"\x20\xac\x20", 0x08, "€"),
        (b"\xd8\x3d", 0x08, "\ufffd"),
        (b"\x00", 0x10, "@"),
        (b"\xff", 0x15, "ff"),
        (b"\x20\xac", 0x18, "€"),
        (b"\x20\xac", 0x1B, "€"),
        (b"\x00", 0xF0, "@"),
        (b"\xff", 0xF5, "ff"),
        (b"\x20\xac", 0xE0, "€"),
        (b"\x00", 0xC0, "@"),
        (b"\xd0", 0x06, "а"),
    ],
)
def test_data_codings(payload: bytes, data_coding: int, text: str) -> None:
    assert decode_text(payload, data_coding) == text


@given(st.binary(max_size=200), st.integers(0, 255), st.sampled_from(ALPHABETS))
def test_decoding_never_raises(payload: bytes, data_coding: int, alphabet: DefaultAlphabet) -> None:
    assert isinstance(decode_text(payload, data_coding, default_alphabet=alphabet), str)


@pytest.mark.parametrize(
    ("data_coding", "expected"), [(0, None), (8, None), (0x10, 0), (0x19, 1), (0xF2, 2), (3, None)]
)
def test_message_class(data_coding: int, expected: int | None) -> None:
    assert message_class(data_coding) == expected


def test_binary_data_codings() -> None:
    assert [dc for dc in range(256) if is_binary(dc)] == [
        2,
        4,
        *range(0x14, 0x18),
        *(range(0xF4, 0xF8)),
        *range(0xFC, 0x100),
    ]


def test_concatenation_headers() -> None:
    assert udh_concat(0x1A7, 3, 2).hex() == "050003a70302"
    assert udh_concat16(0x1A7, 3, 2).hex() == "06080401a70302"


@given(st.integers(0, 0xFFFF), st.integers(1, 255), st.data(), st.binary(max_size=140))
def test_concatenation_headers_read_back(ref: int, total: int, data: st.DataObject, payload: bytes) -> None:
    n = data.draw(st.integers(1, total))
    udh, rest = split_user_data(udh_concat(ref, total, n) + payload, 0x40)
    assert (udh and udh.concat, rest) == (Concat(ref & 0xFF, total, n), payload)
    udh, rest = split_user_data(udh_concat16(ref, total, n) + payload, 0x44)
    assert (udh and udh.concat, rest) == (Concat(ref, total, n), payload)


@pytest.mark.parametrize(
    ("header", "concat", "ports", "length"),
    [
        ("0b05040b8423f00003010201", Concat(1, 2, 1), Ports(0x0B84, 0x23F0), 12),
        ("0404020102", None, Ports(1, 2), 5),
        ("050003010200", None, None, 6),
        ("050003010203", None, None, 6),
        ("0400037f", None, None, 0),
        ("0200ff", None, None, 3),
        ("00", None, None, 1),
        ("", None, None, 0),
    ],
)
def test_headers(header: str, concat: Concat | None, ports: Ports | None, length: int) -> None:
    udh = parse_udh(bytes.fromhex(header))
    assert (udh.concat, udh.ports, udh.length) == (concat, ports, length)


def test_without_the_indicator_there_is_no_header() -> None:
    assert split_user_data(b"\x05\x00\x03abc", 0) == (None, b"\x05\x00\x03abc")
    assert split_user_data(b"\xffshort", 0x40) == (None, b"\xffshort")


@given(st.binary(max_size=200), st.integers(0, 255))
def test_headers_never_raise(data: bytes, esm_class: int) -> None:
    udh = parse_udh(data)
    assert 0 <= udh.length <= len(data)
    found, payload = split_user_data(data, esm_class)
    assert data.endswith(payload)
    assert found is None or found.length + len(payload) == len(data)
