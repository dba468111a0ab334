"""The GSM 7-bit alphabet against the tables of 3GPP TS 23.038."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.protocols.gsm import (
    EXTENSION_CHARACTERS,
    GSM7_CHARACTERS,
    decode_gsm7,
    encode_gsm7,
    is_gsm7,
    not_gsm7,
    pack7,
    transliterate,
    unpack7,
)

pytestmark = pytest.mark.unit

GSM_TEXT = st.text(alphabet=sorted(GSM7_CHARACTERS), max_size=400)
SEPTETS = st.binary(max_size=200).map(lambda data: bytes(octet & 0x7F for octet in data))


def test_the_tables_are_complete() -> None:
    assert len(GSM7_CHARACTERS) == 127 + 10
    assert set("^{}\\[~]|€\f") == EXTENSION_CHARACTERS


@pytest.mark.parametrize("char", sorted(GSM7_CHARACTERS))
def test_every_character_survives_the_round_trip(char: str) -> None:
    encoded = encode_gsm7(char)
    assert len(encoded) == (2 if char in EXTENSION_CHARACTERS else 1)
    assert decode_gsm7(encoded) == char


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("@", "00"),
        ("£$¥", "010203"),
        ("Δ_ΦΓΛΩΠΨΣΘΞ", "101112131415161718191a"),
        ("ÆæßÉ", "1c1d1e1f"),
        ("¤", "24"),
        ("¡AZ", "40415a"),
        ("ÄÖÑÜ§¿", "5b5c5d5e5f60"),
        ("azäöñüà", "617a7b7c7d7e7f"),
        ("èéùìòÇ\nØø\rÅå", "0405060708090a0b0c0d0e0f"),
        ("\f^{}\\[~]|€", "1b0a1b141b281b291b2f1b3c1b3d1b3e1b401b65"),
    ],
)
def test_known_codes(text: str, octets: str) -> None:
    assert encode_gsm7(text).hex() == octets
    assert decode_gsm7(bytes.fromhex(octets)) == text


@given(GSM_TEXT)
def test_text_survives_the_round_trip(text: str) -> None:
    assert is_gsm7(text)
    assert not_gsm7(text) == []
    assert decode_gsm7(encode_gsm7(text)) == text


@given(st.text(max_size=60))
def test_detection_agrees_with_the_tables(text: str) -> None:
    outside = [char for char in text if char not in GSM7_CHARACTERS]
    assert is_gsm7(text) is not bool(outside)
    assert not_gsm7(text) == list(dict.fromkeys(outside))
    if outside:
        with pytest.raises(UnicodeEncodeError):
            encode_gsm7(text)


@given(st.binary(max_size=300))
def test_decoding_takes_any_octets(data: bytes) -> None:
    assert len(decode_gsm7(data)) <= len(data)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"a\x1b", "a "),
        (b"\x1b\x1b", " "),
        (b"\x1ba", "a"),
        (b"\x80\xff", "\ufffd\ufffd"),
        (b"\x1b\xc8", "\ufffd"),
    ],
)
def test_what_the_tables_leave_open(octets: bytes, text: str) -> None:
    assert decode_gsm7(octets) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“quoted” ‘single’ «guillemets»", '"quoted" \'single\' "guillemets"'),
        ("a — b – c", "a - b - c"),
        ("wait…", "wait..."),
        ("café à la carte", "café à la carte"),
        ("cafe\u0301", "café"),
        ("ćçâŁœ", "ccaLoe"),
        ("no\u00a0break\u200b", "no break"),
        ("ﬁ ½ ™", "fi 1/2 TM"),
        ("Привет 😀", "?????? ?"),
        ("`code`", "'code'"),
    ],
)
def test_transliteration(text: str, plain: str) -> None:
    assert transliterate(text) == plain


@given(st.text(max_size=100))
def test_transliteration_always_ends_in_gsm(text: str) -> None:
    plain = transliterate(text)
    assert is_gsm7(plain)
    assert transliterate(plain) == plain


def test_packing_the_usual_example() -> None:
    assert pack7(encode_gsm7("hellohello")).hex() == "e8329bfd4697d9ec37"


@given(SEPTETS, st.integers(0, 6))
def test_packing_is_inverse(septets: bytes, fill_bits: int) -> None:
    packed = pack7(septets, fill_bits)
    assert len(packed) == (len(septets) * 7 + fill_bits + 7) // 8
    assert unpack7(packed, len(septets), fill_bits) == septets


@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 6))
def test_unpacking_takes_any_octets(octets: bytes, count: int, fill_bits: int) -> None:
    assert len(unpack7(octets, count, fill_bits)) <= count
