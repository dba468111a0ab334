"""Changes of many contacts: tags, blocks, deletion; set by set, each set in a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.platform.directory import service
from strowger.platform.directory.listing import MAX_ID, Book
from strowger.platform.directory.repository import listing

AT_ONCE = 1_000


class Change(msgspec.Struct, frozen=True):
    """What is done: ``kind`` is tags, blocks or delete; ``add`` gives tags or blocks, else they are taken."""

    kind: str
    add: bool
    tags: list[int] = []
    channels: list[str] = []
    by: str = ""


async def apply(
    connection: Connection, account_id: int, contact_ids: Sequence[int], change: Change, now: datetime
) -> int:
    """Change these contacts; returns how much changed. Raises Refused."""
    if change.kind == "tags":
        return await service.tag_contacts(connection, account_id, contact_ids, change.tags, change.add, now)
    if change.kind == "blocks":
        return await service.block_all(connection, account_id, contact_ids, change.channels, change.add, change.by, now)
    return await service.delete(connection, account_id, contact_ids)


async def apply_all(context: Context, book: Book, query: str, change: Change) -> int:
    """Change every contact in a state of the list; returns how many there were. Raises Refused."""
    wanted, after, total = book.matching(query), 0, 0

    async def work(connection: Connection) -> list[int]:
        ids = await listing.next_ids(connection, book.account_id, wanted, after, MAX_ID, AT_ONCE)
        await apply(connection, book.account_id, ids, change, context.clock.now())
        return ids

    while ids := await context.database.run(work):
        after, total = ids[-1], total + len(ids)
    return total
