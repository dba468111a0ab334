"""Lengths and parts: the borders, and that counting and cutting agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.protocols.gsm import SmsLength, UnicodeMode, decode_text, encode_text, sms_length
from strowger.protocols.gsm.length import GSM7_PART, GSM7_SINGLE, UCS2_PART, UCS2_SINGLE

pytestmark = pytest.mark.unit

MODES: list[UnicodeMode] = ["Auto", "0", "1"]
EMOJI = "😀"
ANY_TEXT = st.text(alphabet="aé€{Δя😀\r\n~ ", max_size=700) | st.text(max_size=400)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", SmsLength("GSM7", 0, 1, 160, 160)),
        ("a" * 160, SmsLength("GSM7", 160, 1, 160, 0)),
        ("a" * 161, SmsLength("GSM7", 161, 2, 153, 145)),
        ("a" * 306, SmsLength("GSM7", 306, 2, 153, 0)),
        ("a" * 307, SmsLength("GSM7", 307, 3, 153, 152)),
        ("a" * 1530, SmsLength("GSM7", 1530, 10, 153, 0)),
        ("a" * 1531, SmsLength("GSM7", 1531, 11, 153, 152)),
        ("я" * 70, SmsLength("UCS2", 70, 1, 70, 0)),
        ("я" * 71, SmsLength("UCS2", 71, 2, 67, 63)),
        ("я" * 134, SmsLength("UCS2", 134, 2, 67, 0)),
        ("я" * 135, SmsLength("UCS2", 135, 3, 67, 66)),
        ("я" * 670, SmsLength("UCS2", 670, 10, 67, 0)),
        ("€" * 80, SmsLength("GSM7", 160, 1, 160, 0)),
        ("€" * 81, SmsLength("GSM7", 162, 2, 153, 143)),
        ("a" * 152 + "€" + "a" * 7, SmsLength("GSM7", 161, 2, 153, 144)),
        ("a" * 151 + "€" + "a" * 8, SmsLength("GSM7", 161, 2, 153, 145)),
        ("€" * 152, SmsLength("GSM7", 304, 2, 153, 1)),
        ("€" * 153, SmsLength("GSM7", 306, 3, 153, 151)),
        (EMOJI * 35, SmsLength("UCS2", 70, 1, 70, 0)),
        (EMOJI * 36, SmsLength("UCS2", 72, 2, 67, 61)),
        ("я" * 66 + EMOJI + "я" * 3, SmsLength("UCS2", 71, 2, 67, 62)),
        (EMOJI * 67, SmsLength("UCS2", 134, 3, 67, 65)),
        ("a\r\nb\rc\n", SmsLength("GSM7", 6, 1, 160, 154)),
        ("[{}]", SmsLength("GSM7", 8, 1, 160, 152)),
    ],
)
def test_lengths(text: str, expected: SmsLength) -> None:
    assert sms_length(text) == expected


@pytest.mark.parametrize(
    ("text", "unicode", "encoding", "chars"),
    [
        ("plain", "1", "UCS2", 5),
        ("plain", "0", "GSM7", 5),
        ("smart “quotes”…", "0", "GSM7", 17),
        ("smart “quotes”", "Auto", "UCS2", 14),
        ("я", "0", "GSM7", 1),
        ("a\r\nb", "1", "UCS2", 3),
    ],
)
def test_modes(text: str, unicode: UnicodeMode, encoding: str, chars: int) -> None:
    length = sms_length(text, unicode)
    assert (length.encoding, length.chars) == (encoding, chars)


@given(ANY_TEXT, st.sampled_from(MODES))
def test_counting_and_cutting_agree(text: str, unicode: UnicodeMode) -> None:
    length = sms_length(text, unicode)
    encoded = encode_text(text, unicode)
    width = 1 if encoded.encoding == "GSM7" else 2
    sizes = [len(part) // width for part in encoded.parts]
    single, part = (GSM7_SINGLE, GSM7_PART) if width == 1 else (UCS2_SINGLE, UCS2_PART)
    assert length.encoding == encoded.encoding
    assert length.units == len(sizes)
    assert length.chars == sum(sizes)
    assert length.per_unit == (single if len(sizes) == 1 else part)
    assert length.remaining == length.per_unit - sizes[-1] >= 0
    assert all(size >= part - 1 for size in sizes[:-1])


@given(st.text(max_size=500), st.sampled_from(MODES))
def test_no_character_is_divided(text: str, unicode: UnicodeMode) -> None:
    encoded = encode_text(text, unicode)
    parts = [decode_text(part, encoded.data_coding) for part in encoded.parts]
    assert "\ufffd" not in "".join(parts) or "\ufffd" in text
    if unicode != "0":
        assert "".join(parts) == text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.text(alphabet=st.characters(categories=["Cs", "Lu"]), max_size=200))
def test_lone_surrogates_are_counted_and_sent(text: str) -> None:
    assert sms_length(text).units == len(encode_text(text).parts)


@given(text=ANY_TEXT, unicode=st.sampled_from(MODES))
def test_a_text_for_a_port_fits_beside_its_header(text: str, unicode: UnicodeMode) -> None:
    encoded = encode_text(text, unicode, ported=True)
    assert len(encoded.parts) == sms_length(text, unicode, ported=True).units
    header = 13 if len(encoded.parts) > 1 else 7  # with a 16-bit reference where there are several
    for part in encoded.parts:
        if encoded.encoding == "UCS2":
            assert header + len(part) <= 140
        else:
            assert (header * 8 + 6) // 7 + len(part) <= 160
    assert len(encoded.parts) >= len(encode_text(text, unicode).parts)
