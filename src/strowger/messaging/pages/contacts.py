"""The messages to a contact, on the page that the directory shows of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.ids import uuid_time
from strowger.messaging import words
from strowger.messaging.pages.privacy import seen_rows
from strowger.messaging.repository import reading
from strowger.platform.directory.history import Happening
from strowger.platform.directory.schemas import Person

SHOWN, TEXT = 50, 200
SPAN = timedelta(days=365)


def happening(row: Any) -> Happening:
    """A message as an entry of the timeline."""
    text = words.shown_text(row)
    title = f"{words.direction_label(row['direction'])}: {words.status_label(row['status'])}"
    shown = text if len(text) <= TEXT else f"{text[:TEXT]}…"
    about = f"{row['sender']} → {words.recipient_text(row['recipient'])}"
    tone = words.TONES.get(row["status"], "neutral")
    return Happening(uuid_time(row["request_id"]), title, f"{about}: {shown}", tone, words.message_path(row))


async def messages_of(context: Context, visitor: Visitor, person: Person) -> list[Happening]:
    """The newest messages to a contact's number; nothing for roles that see no messages."""
    if not visitor.may("messages.read"):
        return []
    since = context.clock.now() - SPAN
    async with context.database.acquire() as connection:
        rows = await reading.messages_to(connection, visitor.account_id, person.mobile, since, SHOWN)
    return [happening(row) for row in seen_rows(visitor, rows)]
