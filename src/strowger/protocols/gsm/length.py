"""How long a text is on the air: its encoding, its length and the number of parts (3GPP TS 23.040 section 9.2.3.24).

A single message holds 160 septets or 70 UTF-16 code units; with the six octets of a concatenation header each part
holds 153 or 67. Neither an escape pair nor a surrogate pair is divided, so a part may end one unit short.

Application port addressing (section 9.2.3.24.4) takes six octets more of every part, and the header one for its length
where there is no other: a `ported` text holds 152 septets or 66 units alone, and 145 or 63 in each part, whether the
reference that joins the parts has 8 bits or 16. Without a port a `wide` reference of 16 bits leaves 152 or 66.
"""

from dataclasses import dataclass
from typing import Final, Literal

from strowger.protocols.gsm.alphabet import ESCAPE, encode_gsm7, transliterate, try_encode_gsm7

UnicodeMode = Literal["Auto", "0", "1"]
Encoding = Literal["GSM7", "UCS2"]

GSM7_SINGLE: Final = 160
GSM7_PART: Final = 153
UCS2_SINGLE: Final = 70
UCS2_PART: Final = 67
PORTED_GSM7_SINGLE: Final = 152
PORTED_GSM7_PART: Final = 145
PORTED_UCS2_SINGLE: Final = 66
PORTED_UCS2_PART: Final = 63
WIDE_GSM7_PART: Final = 152
WIDE_UCS2_PART: Final = 66


@dataclass(frozen=True, slots=True)
class SmsLength:
    """The length of a text: `chars` in septets or UTF-16 code units, `units` in parts.

    `per_unit` is what one part holds and `remaining` what the last part can still take.
    """

    encoding: Encoding
    chars: int
    units: int
    per_unit: int
    remaining: int


def normalise_newlines(text: str) -> str:
    r"""Write `\r\n` and a lone `\r` as one line feed, which counts once."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def encode_units(text: str, unicode: UnicodeMode) -> tuple[Encoding, bytes]:
    """Choose the encoding and give the octets of the whole text in it."""
    text = normalise_newlines(text)
    if unicode == "1":
        return "UCS2", encode_ucs2(text)
    septets = try_encode_gsm7(text)
    if septets is not None:
        return "GSM7", septets
    if unicode == "0":
        return "GSM7", encode_gsm7(transliterate(text))
    return "UCS2", encode_ucs2(text)


def cut_gsm7(septets: bytes, *, ported: bool = False, wide: bool = False) -> tuple[bytes, ...]:
    """Cut unpacked septets into parts, keeping each escape with its septet."""
    size = len(septets)
    single, room = (PORTED_GSM7_SINGLE, PORTED_GSM7_PART) if ported else (GSM7_SINGLE, GSM7_PART)
    room = min(room, WIDE_GSM7_PART) if wide else room
    if size <= single:
        return (septets,)
    parts = []
    start = 0
    while start < size:
        end = start + room
        if end < size and septets[end - 1] == ESCAPE:
            end -= 1
        parts.append(septets[start:end])
        start = end
    return tuple(parts)


def cut_ucs2(octets: bytes, *, ported: bool = False, wide: bool = False) -> tuple[bytes, ...]:
    """Cut UTF-16BE octets into parts, keeping surrogate pairs whole."""
    size = len(octets)
    single, room = (PORTED_UCS2_SINGLE, PORTED_UCS2_PART) if ported else (UCS2_SINGLE, UCS2_PART)
    room = min(room, WIDE_UCS2_PART) if wide else room
    if size <= 2 * single:
        return (octets,)
    parts = []
    start = 0
    while start < size:
        end = start + 2 * room
        if end < size and octets[end - 2] & 0xFC == 0xD8:
            end -= 2
        parts.append(octets[start:end])
        start = end
    return tuple(parts)


def encode_ucs2(text: str) -> bytes:
    """Encode to UTF-16BE, passing a lone surrogate through as its code unit."""
    return text.encode("utf-16-be", "surrogatepass")


def sms_length(text: str, unicode: UnicodeMode = "Auto", *, ported: bool = False) -> SmsLength:
    """Measure a text; an empty text has 0 characters and is one part. `ported`: it is addressed to a port."""
    encoding, octets = encode_units(text, unicode)
    size = len(octets)
    if encoding == "GSM7":
        single, room = (PORTED_GSM7_SINGLE, PORTED_GSM7_PART) if ported else (GSM7_SINGLE, GSM7_PART)
        if size <= single:
            return SmsLength("GSM7", size, 1, single, single - size)
        parts = cut_gsm7(octets, ported=ported)
        return SmsLength("GSM7", size, len(parts), room, room - len(parts[-1]))
    size //= 2
    single, room = (PORTED_UCS2_SINGLE, PORTED_UCS2_PART) if ported else (UCS2_SINGLE, UCS2_PART)
    if size <= single:
        return SmsLength("UCS2", size, 1, single, single - size)
    parts = cut_ucs2(octets, ported=ported)
    return SmsLength("UCS2", size, len(parts), room, room - len(parts[-1]) // 2)
