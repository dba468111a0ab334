"""Senders of an account: who may send under which name."""

from __future__ import annotations

import re
from typing import Any

from strowger.channels.sms import repository
from strowger.foundation.clock import Clock
from strowger.foundation.database import OUTAGES, Database
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.platform.gateway.keys import Principal

SENDER = re.compile(r"[A-Za-z0-9 _.&-]{3,11}|\d{3,15}")
STATES = ("Pending", "Approved", "Rejected", "Disabled")
_FACT = "sms.senders"
READ_AGAIN_SECONDS = 1.0


async def create_sender(
    connection: repository.Connection,
    account_id: int,
    sender: str,
    *,
    iso_code: str | None = None,
    purpose: str | None = None,
    description: str = "",
    status: str = "Approved",
    is_default: bool = False,
) -> int:
    """Register a sender ID; returns its id. ``iso_code`` None means every country.

    Raises StrowgerError E627 (format), E629 (country), E628 (the account has it already).
    """
    if not SENDER.fullmatch(sender):
        raise StrowgerError("E627", field="sender")
    if iso_code is not None and not re.fullmatch(r"[A-Za-z]{2}", iso_code):
        raise StrowgerError("E629", field="iso_code")
    made = await repository.add_sender(
        connection, account_id, sender, iso_code.upper() if iso_code else None, purpose, description, status, is_default
    )
    if made is None:
        raise StrowgerError("E628", field="sender")
    return made


async def check_sender(database: Database, clock: Clock, principal: Principal, sender: str) -> None:
    """Raise E605 when the account does not have the sender. What is known is kept with the principal.

    A sender that is not known is looked up again, at most once a second, so that a new one works at once.
    """
    known: tuple[frozenset[str], float] | None = principal.facts.get(_FACT)
    if known is not None and sender in known[0]:
        return
    now = clock.monotonic()
    if known is None or now - known[1] >= READ_AGAIN_SECONDS:
        try:
            async with database.pool.acquire(timeout=5) as connection:
                names = await repository.sender_names(connection, principal.account_id)
        except OUTAGES as problem:
            raise Unavailable from problem
        principal.facts[_FACT] = (names, now)
        if sender in names:
            return
    raise StrowgerError("E605", field="sender")


def describe_sender(row: Any) -> dict[str, Any]:
    """A sender as the API lists it (sms.md 3.12)."""
    return {
        "id": row["id"],
        "identifier": row["sender"],
        "sender": row["sender"],
        "description": row["description"],
        "iso_code": (row["iso_code"] or "").lower(),
        "entity_id": "",
        "status": row["status"],
        "purpose": row["purpose"] or "",
        "created_at": row["created_at"].isoformat(" ", "seconds"),
    }
