"""STOP, START and HELP in incoming messages: opt-outs, and one answer to each change (sms.md 11.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from strowger.channels.sms.screening.batch import screens_of
from strowger.channels.sms.screening.options import Words
from strowger.channels.sms.screening.rules import CONFIRMATION
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid
from strowger.messaging.facts import Facts
from strowger.messaging.rules import Received
from strowger.messaging.schemas import NewRequest, Priority
from strowger.platform.consent import service as consent

CHANNEL = "sms"
VALID = timedelta(hours=6)
Key = tuple[int, str, str]  # account, who wrote, the number


def meaning(text: str, words: Words) -> str | None:
    """stop, start or help, when the whole text is one of the account's words; None for any other text."""
    folded = " ".join(text.split()).strip(".!?\"' ").casefold()
    if not folded:
        return None
    for name, known in (("stop", words.stop), ("start", words.start), ("help", words.help)):
        if folded in {word.casefold() for word in known}:
            return name
    return None


@dataclass(frozen=True, slots=True)
class Wish:
    """What one of the account's words asked for: stop, start or help; ``text`` is the account's answer.

    ``told``: it changed something, or asked for help; only then it is answered.
    """

    kind: str
    text: str
    told: bool
    template_id: str = ""
    entity_id: str = ""


async def note(connection: Connection, received: Sequence[Received], facts: Facts, now: datetime) -> dict[str, Wish]:
    """Record what recipients asked for; returns it by message id. Within one batch the last word of somebody counts."""
    screens = await screens_of(connection, {one.account_id for one in received}, facts)
    found: dict[str, tuple[str, str, Key]] = {}
    last: dict[Key, tuple[str, str]] = {}
    for one in received:
        screen = screens.get(one.account_id)
        kind = meaning(one.text, screen.options.words) if screen else None
        if kind is None or screen is None or not (one.source.isascii() and one.source.isdigit()):
            continue
        key = (one.account_id, one.source, one.destination)
        found[one.message_id] = kind, getattr(screen.options.words, f"{kind}_text"), key
        last[key] = kind, one.message_id
    wishes = {name: [(*key, m) for key, (kind, m) in last.items() if kind == name] for name in ("stop", "start")}
    told = {key for key, (kind, _) in last.items() if kind == "help"}
    if wishes["stop"]:
        everywhere = frozenset(a for a, s in screens.items() if s and s.options.opt_out_everywhere)
        told |= await consent.opt_out(connection, wishes["stop"], CHANNEL, everywhere, now)
    if wishes["start"]:
        told |= await consent.opt_in(connection, wishes["start"], CHANNEL, now)
    ids = {account_id: screen.options.words for account_id, screen in screens.items() if screen}
    return {
        message_id: Wish(
            kind, text, key in told and last[key] == (kind, message_id), getattr(ids[key[0]], f"{kind}_template"),
            ids[key[0]].entity_id,
        )
        for message_id, (kind, text, key) in found.items()
    }  # fmt: skip


def registration(template_id: str, entity_id: str) -> dict[str, str]:
    """The options of a text that stands in a content registry; none without a template id."""
    if not template_id:
        return {}
    return {"template_id": template_id} | ({"entity_id": entity_id} if entity_id else {})


def answer(
    one: Received, sender: str, text: str, wish: str, now: datetime, template_id: str = "", entity_id: str = ""
) -> NewRequest:
    """The answer to a wish; it passes every list."""
    return NewRequest(
        one.account_id, new_uuid(), "TXN", sender, text, [one.source], now, now + VALID, Priority.NORMAL,
        source="opt-out", options={CONFIRMATION: wish, **registration(template_id, entity_id)},
    )  # fmt: skip
