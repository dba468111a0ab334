"""Reading on from a place, and waiting there for what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.platform.callbacks.attempts import repository
from strowger.platform.callbacks.schemas import AttemptOutcome

KEPT = timedelta(days=7)
LOOK_EVERY = 0.5  # seconds between two looks of a request that waits
FIRST, BEFORE_ALL = UUID(int=0), -1
MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has read: a transaction and, within it, the last attempt read; none of it yet where that is left out."""

    transaction: int
    callback_id: UUID = FIRST
    attempt: int = BEFORE_ALL

    def __str__(self) -> str:
        within = "" if self.attempt == BEFORE_ALL else f".{self.callback_id.hex}.{self.attempt}"
        return f"{self.transaction}{within}"


def read_place(text: str) -> Place:
    """The place that a text names. Raises E400 for ``after``."""
    words = text.strip().split(".")
    try:
        if len(words) not in (1, 3) or not all(word.isascii() and word.isalnum() for word in words):
            raise ValueError(text)
        place = Place(int(words[0])) if len(words) == 1 else Place(int(words[0]), UUID(words[1]), int(words[2]))
    except ValueError:
        raise _unknown("Is no place: give `meta.after` of an earlier answer as it is") from None
    if place.transaction > MOST or place.attempt > 32767:
        raise _unknown("Is no place: give `meta.after` of an earlier answer as it is")
    return place


def _unknown(detail: str) -> StrowgerError:
    return StrowgerError("E400", detail, field="after")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which attempts: of an event, with an outcome; at most ``limit`` of them."""

    limit: int
    event: str | None = None
    outcomes: Sequence[AttemptOutcome] = ()


async def read_on(
    context: Context, account_id: int, place: Place | None, wanted: Wanted, wait: float
) -> tuple[list[Any], Place, bool]:
    """Attempts after a place, in the order in which they were written: these, the place to read on from, whether there are more.

    Waits up to ``wait`` seconds for the first one. Without a place it begins now. Raises E400 for a place of another database.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + wait
    while True:
        rows, place, more = await _look(context, account_id, place, wanted)
        if rows or loop.time() >= until:
            return rows, place, more
        await asyncio.sleep(min(LOOK_EVERY, max(0.0, until - loop.time())))


async def _look(
    context: Context, account_id: int, place: Place | None, wanted: Wanted
) -> tuple[list[Any], Place, bool]:
    async with context.database.acquire() as connection:
        settled, upcoming = await repository.horizon(connection)
        if place is None:
            return [], Place(settled), False
        if place.transaction > upcoming:
            raise _unknown("Is a place of another database, as after a restore: begin anew without it")
        rows = await repository.since(
            connection, account_id, (place.transaction, place.callback_id, place.attempt), settled,
            context.clock.now() - KEPT, wanted.event, [int(one) for one in wanted.outcomes], wanted.limit,
        )  # fmt: skip
    if len(rows) < wanted.limit:  # all that is finished was looked at, whatever the filter let pass
        return rows, Place(settled) if settled > place.transaction else place, False
    return rows, place_of(rows[-1]), True


def place_of(row: Any) -> Place:
    """The place right after an attempt."""
    return Place(row["transaction_id"], row["callback_id"], row["attempt"])
