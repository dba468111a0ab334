"""The declaration that an account makes once for each channel: those whom it writes to have agreed (console.md 5.4, Opt-in)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from strowger.foundation.database import Connection
from strowger.platform.consent import repository

STATEMENTS = (
    ("agreed", "Everybody on our lists has agreed to get our messages on this channel: by a form, on paper or digitally."),
    ("proof", "We keep the proof of each agreement for as long as we write to that person, and show it when we are asked for it."),
    ("ends", "Whoever takes the agreement back gets no more messages from us, and is not listed again without a new one."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Declaration:
    """Who declared what, when, and from which address."""

    name: str
    email: str
    statements: Sequence[str]
    ip: str | None
    at: datetime


async def find(connection: Connection, account_id: int, channel: str) -> Declaration | None:
    """The account's declaration for a channel."""
    row = await repository.declaration(connection, account_id, channel)
    return Declaration(**dict(row)) if row is not None else None


async def declare(
    connection: Connection, account_id: int, channel: str, name: str, email: str, ip: str | None, now: datetime
) -> None:
    """Record the declaration of all statements; one that stands already is kept as it is."""
    texts = [text for _, text in STATEMENTS]
    await repository.add_declaration(connection, account_id, channel, name, email, texts, ip, now)
