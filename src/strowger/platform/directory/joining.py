"""Contacts for numbers that come from elsewhere: the blocklist, the automatic one, incoming messages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import phonenumbers

from strowger.foundation.database import Connection
from strowger.foundation.phone import number_facts
from strowger.platform.directory.repository import contacts

_KNOWN = frozenset(phonenumbers.SUPPORTED_REGIONS)


def country_of(mobile: str) -> str:
    """The ISO code of a number's country; empty when it belongs to none."""
    facts = number_facts(mobile)
    return facts.country if facts and facts.country in _KNOWN else ""


async def ensure_contacts(
    connection: Connection, account_id: int, numbers: Collection[str], source: str, now: datetime, by: str = ""
) -> int:
    """Contacts for those numbers (international digits) that have none; returns how many were made.

    A directory that is full gets none: what the caller does with the numbers matters more.
    """
    wanted = sorted(set(numbers))
    if not wanted or not await contacts.has_room(connection, account_id, len(wanted)):
        return 0
    countries = [country_of(number) for number in wanted]
    return await contacts.ensure(connection, account_id, wanted, countries, source, by, now)
