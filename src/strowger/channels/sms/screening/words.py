"""STOP, START and HELP in incoming messages: opt-outs, and one answer to each change (sms.md 11.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import asyncpg

from strowger.channels.sms.screening.batch import screens_of
from strowger.channels.sms.screening.options import Words
from strowger.channels.sms.screening.rules import CONFIRMATION
from strowger.foundation.ids import new_uuid
from strowger.messaging.facts import Facts
from strowger.messaging.rules import Received
from strowger.messaging.schemas import NewRequest, Priority
from strowger.platform.consent import service as consent

CHANNEL = "sms"
VALID = timedelta(hours=6)
Connection: TypeAlias = "asyncpg.Connection[Any]"


def meaning(text: str, words: Words) -> str | None:
    """stop, start or help, when the whole text is one of the account's words; None for any other text."""
    folded = " ".join(text.split()).strip(".!?\"' ").casefold()
    if not folded:
        return None
    for name, known in (("stop", words.stop), ("start", words.start), ("help", words.help)):
        if folded in {word.casefold() for word in known}:
            return name
    return None


async def handle(connection: Connection, received: Sequence[Received], facts: Facts, now: datetime) -> list[NewRequest]:
    """Record what recipients asked for; returns the answers to them: one for each change, and to each HELP."""
    screens = await screens_of(connection, {one.account_id for one in received}, facts)
    wishes: dict[str, dict[tuple[int, str, str], str]] = {"stop": {}, "start": {}, "help": {}}
    for one in received:
        screen = screens.get(one.account_id)
        wish = meaning(one.text, screen.options.words) if screen else None
        if wish is None or not (one.source.isascii() and one.source.isdigit()):
            continue
        for others in wishes.values():  # within one batch the last word counts
            others.pop((one.account_id, one.source, one.destination), None)
        wishes[wish][(one.account_id, one.source, one.destination)] = one.message_id
    told = {"help": set(wishes["help"])}
    if wishes["stop"]:
        everywhere = frozenset(a for a, s in screens.items() if s and s.options.opt_out_everywhere)
        pairs = [(*key, message) for key, message in wishes["stop"].items()]
        told["stop"] = await consent.opt_out(connection, pairs, CHANNEL, everywhere, now)
    if wishes["start"]:
        pairs = [(*key, message) for key, message in wishes["start"].items()]
        told["start"] = await consent.opt_in(connection, pairs, CHANNEL, now)
    answers = []
    for wish, keys in told.items():
        for account_id, source, destination in sorted(keys):
            screen = screens.get(account_id)
            text = getattr(screen.options.words, f"{wish}_text") if screen else ""
            if text:
                answers.append(_answer(account_id, source, destination, text, wish, now))
    return answers


def _answer(account_id: int, to: str, sender: str, text: str, wish: str, now: datetime) -> NewRequest:
    return NewRequest(
        account_id, new_uuid(), "TXN", sender, text, [to], now, now + VALID, Priority.NORMAL, source="opt-out",
        options={CONFIRMATION: wish},
    )  # fmt: skip
