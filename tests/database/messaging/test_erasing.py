"""Texts that an account keeps for fewer days than its messages (sms.md 7.6)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from strowger.foundation.ids import new_uuid
from strowger.messaging.erasing import erase_texts
from strowger.messaging.statuses import Status
from tests.database.messaging.conftest import World

DAY = 86_400


def world_start() -> datetime:
    return datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0)


async def bodies(world: World) -> list[str]:
    rows = await world.database.pool.fetch("SELECT body FROM message ORDER BY created_at, request_id, n")
    return [row["body"] for row in rows]


async def send_now(world: World, **changes: Any) -> None:
    """As long ago as the clock says, since the id tells when a message was accepted."""
    request_id = await world.send(**changes)
    ago = new_uuid_at(world)
    for table in ("message", "submission", "scheduled_request"):
        await world.database.pool.execute(f"UPDATE {table} SET request_id = $2 WHERE request_id = $1", request_id, ago)


def new_uuid_at(world: World) -> UUID:
    milliseconds = int(world.clock.time() * 1000)
    tail = new_uuid().int & ((1 << 80) - 1)
    return UUID(int=(milliseconds << 80) | tail)


async def keep_texts(world: World, days: int) -> None:
    account = await world.database.pool.fetchval("SELECT min(id) FROM account")
    await world.database.pool.execute(
        "INSERT INTO retention (account_id, kind, days) VALUES ($1, 'texts', $2)", account, days
    )


async def test_texts_are_erased_after_their_days_and_messages_stay(world: World) -> None:
    world.clock.advance((world_start() - world.clock.now()).total_seconds())
    await keep_texts(world, 10)
    await send_now(world, body="old")
    world.clock.advance(1)
    scheduled = world.clock.now() + timedelta(days=20)
    await send_now(world, body="later", due_at=scheduled, valid_until=scheduled + timedelta(days=2))
    await world.submit()
    world.clock.advance(9 * DAY)
    await send_now(world, body="new")
    assert await erase_texts(world.context) == 0
    world.clock.advance(2 * DAY)
    counts = await asyncio.gather(*(erase_texts(world.context) for _ in range(2)))
    assert sum(counts) == 1
    assert await bodies(world) == ["", "later", "new"]
    assert await world.database.pool.fetchval("SELECT units FROM message WHERE body = ''") == 1, "figures stay"
    world.clock.advance(9 * DAY + 3600)
    await world.submit()
    await erase_texts(world.context)
    assert await bodies(world) == ["", "later", ""]
    statuses = await world.database.pool.fetch("SELECT status FROM message")
    assert Status.SCHEDULED not in {row["status"] for row in statuses}
    world.clock.advance(11 * DAY)
    await erase_texts(world.context)
    assert await bodies(world) == ["", "", ""]
    assert await world.database.pool.fetchval("SELECT body FROM scheduled_request") == ""


async def test_accounts_that_do_not_ask_keep_their_texts(world: World) -> None:
    await world.send(body="kept")
    world.clock.advance(100 * DAY)
    assert await erase_texts(world.context) == 0
    assert await bodies(world) == ["kept"]


async def test_a_text_that_is_still_under_way_goes_once_it_no_longer_is(world: World) -> None:
    """An account may keep texts for a day only; a message that waits longer than that for its carrier is sent whole."""
    world.clock.advance((world_start() - world.clock.now()).total_seconds())
    await keep_texts(world, 1)
    await send_now(world, body="waits", valid_until=world.clock.now() + timedelta(days=5))
    world.clock.advance(2 * DAY)
    assert await erase_texts(world.context) == 0
    await world.submit()
    assert await erase_texts(world.context) == 1
    assert await bodies(world) == [""]
