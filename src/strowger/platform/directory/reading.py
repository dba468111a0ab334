"""What people and clients write about a contact, checked. Pure (console.md 5.10)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

import phonenumbers

from strowger.foundation.phone import complete_number, number_facts
from strowger.platform.blocklist.service import EMAIL
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.joining import country_of
from strowger.platform.directory.schemas import (
    COLOURS,
    MAX_FIELD,
    MAX_NAME,
    MAX_PLACE,
    MAX_TAG,
    MAX_VALUE,
    CustomField,
    Kind,
    Values,
)

ALLOWED = frozenset("\",@. $%&'*-/?^_~")
FIELD_NAME = re.compile(r"[A-Za-z0-9_ ]{1,50}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
COUNTRIES = tuple(sorted(phonenumbers.SUPPORTED_REGIONS))
_COUNTRIES = frozenset(COUNTRIES)
YES, NO = frozenset({"yes", "true", "1", "on", "y"}), frozenset({"no", "false", "0", "off", "n"})
OWN_NAMES = frozenset({
    "mobile", "phone", "number", "msisdn", "name", "email", "city", "state", "country", "tags", "blocklist sms", "blocklist voice",
    "url",
})  # fmt: skip
MAX_DIGITS = 40


def read_mobile(text: str, country: str, field: str = "mobile") -> str:
    """International digits; a national number gets the code of ``country``. Raises Refused (DIR401)."""
    digits = complete_number(text, country) if len(text) <= 64 else None
    facts = number_facts(digits) if digits else None
    if digits is None or facts is None:
        raise Refused("DIR401", "This is no phone number. Write it with + and country code.", field)
    if not facts.possible:
        raise Refused("DIR401", f"No number of {facts.country} has this many digits.", field)
    return digits


def read_words(text: str, field: str, most: int) -> str:
    """A name or place: letters and digits of any script, spaces and " , @ . $ % & ' * - / ? ^ _ ~. Raises Refused."""
    text = " ".join(text.split())
    if len(text) > most:
        raise Refused("DIR402", f"Use at most {most} characters.", field)
    wrong = next((c for c in text if not _is_allowed(c)), None)
    if wrong is not None:
        raise Refused("DIR402", f"“{wrong}” is not allowed here.", field)
    return text


def _is_allowed(character: str) -> bool:
    return character in ALLOWED or character.isalnum() or unicodedata.category(character).startswith("M")


def read_email(text: str) -> str:
    """An address in small letters; empty stays empty. Raises Refused."""
    text = text.strip().lower()
    if text and not (EMAIL.fullmatch(text) and not CONTROL.search(text)):
        raise Refused("DIR402", "Enter an e-mail address such as name@example.com.", "email")
    return text


def read_country(text: str, mobile: str) -> str:
    """An ISO code; when empty, that of the number. Raises Refused."""
    code = text.strip().upper()
    if not code:
        return country_of(mobile)
    if code not in _COUNTRIES:
        raise Refused("DIR402", "Use a country code of two letters, such as DE.", "country")
    return code


def read_value(kind: str, text: str) -> str:
    """The value of a custom field as it is kept; empty stays empty. Raises ValueError with a sentence."""
    text = text.strip()
    if not text:
        return ""
    if kind == Kind.NUMBER:
        return _number(text)
    if kind == Kind.DATE:
        return _date(text)
    if kind == Kind.BOOLEAN:
        word = text.lower()
        if word not in YES | NO:
            raise ValueError("Enter yes or no.")
        return "yes" if word in YES else "no"
    text = CONTROL.sub(" ", text)
    if len(text) > MAX_VALUE:
        raise ValueError(f"Use at most {MAX_VALUE} characters.")
    return text


def _number(text: str) -> str:
    try:
        value = Decimal(text) if len(text) <= MAX_DIGITS else Decimal("nan")
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or abs(value.adjusted()) > MAX_DIGITS:
        raise ValueError("Enter a number, such as 12.5.")
    plain = f"{value:f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) if value else "0"


def _date(text: str) -> str:
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        raise ValueError("Enter a date as year-month-day, such as 2026-01-31.") from None


def read_values(
    given: Mapping[str, str], fields: Iterable[CustomField], country: str, custom: Mapping[str, str] | None = None
) -> Values:
    """A contact from texts by name; ``custom`` are texts by the key of a custom field. Raises Refused naming the field."""
    mobile = read_mobile(given.get("mobile", ""), country)
    kept: dict[str, str] = {}
    for one in fields:
        try:
            value = read_value(one.kind, (custom or {}).get(one.key, ""))
        except ValueError as problem:
            raise Refused("DIR403", f"{one.name}: {problem}", f"field_{one.key}") from problem
        if value:
            kept[one.key] = value
    return Values(
        mobile,
        read_words(given.get("name", ""), "name", MAX_NAME),
        read_email(given.get("email", "")),
        read_words(given.get("city", ""), "city", MAX_PLACE),
        read_words(given.get("state", ""), "state", MAX_PLACE),
        read_country(given.get("country", ""), mobile),
        kept,
    )


def read_tag_name(text: str, field: str = "name") -> str:
    """The name of a tag: 1 to 50 characters. Raises Refused (DIR408)."""
    text = " ".join(CONTROL.sub(" ", text).split())
    if not 0 < len(text) <= MAX_TAG or "|" in text or "," in text:
        raise Refused("DIR408", f"Use 1 to {MAX_TAG} characters, without comma and |.", field)
    return text


def read_colour(text: str) -> str:
    """A colour of tags; empty is grey. Raises Refused (DIR408)."""
    if text and text not in COLOURS:
        raise Refused("DIR408", "Use one of " + ", ".join(COLOURS) + ".", "colour")
    return text or "neutral"


def read_field_name(text: str) -> str:
    """The name of a custom field. Raises Refused (DIR402)."""
    text = " ".join(text.split())
    if not FIELD_NAME.fullmatch(text):
        raise Refused("DIR402", f"Use 1 to {MAX_FIELD} letters, digits, spaces and _.", "name")
    if text.lower().replace("_", " ") in OWN_NAMES:
        raise Refused("DIR402", "Every contact has a field of this name already.", "name")
    return text
