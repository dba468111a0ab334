"""Queries of the country rules. They belong to no account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection
from strowger.foundation.notify import notify

FACT = "sms.country_rules"
SOME = "SELECT country, max_parts, unicode_allowed FROM country_rule WHERE country = ANY($1::text[])"
ALL = "SELECT country, max_parts, unicode_allowed, updated_by, updated_at FROM country_rule ORDER BY country"
SAVE = """
INSERT INTO country_rule (country, max_parts, unicode_allowed, updated_by, updated_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (country) DO UPDATE SET max_parts = $2, unicode_allowed = $3, updated_by = $4, updated_at = $5
"""
DROP = "DELETE FROM country_rule WHERE country = $1 RETURNING country"


@dataclass(frozen=True, slots=True)
class TextRule:
    """What a country lets a text be: ``max_parts`` None is what the protocol lets it be."""

    max_parts: int | None = None
    unicode_allowed: bool = True


async def of_countries(connection: Connection, countries: Collection[str]) -> Mapping[str, TextRule]:
    """The rules of those countries that have one."""
    rows = await connection.fetch(SOME, list(countries))
    return {row["country"]: TextRule(row["max_parts"], row["unicode_allowed"]) for row in rows}


async def all_rules(connection: Connection) -> list[Mapping[str, Any]]:
    """Every rule, by country."""
    return [dict(row) for row in await connection.fetch(ALL)]


async def save(connection: Connection, country: str, rule: TextRule, by: str, now: datetime) -> None:
    """Set a country's rule; processes that screen hear of it."""
    await connection.execute(SAVE, country, rule.max_parts, rule.unicode_allowed, by, now)
    await notify(connection, "accounts")


async def drop(connection: Connection, country: str) -> bool:
    """Remove a country's rule; whether there was one."""
    found = await connection.fetchval(DROP, country)
    await notify(connection, "accounts")
    return found is not None
