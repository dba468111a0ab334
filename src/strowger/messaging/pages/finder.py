"""Messages in the command palette, by id or by number."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from strowger.console.palette import Hit
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.ids import parse_message_id
from strowger.messaging import words
from strowger.messaging.pages.privacy import seen_rows
from strowger.messaging.repository import reading

SHOWN = 5
SPAN = timedelta(days=30)


def _hit(row: Any, exact: bool) -> Hit:
    numbers = f"{row['sender']} → {words.recipient_text(row['recipient'])}"
    return Hit(numbers, words.message_path(row), "message", words.status_label(row["status"]), "Messages", exact)


async def find_hits(context: Context, visitor: Visitor, text: str) -> list[Hit]:
    """The message of an id, or the newest messages to a number."""
    pool = context.database.pool
    found = parse_message_id(text)
    if found is not None:
        request_id, n = found
        numbers = [n] if n else await reading.numbers_of(pool, visitor.account_id, request_id, SHOWN)
        rows = await reading.find_messages(pool, visitor.account_id, [(request_id, one) for one in numbers])
        return [_hit(row, True) for row in seen_rows(visitor, rows)]
    digits = reading.number_in(text)
    if len(digits) < reading.WHOLE_NUMBER:
        return []
    since = context.clock.now() - SPAN
    rows = await reading.messages_to(pool, visitor.account_id, digits, since, SHOWN)
    return [_hit(row, False) for row in seen_rows(visitor, rows)]
