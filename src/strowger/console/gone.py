"""Marks of pages whose things are gone (a deleted contact, a message past retention): with their titles they go, too.

Light enough for workers: what kinds of things there are is said in ``wiring``, not by the pages that show them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from contextlib import nullcontext

from strowger.console import repository, things
from strowger.console.repository import MarkKey, MarkRow
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.logs import get_logger
from strowger.foundation.tenancy import across_accounts

BATCH = 1_000
log = get_logger(__name__)
Place = tuple[int, str]  # account and path


async def existing(context: Context, places: Collection[Place]) -> set[Place]:
    """Those of the places at which something is: one query for each kind of thing among them. Fails as a whole or not at all."""
    there: set[Place] = set()
    asked: dict[things.Thing, dict[Place, list[Place]]] = defaultdict(lambda: defaultdict(list))
    for account_id, path in places:
        found = things.find(path)
        if found is None:
            there.add((account_id, path))
        else:
            asked[found[0]][account_id, found[1]].append((account_id, path))
    for thing, keys in asked.items():
        for pair in await _pairs(context, thing, keys):
            there.update(keys.get(pair, ()))
    return there


async def _pairs(context: Context, thing: things.Thing, wanted: Collection[Place]) -> set[Place]:
    accounts, keys = {account_id for account_id, _ in wanted}, {key for _, key in wanted}
    with across_accounts() if thing.everybodys else nullcontext():
        async with context.database.acquire() as connection:
            return await (thing.exists or repository.existing_of(thing))(connection, accounts, keys)


async def marks_of(context: Context, account_id: int, user_id: int) -> list[MarkRow]:
    """A person's remembered pages, those opened last first; those whose things are gone are deleted."""
    async with context.database.acquire() as connection:
        rows = await repository.marks_of(connection, account_id, user_id)
    there = await existing(context, [(account_id, row.path) for row in rows])
    gone = [MarkKey(account_id, user_id, row.path) for row in rows if (account_id, row.path) not in there]
    await _drop(context, gone)
    return [row for row in rows if (account_id, row.path) in there]


async def forget(context: Context, account_id: int | None = None) -> int:
    """Delete the marks of things that are gone, of an account or of all; returns how many."""
    after, total = MarkKey(account_id or 0, 0, ""), 0
    while True:
        keys = await context.database.run(
            lambda c, after=after: repository.marks_after(c, after, account_id, BATCH)  # type: ignore[misc]
        )
        there = await existing(context, {(key.account_id, key.path) for key in keys})
        total += await _drop(context, [key for key in keys if (key.account_id, key.path) not in there])
        if len(keys) < BATCH:
            break
        after = keys[-1]
    if total:
        log.info("marks_forgotten", marks=total)
    return total


async def _drop(context: Context, gone: list[MarkKey]) -> int:
    async def work(connection: Connection) -> int:
        return await repository.drop_marks(connection, gone)

    return await context.database.run(work) if gone else 0
