"""What a country asks for: numbers with their forms, and documents. Data that the operator may replace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

import msgspec

from strowger.foundation.settings import Settings, SettingsError


class Identifier(msgspec.Struct, frozen=True):
    """A number of the company. ``patterns`` by country, "" for every one; spaces around and small letters do not count."""

    key: str
    label: str
    patterns: dict[str, str]
    example: str = ""
    help: str = ""
    required: bool = False

    def fits(self, value: str, country: str) -> bool:
        """Whether a value has the country's form."""
        pattern = self.patterns.get(country) or self.patterns.get("")
        return pattern is None or re.fullmatch(pattern, value) is not None


class Requirement(msgspec.Struct, frozen=True):
    """A document. ``needs`` names the identifier that makes it necessary, when that is given."""

    key: str
    label: str
    help: str = ""
    required: bool = True
    needs: str = ""

    def is_needed(self, details: Mapping[str, str]) -> bool:
        """Whether a case with these details is incomplete without it."""
        return self.required and (not self.needs or bool(details.get(self.needs)))


class Profile(msgspec.Struct, frozen=True):
    """What companies of some countries show; without countries: of all others."""

    countries: list[str]
    name: str
    identifiers: list[Identifier]
    documents: list[Requirement]


@lru_cache(maxsize=4)
def _read(path: str) -> list[Profile]:
    try:
        text = Path(path).read_bytes() if path else resources.files(__package__).joinpath("profiles.json").read_bytes()
        found = msgspec.json.decode(text, type=list[Profile])
    except (OSError, msgspec.DecodeError) as problem:
        raise SettingsError(f"STROWGER_KYC_PROFILES={path}: {problem}") from problem
    if not any(not profile.countries for profile in found):
        raise SettingsError(f"STROWGER_KYC_PROFILES={path}: one profile must have no countries, for all others")
    return found


def profile_of(settings: Settings, country: str) -> Profile:
    """The profile of a country. Raises SettingsError when the operator's file cannot be read."""
    found = _read(settings.kyc_profiles)
    return next(
        (profile for profile in found if country in profile.countries),
        next(profile for profile in found if not profile.countries),
    )
