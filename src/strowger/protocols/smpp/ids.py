"""Spellings of the message id that a message centre gave.

Some centres answer a submit with a hexadecimal id and name it in decimal in the receipt, or the reverse (SMPP 3.4
leaves the form open in section 5.2.23 and appendix B). Normalising both sides lets them meet.
"""

from typing import Final, Literal

IdQuirk = Literal["as-is", "hex", "dec", "submit-hex-receipt-dec", "submit-dec-receipt-hex"]
IdPlace = Literal["submit", "receipt"]

_MAX_DIGITS: Final = 64
_DECIMAL: Final = frozenset("0123456789")
_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")
_BASE: Final[dict[tuple[IdQuirk, IdPlace], int]] = {
    ("hex", "submit"): 16,
    ("hex", "receipt"): 16,
    ("dec", "submit"): 10,
    ("dec", "receipt"): 10,
    ("submit-hex-receipt-dec", "submit"): 16,
    ("submit-hex-receipt-dec", "receipt"): 10,
    ("submit-dec-receipt-hex", "submit"): 10,
    ("submit-dec-receipt-hex", "receipt"): 16,
}


def normalise_id(raw: str, quirk: IdQuirk, where: IdPlace) -> str:
    """Write an id so that submit and receipt compare equal.

    "as-is" only strips white space. With every other quirk a number becomes decimal without leading zeros, and what is
    not a number in the expected base becomes lower case.
    """
    text = raw.strip()
    if quirk == "as-is":
        return text
    number = _number(text, _BASE[quirk, where])
    return text.lower() if number is None else str(number)


def candidate_ids(raw: str) -> tuple[str, ...]:
    """List the spellings under which the same id may be known, the most likely first, without repetition."""
    text = raw.strip()
    candidates = [text, text.lower(), text.upper(), text.lstrip("0") or text]
    decimal, hexadecimal = _number(text, 10), _number(text, 16)
    if decimal is not None:
        candidates += [f"{decimal:x}", f"{decimal:X}", f"{decimal:08X}"]
    if hexadecimal is not None:
        candidates += [str(hexadecimal), f"{hexadecimal:010d}"]
    return tuple(dict.fromkeys(candidates))


def _number(text: str, base: int) -> int | None:
    digits = _DECIMAL if base == 10 else _HEXADECIMAL
    if not text or len(text) > _MAX_DIGITS or not digits.issuperset(text):
        return None
    return int(text, base)
