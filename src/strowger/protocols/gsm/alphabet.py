"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 sections 6.2.1 and 6.2.1.1).

Text is held unpacked, one septet in one octet, as SMPP carries it under data coding 0. A character of the extension
table takes two septets: the escape 0x1B and the septet of the table.
"""

import codecs
import unicodedata
from functools import lru_cache
from typing import Final

ESCAPE: Final = 0x1B

# Row by row as printed in TS 23.038; the escape itself has no character.
_BASIC_ROWS: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION: Final[dict[int, str]] = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
BASIC_CHARACTERS: Final = frozenset(_BASIC_ROWS) - {"\x1b"}
EXTENSION_CHARACTERS: Final = frozenset(EXTENSION.values())
GSM7_CHARACTERS: Final = BASIC_CHARACTERS | EXTENSION_CHARACTERS

_UNDEFINED = "\ufffe"  # the mark of the codecs module for an octet without a character
_DECODE_TABLE = _BASIC_ROWS.replace("\x1b", _UNDEFINED) + _UNDEFINED * 128
_BASIC_MAP = {ord(char): code for code, char in enumerate(_BASIC_ROWS) if char != "\x1b"}
_FULL_MAP: dict[int, int | bytes] = _BASIC_MAP | {ord(char): bytes((ESCAPE, code)) for code, char in EXTENSION.items()}
_FROM_LATIN1 = bytes(_BASIC_MAP.get(code, 0) for code in range(256))
_NOT_BASIC_IN_LATIN1 = bytes(code for code in range(256) if code not in _BASIC_MAP)
_EXTENDED = {code: EXTENSION.get(code, char) for code, char in enumerate(_DECODE_TABLE[:128])} | {ESCAPE: " "}

# Characters written differently rather than dropped, beyond what Unicode decomposition gives.
_REPLACEMENTS: Final[dict[str, str]] = (
    dict.fromkeys("“”„‟«»″‶〝〞＂", '"')
    | dict.fromkeys("‘’‚‛‹›′‵`´ʼ＇", "'")
    | dict.fromkeys("‐‑‒–—―−⁃", "-")
    | dict.fromkeys("\t\u00a0\u2007\u202f\u3000\u2028\u2029", " ")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0e\ufe0f", "")
    | {"…": "...", "⁄": "/", "•": "*", "·": ".", "×": "x", "÷": "/", "©": "(c)", "®": "(R)"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ħ": "h", "Ħ": "H"}
    | {"œ": "oe", "Œ": "OE", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "ẞ": "SS", "µ": "u"}
)


def try_encode_gsm7(text: str) -> bytes | None:
    """Encode to unpacked septets, or give None when a character is outside both tables."""
    try:
        latin1 = text.encode("latin-1")
        septets = latin1.translate(_FROM_LATIN1, _NOT_BASIC_IN_LATIN1)
        if len(septets) == len(latin1):
            return septets
    except UnicodeEncodeError:
        pass
    try:
        return codecs.charmap_encode(text, "strict", _FULL_MAP)[0]
    except UnicodeEncodeError:
        return None


def encode_gsm7(text: str) -> bytes:
    """Encode to unpacked septets; raises `UnicodeEncodeError` for a character outside both tables."""
    septets = try_encode_gsm7(text)
    return codecs.charmap_encode(text, "strict", _FULL_MAP)[0] if septets is None else septets


def is_gsm7(text: str) -> bool:
    """Tell whether every character is in the basic or the extension table."""
    return try_encode_gsm7(text) is not None


def not_gsm7(text: str) -> list[str]:
    """List the distinct characters that force UCS-2, in the order of their first appearance."""
    return [char for char in dict.fromkeys(text) if char not in GSM7_CHARACTERS]


def decode_gsm7(septets: bytes) -> str:
    """Decode unpacked septets; an octet above 0x7F becomes U+FFFD.

    An escape before a septet that the extension table does not define shows the character of the basic table, and an
    escape before an escape or at the end shows a space (TS 23.038 section 6.2.1.1).
    """
    if ESCAPE not in septets:
        return codecs.charmap_decode(septets, "replace", _DECODE_TABLE)[0]
    return _decode_with_escapes(septets)


def _decode_with_escapes(septets: bytes) -> str:
    out: list[str] = []
    position = 0
    while (escape := septets.find(ESCAPE, position)) >= 0:
        out.append(codecs.charmap_decode(septets[position:escape], "replace", _DECODE_TABLE)[0])
        following = septets[escape + 1] if escape + 1 < len(septets) else ESCAPE
        out.append(_EXTENDED.get(following, "\ufffd"))
        position = escape + 2
    out.append(codecs.charmap_decode(septets[position:], "replace", _DECODE_TABLE)[0])
    return "".join(out)


def transliterate(text: str) -> str:
    """Write the text with GSM characters only: typographic signs and accents simplified, anything else `?`."""
    if is_gsm7(text):
        return text
    return "".join(map(_simplify, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=4096)
def _simplify(char: str) -> str:
    if char in GSM7_CHARACTERS:
        return char
    if char in _REPLACEMENTS:
        return _REPLACEMENTS[char]
    if unicodedata.combining(char):
        return ""
    decomposed = unicodedata.normalize("NFKD", char)
    if decomposed == char:
        return " " if unicodedata.category(char) == "Zs" else "?"
    return "".join(_simplify(part) for part in decomposed)


def pack7(septets: bytes, fill_bits: int = 0) -> bytes:
    """Pack septets into octets after `fill_bits` zero bits (TS 23.038 section 6.1.2.1).

    No padding character is added: the count of septets travels beside the octets, as in a TP-UDL.
    """
    bits = 0
    for index, septet in enumerate(septets):
        bits |= (septet & 0x7F) << (7 * index)
    return (bits << fill_bits).to_bytes((7 * len(septets) + fill_bits + 7) // 8, "little")


def unpack7(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Unpack at most `count` septets after `fill_bits` bits; fewer when the octets end before."""
    available = max(0, (8 * len(octets) - fill_bits) // 7)
    bits = int.from_bytes(octets, "little") >> fill_bits
    return bytes((bits >> (7 * index)) & 0x7F for index in range(min(count, available)))
