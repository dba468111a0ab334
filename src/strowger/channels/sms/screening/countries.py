"""When countries let promotional messages pass, as data (sms.md 11.2 to 11.4). One without a row is permissive."""

from __future__ import annotations

from importlib import resources

import msgspec


class CountryRule(msgspec.Struct, frozen=True):
    """What one country asks: ``window``: promotional hours apply by law, on the clock of ``zone``; ``default_is_mkt``: a
    message without type counts as promotional; ``dnd``: there is a register to consult.
    """

    country: str
    zone: str = ""
    window: bool = False
    default_is_mkt: bool = False
    dnd: bool = False


_ROWS = msgspec.json.decode(
    resources.files("strowger.channels.sms.screening").joinpath("countries.json").read_bytes(), type=list[CountryRule]
)
COUNTRIES = {row.country: row for row in _ROWS}
PERMISSIVE = CountryRule("")


def rule_of(country: str | None) -> CountryRule:
    """The rule of a country."""
    return COUNTRIES.get(country or "", PERMISSIVE)


def kind_of(type_: str, country: str | None) -> str:
    """What a route type means for the rules: OTP, MKT, TXN or TXND (sms.md 3.13)."""
    if type_ == "DEFAULT":
        return "MKT" if rule_of(country).default_is_mkt else "TXN"
    return {"SI": "TXN", "SE": "TXND"}.get(type_, type_)
