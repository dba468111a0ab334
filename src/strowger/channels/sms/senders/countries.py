"""What countries ask of sender IDs and templates, as data (sms.md 3.12, 11.3, 11.4)."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

import msgspec
import phonenumbers

from strowger.console.form import Invalid


class CountryRule(msgspec.Struct, frozen=True):
    """One country. The defaults are the rule of every country that the data do not name.

    ``registry``: entity, sender IDs and templates are registered there and their ids belong to each message.
    ``review``: an operator looks at sender IDs before they may be used. ``letters`` is what a name must match (empty: no
    names), ``letters_text`` the same for people. ``opt_out``: marketing templates must say how to stop them.
    """

    registry: bool = False
    review: bool = False
    letters: str = r"(?=.*[A-Za-z])[A-Za-z0-9 _.&-]{3,11}"
    letters_text: str = "3 to 11 letters, digits, spaces and _ . & -, with a letter"
    opt_out: bool = False


DEFAULT = CountryRule()
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)
_DIGITS = re.compile(r"[0-9]{3,15}")


@lru_cache(maxsize=1)
def _rules() -> dict[str, CountryRule]:
    data = resources.files("strowger.channels.sms.senders").joinpath("countries.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, CountryRule])


def named() -> frozenset[str]:
    """The countries that the data name."""
    return frozenset(_rules())


def rule_of(country: str | None) -> CountryRule:
    """The rule of a country by its ISO code; the general one for others and for None."""
    return _rules().get(country or "", DEFAULT)


def read_iso(text: str) -> str:
    """A country's ISO code from a field of a form or file. Raises Invalid."""
    code = text.strip().upper()
    if code not in COUNTRIES:
        raise Invalid("Enter a country's ISO code, such as DE.")
    return code


def fits(sender: str, rule: CountryRule) -> bool:
    """Whether a sender ID has a form that the country admits: digits, or a name."""
    if _DIGITS.fullmatch(sender):
        return True
    return bool(rule.letters) and re.fullmatch(rule.letters, sender) is not None


def kind_of(sender: str) -> str:
    """What a sender ID is: alphanumeric, short code (up to 6 digits), long code, or numeric between the two."""
    if not sender.isdigit():
        return "alphanumeric"
    if len(sender) <= 6:
        return "short code"
    return "long code" if len(sender) >= 10 else "numeric"
