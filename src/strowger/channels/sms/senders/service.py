"""Sender IDs of an account: who may send under which name (sms.md 3.12)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from strowger.channels.sms.fields import read_digits
from strowger.channels.sms.senders import repository
from strowger.channels.sms.senders.countries import COUNTRIES, fits, rule_of
from strowger.channels.sms.senders.schemas import MadeSender, NewSender
from strowger.foundation.clock import Clock
from strowger.foundation.database import OUTAGES, Connection, Database
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.platform.gateway.keys import Principal

SENDER = re.compile(r"[A-Za-z0-9 _.&-]{3,11}|[0-9]{3,15}")
MAX_CREATED, MAX_DELETED = 5_000, 100
_FACT = "sms.senders"
READ_AGAIN_SECONDS = 1.0


def check_form(sender: str, iso_code: str | None, purpose: str | None = None) -> str | None:
    """Check the form of a sender ID for its country; returns its purpose, which some countries tell by the form.

    Raises E627 (form), E629 (country).
    """
    if not SENDER.fullmatch(sender):
        raise StrowgerError("E627", field="sender")
    if iso_code is None:
        return purpose
    if iso_code not in COUNTRIES:
        raise StrowgerError("E629", field="iso_code")
    rule = rule_of(iso_code)
    if not fits(sender, rule):
        raise StrowgerError("E627", f"In {iso_code}: {rule.letters_text}", field="sender")
    if not rule.registry:
        return purpose
    told = "MKT" if sender.isdigit() else "TXN"
    if purpose not in (None, told):
        raise StrowgerError("E627", f"In {iso_code}: {rule.letters_text}", field="sender")
    return told


async def create_sender(
    connection: Connection,
    account_id: int,
    sender: str,
    *,
    iso_code: str | None = None,
    purpose: str | None = None,
    description: str = "",
    status: str = "Approved",
    is_default: bool = False,
) -> int:
    """Register a sender ID, as the operator does; returns its id. ``iso_code`` None means every country.

    Raises StrowgerError E627 (format), E629 (country), E628 (the account has it already).
    """
    if not SENDER.fullmatch(sender):
        raise StrowgerError("E627", field="sender")
    if iso_code is not None and iso_code.upper() not in COUNTRIES:
        raise StrowgerError("E629", field="iso_code")
    new = NewSender(
        sender, iso_code.upper() if iso_code else None, description, purpose, status=status, is_default=is_default
    )
    made = await repository.add_senders(connection, account_id, [new])
    if not made:
        raise StrowgerError("E628", field="sender")
    return made[0].id


async def request_senders(
    connection: Connection, account_id: int, new: Sequence[NewSender], auto_approve: bool
) -> list[MadeSender]:
    """Store sender IDs that a customer asks for; the ones that the account has are not in the result."""
    await settle(connection, account_id, new, auto_approve)
    return await repository.add_senders(connection, account_id, new)


async def settle(connection: Connection, account_id: int, new: Sequence[NewSender], auto_approve: bool) -> None:
    """Set the state in which sender IDs begin.

    Approved at once are names for countries without review, and numbers that the account owns: under an approved number
    an account also receives.
    """
    numbers = [item.sender for item in new if item.sender.isdigit()]
    own = await repository.own_numbers(connection, account_id, numbers) if numbers else set()
    for item in new:
        trusted = item.sender in own or not item.sender.isdigit()
        open_ = auto_approve and trusted and not rule_of(item.iso_code).review
        item.status = "Approved" if open_ else "Pending"


async def delete_senders(connection: Connection, account_id: int, names: Sequence[str]) -> None:
    """Delete sender IDs for every country. Raises E630: one is not there (400), or scheduled messages need it (409)."""
    used = await repository.scheduled_senders(connection, account_id, names)
    if used:
        listed = ", ".join(sorted(used))
        raise StrowgerError("E630", f"Scheduled messages use {listed}", field="sender", status=409)
    deleted = await repository.delete_senders(connection, account_id, names)
    if unknown := [name for name in names if name not in deleted]:
        raise StrowgerError("E630", f"Not found: {', '.join(unknown)}", field="sender")


async def change_sender(
    connection: Connection, account_id: int, row: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Change description, entity and sample; one that was rejected is asked for again. Raises E626."""
    entity = read_digits({"entity_id": values["entity_id"]}, "entity_id", "E626")
    if entity is None and rule_of(row["iso_code"]).registry:
        entity = await repository.account_entity(connection, account_id)
        if entity is None:
            raise StrowgerError("E626", f"It is needed in {row['iso_code']}", field="entity_id")
    again = row["status"] == "Rejected"
    await repository.change_sender(
        connection, account_id, row["id"], values["description"], entity, values["sample"] or None,
        "Pending" if again else row["status"], None if again else row["reason"],
    )  # fmt: skip


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
    described = {
        "id": row["id"],
        "identifier": row["sender"],
        "sender": row["sender"],
        "description": row["description"],
        "iso_code": (row["iso_code"] or "").lower(),
        "entity_id": row["entity_id"] or "",
        "status": row["status"],
        "purpose": row["purpose"] or "",
        "created_at": row["created_at"].isoformat(" ", "seconds"),
    }
    return described | ({"reason": row["reason"]} if row["reason"] else {})
