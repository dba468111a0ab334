"""Phone numbers: the reference's cleaning rule and the facts that the number plan gives at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

MIN_DIGITS, MAX_DIGITS = 8, 15
_PUNCTUATION = re.compile(r"[\s\-().\u2010-\u2015\u00a0/]+")
_NON_GEOGRAPHIC = "001"
_NUMBER_IN_TEXT = re.compile(r"(?:(?<=%2B)|(?<=%2b)|(?<![\w-]))[0-9]{8,15}(?![\w-])")


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What a number alone tells: ISO country and whether its length fits that country's plan."""

    country: str
    possible: bool


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the numbering plan says of a number: country, calling code, kind of line, and to whom its block was given."""

    country: str
    country_code: int
    line_type: str
    operator: str

    @property
    def is_mobile(self) -> bool:
        """Whether a home location register may know it; unknown ranges count as mobile."""
        return self.line_type in ("mobile", "fixed_or_mobile", "unknown")


_LINE_TYPES = {
    0: "landline", 1: "mobile", 2: "fixed_or_mobile", 3: "toll_free", 4: "premium", 5: "shared_cost", 6: "voip",
    7: "personal", 8: "pager", 9: "uan", 10: "voicemail",
}  # fmt: skip


def plan_facts(digits: str) -> PlanFacts | None:
    """What the numbering plan says of a number in international digits; None when it cannot be one of its country."""
    facts = number_facts(digits)
    if facts is None or not facts.possible:
        return None
    from phonenumbers import carrier  # its data takes a while to load

    try:
        number = phonenumbers.parse("+" + digits, None)
    except phonenumbers.NumberParseException:
        return None
    kind = _LINE_TYPES.get(int(phonenumbers.number_type(number)), "unknown")
    return PlanFacts(facts.country, int(number.country_code or 0), kind, carrier.name_for_number(number, "en"))


@lru_cache(maxsize=4096)
def _national_lengths(region: str) -> frozenset[int]:
    metadata = PhoneMetadata.metadata_for_region(region)
    desc = metadata.general_desc if metadata else None
    return frozenset(desc.possible_length or ()) if desc else frozenset()


def clean_number(raw: str, prefix: str | None, home_country: str) -> str | None:
    """The digits of a number in international form without ``+``; None when it cannot be one (sms.md 3.2).

    ``prefix`` is digits. A number that started with ``+`` or ``00`` is complete; otherwise the prefix is put before it when
    it is missing or the length is a national one; without prefix, ten digits in an Indian account get 91.
    """
    text = _PUNCTUATION.sub("", raw)
    complete = text.startswith("+")
    digits = text[1:] if complete else text
    if not complete and digits.startswith("00"):
        complete, digits = True, digits[2:]
    if not (digits.isascii() and digits.isdigit()):
        return None
    if not complete and prefix:
        region = COUNTRY_CODE_TO_REGION_CODE.get(int(prefix), (_NON_GEOGRAPHIC,))[0]
        if not digits.startswith(prefix) or len(digits) in _national_lengths(region):
            digits = prefix + digits.lstrip("0")
    elif not complete and home_country == "IN" and len(digits) == 10:
        digits = "91" + digits
    return digits if MIN_DIGITS <= len(digits) <= MAX_DIGITS else None


def complete_number(raw: str, country: str) -> str | None:
    """As ``clean_number``, and a number in the national form of ``country`` (ISO code) gets that country's code.

    What may be either is national when only that fits a numbering plan (console.md 5.10).
    """
    text = _PUNCTUATION.sub("", raw)
    plain = clean_number(raw, None, "")
    code = str(phonenumbers.country_code_for_region(country) or "") if country else ""
    if not code or text.startswith(("+", "00")) or not (text.isascii() and text.isdigit()):
        return plain
    national = code + text.lstrip("0")
    if text.startswith("0"):
        return national if _is_possible(national) else None
    if not _is_possible(national):
        return plain
    if plain is None or not _is_possible(plain):
        return national
    if plain.startswith(code):
        return plain if fits_number_plan(plain) or not fits_number_plan(national) else national
    return national if fits_number_plan(national) else plain


def _is_possible(digits: str) -> bool:
    facts = number_facts(digits) if MIN_DIGITS <= len(digits) <= MAX_DIGITS else None
    return facts is not None and facts.possible


def number_facts(digits: str) -> NumberFacts | None:
    """Country and plausibility of a number in international digits; None when no country code fits (ITU E.164)."""
    for size in (1, 2, 3):
        head = digits[:size]
        code = int(head) if head.isascii() and head.isdigit() else 0
        regions = COUNTRY_CODE_TO_REGION_CODE.get(code)
        if regions:
            country = regions[0] if len(regions) == 1 else _shared_region(digits, size, regions)
            lengths = _national_lengths(regions[0])
            return NumberFacts(country, not lengths or len(digits) - size in lengths)
    return None


@lru_cache(maxsize=65536)
def _shared_region(digits: str, size: int, regions: tuple[str, ...]) -> str:
    number = phonenumbers.PhoneNumber(country_code=int(digits[:size]), national_number=int(digits[size:] or 0))
    return phonenumbers.region_code_for_number(number) or regions[0]


def fits_number_plan(digits: str) -> bool:
    """Whether the country's own numbering table knows the number (stricter than a possible length)."""
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse("+" + digits, None)))
    except phonenumbers.NumberParseException:
        return False


def mask_number(digits: str) -> str:
    """A number for logs: the first three and the last two digits."""
    return digits[:3] + "*" * max(0, len(digits) - 5) + digits[-2:] if len(digits) > 5 else "*" * len(digits)


def is_part_of_number(text: str) -> bool:
    """Whether a text is nothing but digits, and too few of them for a whole number."""
    digits = _PUNCTUATION.sub("", text).lstrip("+")
    return digits.isdecimal() and len(digits) < MIN_DIGITS


def hide_numbers(text: str) -> str:
    """A text whose numbers in international digits are masked; ids and dates with letters or dashes stay."""
    return _NUMBER_IN_TEXT.sub(lambda found: mask_number(found[0]), text)
