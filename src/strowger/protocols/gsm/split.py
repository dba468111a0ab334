"""From text to the payload octets of each part and back (3GPP TS 23.038 sections 4 and 5, SMPP 3.4 section 5.2.19).

The default alphabet of a carrier is what it reads under data coding 0. It should be GSM 7-bit; carriers whose default
is another character set are served by the `default_alphabet` parameter.
"""

from dataclasses import dataclass
from typing import Final, Literal

from strowger.protocols.gsm.alphabet import decode_gsm7
from strowger.protocols.gsm.length import (
    Encoding,
    UnicodeMode,
    cut_gsm7,
    cut_ucs2,
    encode_ucs2,
    encode_units,
)

DefaultAlphabet = Literal["gsm7", "latin1", "ascii", "utf8"]

DATA_CODING_DEFAULT: Final = 0x00
DATA_CODING_UCS2: Final = 0x08
DATA_CODING_FLASH_DEFAULT: Final = 0x10
DATA_CODING_FLASH_UCS2: Final = 0x18

_DATA_CODING: Final[dict[tuple[Encoding, bool], int]] = {
    ("GSM7", False): DATA_CODING_DEFAULT,
    ("UCS2", False): DATA_CODING_UCS2,
    ("GSM7", True): DATA_CODING_FLASH_DEFAULT,
    ("UCS2", True): DATA_CODING_FLASH_UCS2,
}
_DEFAULT_CODECS: Final[dict[DefaultAlphabet, str]] = {"latin1": "latin-1", "ascii": "ascii", "utf8": "utf-8"}


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text ready to submit: one payload per part, without user data header."""

    encoding: Encoding
    data_coding: int
    parts: tuple[bytes, ...]


def encode_text(
    text: str,
    unicode: UnicodeMode = "Auto",
    *,
    flash: bool = False,
    default_alphabet: DefaultAlphabet = "gsm7",
    ported: bool = False,
    wide: bool = False,
) -> EncodedText:
    """Encode a text and cut it into parts, in the same places in which `sms_length` counts them unless `wide`.

    When the carrier's default alphabet lacks a GSM character of the text, the text goes as UCS-2, or with `unicode` "0"
    shows `?` in its place.
    """
    encoding, octets = encode_units(text, unicode)
    if encoding == "GSM7":
        parts = cut_gsm7(octets, ported=ported, wide=wide)
        if default_alphabet == "gsm7":
            return EncodedText("GSM7", _DATA_CODING["GSM7", flash], parts)
        recoded = _recode(parts, _DEFAULT_CODECS[default_alphabet], keep=unicode == "0")
        if recoded is not None:
            return EncodedText("GSM7", _DATA_CODING["GSM7", flash], recoded)
        octets = encode_ucs2(decode_gsm7(octets))
    return EncodedText("UCS2", _DATA_CODING["UCS2", flash], cut_ucs2(octets, ported=ported, wide=wide))


def _recode(parts: tuple[bytes, ...], codec: str, *, keep: bool) -> tuple[bytes, ...] | None:
    try:
        return tuple(decode_gsm7(part).encode(codec, "replace" if keep else "strict") for part in parts)
    except UnicodeEncodeError:
        return None


def _codec_of(data_coding: int) -> str:
    """Name the character set of a data coding; "default" is the carrier's default alphabet."""
    if data_coding in _SMPP_CODECS:
        return _SMPP_CODECS[data_coding]
    group = data_coding >> 4
    if group == 1:  # general data coding with message class
        return ("default", "binary", "ucs2", "default")[data_coding >> 2 & 3]
    if group == 0xE:  # message waiting, store, UCS-2
        return "ucs2"
    if group == 0xF:  # data coding and message class
        return "binary" if data_coding & 4 else "default"
    return "default"


# SMPP 3.4 section 5.2.19; 0, 9 and 13 have no character set that could be named for every carrier.
_SMPP_CODECS: Final[dict[int, str]] = {
    1: "ascii",
    2: "binary",
    3: "latin-1",
    4: "binary",
    5: "shift_jis",
    6: "iso8859-5",
    7: "iso8859-8",
    8: "ucs2",
    10: "iso2022_jp",
    14: "euc_kr",
}
_CODECS: Final = tuple(_codec_of(data_coding) for data_coding in range(256))


def decode_text(payload: bytes, data_coding: int, *, default_alphabet: DefaultAlphabet = "gsm7") -> str:
    """Decode the payload of one part; what cannot be read becomes U+FFFD, and nothing is ever raised.

    Eight-bit data (data codings 2 and 4, and the binary message classes) comes back as lower-case hexadecimal. A lone
    last octet of UCS-2 is dropped.
    """
    codec = _CODECS[data_coding & 0xFF]
    if codec == "default":
        if default_alphabet == "gsm7":
            return decode_gsm7(payload)
        codec = _DEFAULT_CODECS[default_alphabet]
    if codec == "ucs2":
        return payload[: len(payload) & ~1].decode("utf-16-be", "replace")
    if codec == "binary":
        return payload.hex()
    return payload.decode(codec, "replace")


def is_binary(data_coding: int) -> bool:
    """Tell whether the data coding marks eight-bit data rather than text."""
    return _CODECS[data_coding & 0xFF] == "binary"


def message_class(data_coding: int) -> int | None:
    """Give the message class 0 to 3 of a data coding, or None; class 0 is a flash message (TS 23.038 section 4)."""
    return data_coding & 3 if data_coding >> 4 in {0x1, 0xF} else None
