"""Shapes of lookups: numbers as they are asked for, what a provider says, what is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from strowger.foundation.ids import uuid_time
from strowger.foundation.phone import PlanFacts

# What can be wrong with one number (platform.md 8.4). Only the first three say that nobody had to be paid.
ERRORS = {
    "INVALID_NUMBER": "Not a number of any country",
    "NO_COVERAGE": "The provider does not reach this network",
    "TIMEOUT": "The provider gave no answer",
    "UNKNOWN_SUBSCRIBER": "The network does not know the subscriber",
    "ABSENT": "The subscriber is switched off or out of reach",
}
UNPAID = frozenset({"INVALID_NUMBER", "NO_COVERAGE", "TIMEOUT"})
FACTS = (
    "country", "country_code", "line_type", "current_mcc", "current_mnc", "current_operator", "original_mcc", "original_mnc",
    "original_operator", "ported", "roaming", "roaming_country", "status", "error_code", "error_message", "source",
)  # fmt: skip
_ID = re.compile(r"\d{4}-\d{2}-\d{2}messages([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?::(\d{1,6}))?")


@dataclass(slots=True)
class Finding:
    """What is known of a number. None of ``ported`` and ``roaming``: nobody knows."""

    country: str = ""
    country_code: int | None = None
    line_type: str = ""
    current_mcc: str = ""
    current_mnc: str = ""
    current_operator: str = ""
    original_mcc: str = ""
    original_mnc: str = ""
    original_operator: str = ""
    ported: bool | None = None
    roaming: bool | None = None
    roaming_country: str = ""
    status: str = ""
    error_code: str = ""
    error_message: str = ""
    source: str = "plan"

    @property
    def is_paid(self) -> bool:
        """Whether somebody answered who wants money for it."""
        return self.source == "hlr" and self.error_code not in UNPAID

    def row(self) -> tuple[Any, ...]:
        """In the order of FACTS."""
        return tuple(getattr(self, name) for name in FACTS)


def failure(code: str, facts: PlanFacts | None = None, source: str = "plan") -> Finding:
    """A number about which nothing more is known than the plan says, and why."""
    found = by_plan(facts) if facts else Finding()
    found.error_code, found.error_message, found.source = code, ERRORS[code], source
    return found


def by_plan(facts: PlanFacts) -> Finding:
    """What the numbering plan says."""
    return Finding(facts.country, facts.country_code, facts.line_type, original_operator=facts.operator)


@dataclass(slots=True)
class Asked:
    """One number of a request: as it was given, its digits (empty: none) and what the plan says."""

    n: int
    given: str
    number: str
    facts: PlanFacts | None
    finding: Finding | None = None
    cached: bool = False
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One number that a provider is to be asked about."""

    account_id: int
    request_id: UUID
    n: int
    number: str
    price: Decimal
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the workers use it; ``config`` holds its secret in clear."""

    id: int
    name: str
    kind: str
    config: Mapping[str, str] = field(repr=False)
    countries: frozenset[str] = frozenset()

    def serves(self, country: str) -> bool:
        """Whether it is asked about numbers of a country."""
        return not self.countries or country in self.countries


def format_id(request_id: UUID, n: int | None = None) -> str:
    """The public id of a request or, with ``n``, of one of its numbers."""
    base = f"{uuid_time(request_id):%Y-%m-%d}messages{request_id}"
    return base if n is None else f"{base}:{n}"


def parse_id(text: str) -> tuple[UUID, int | None] | None:
    """Read what ``format_id`` made; None when it is neither."""
    found = _ID.fullmatch(text.strip())
    return (UUID(found[1]), int(found[2]) if found[2] else None) if found else None


def describe(row: Mapping[str, Any]) -> dict[str, Any]:
    """One number as the API shows it."""
    return {
        "lookup_id": format_id(row["request_id"], row["n"]),
        "mobile_number": row["number"] or row["given"],
        **{name: row[name] for name in FACTS},
        "cached": row["cached"],
        "price": float(row["price"]),
    }
