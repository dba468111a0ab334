"""Whose an incoming message to a shared number is: its keyword tells, or for STOP, START and HELP who wrote last (sms.md 7.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strowger.channels.sms.receive.repository import working
from strowger.channels.sms.screening.batch import screens_of
from strowger.channels.sms.screening.options import Words
from strowger.channels.sms.screening.words import meaning
from strowger.foundation.database import Connection
from strowger.messaging.facts import Facts
from strowger.messaging.rules import Received

FACT = "sms.receive.shared"
COMMON = Words()


def is_common_word(text: str) -> bool:
    """Whether a keyword would take what everybody may say on a shared number."""
    return meaning(text, COMMON) is not None


async def addressees(connection: Connection, received: Sequence[Received], facts: Facts) -> Mapping[str, int]:
    """The account of each message to a shared number, by message id; missing: nobody's but the number's own account's."""
    tables = await facts.look_up(connection, FACT, {one.destination for one in received}, working.shared_tables)
    found: dict[str, int] = {}
    writers = await working.wrote_last(connection, {(one.destination, one.source) for one in received})
    screens = await screens_of(connection, set(writers.values()), facts)
    for one in received:
        writer = writers.get((one.destination, one.source))
        screen = screens.get(writer) if writer is not None else None
        if writer is not None and meaning(one.text, screen.options.words if screen else COMMON):
            found[one.message_id] = writer
            continue
        known = tables[one.destination]
        matched = known[0].find(one.text) if known else None
        if known and matched is not None:
            found[one.message_id] = known[1][matched.configuration.id]
    return found
