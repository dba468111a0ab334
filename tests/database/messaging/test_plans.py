"""How the server reaches the rows of the path: always by key, also with plans from a time when there were none."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from strowger.foundation.ids import new_uuid
from strowger.foundation.statistics import FEWEST, FORGETS, GROWTH, keep_statistics
from strowger.messaging.repository import journaling, queueing
from strowger.platform.callbacks import repository as callbacks
from tests.database.messaging.conftest import World

TABLES = ("message", "message_event", "submission", "callback")
STATEMENTS = {
    "write": (journaling.WRITE, "'[]', '[]', '{}', '{}'"),
    "move": (queueing.MOVE, "'[]'"),
    "claim": (queueing.CLAIM, "1, now(), 100, 1"),
    "lock due": (queueing.LOCK_DUE, "0, now(), 100"),
    "delivered": (callbacks.DELETE, "'{}'"),
    "parts": (journaling.PARTS, "'{}', '{}', '{}'"),
}
SCAN = re.compile(r"(Seq Scan|Bitmap Heap Scan|Index Scan using \S+|Index Only Scan using \S+) on (\w+)")
BELIEVED = "SELECT reltuples FROM pg_class WHERE oid = 'submission'::regclass"


async def _plan(world: World, name: str) -> list[str]:
    """The plan that a connection of the path keeps for a statement."""
    statement, values = STATEMENTS[name]
    async with world.database.acquire(by_key=True) as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute("DEALLOCATE ALL")
        await connection.execute(f"PREPARE kept AS {statement}")
        lines = [row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE kept({values})")]
        await connection.execute("RESET plan_cache_mode")
        return lines


@pytest.mark.parametrize("name", STATEMENTS)
async def test_a_plan_made_for_empty_tables_goes_by_key(world: World, name: str) -> None:
    await keep_statistics(world.database, TABLES)
    lines = await _plan(world, name)
    whole = "\n".join(lines)
    assert "Hash Join" not in whole
    assert "Merge Join" not in whole
    scans = 0
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        found = SCAN.search(line)
        if found is None or not found[2].startswith(TABLES):
            continue
        scans += 1
        assert found[1] != "Seq Scan", whole
        assert "Index Cond" in after or "Recheck Cond" in after, whole
        assert "recipient" not in line, whole  # an index that has the account and the request, but is not the key
    assert scans, whole


async def _fill(world: World, rows: int) -> None:
    now = world.clock.now()
    async with world.database.acquire() as connection:
        await connection.copy_records_to_table(
            "submission",
            records=[(new_uuid(), 1, world.account, 1, now, now + timedelta(days=1)) for _ in range(rows)],
            columns=("request_id", "n", "account_id", "priority", "due_at", "expires_at"),
        )
        await connection.execute("SELECT pg_stat_force_next_flush()")
        await connection.execute("SELECT 1")


async def test_a_table_that_fills_is_looked_at_before_autovacuum_comes(world: World) -> None:
    await world.database.pool.execute("ALTER TABLE submission SET (autovacuum_enabled = off)")
    await world.database.pool.execute("VACUUM ANALYZE submission")
    await _fill(world, FEWEST)
    await keep_statistics(world.database, ())
    assert await world.database.pool.fetchval(BELIEVED) == FEWEST
    await _fill(world, FEWEST)
    await keep_statistics(world.database, ())
    assert await world.database.pool.fetchval(BELIEVED) == FEWEST, "not for every row: it costs a scan"
    await _fill(world, FEWEST * (GROWTH - 2))
    await keep_statistics(world.database, ())
    assert await world.database.pool.fetchval(BELIEVED) == FEWEST * GROWTH


async def test_a_table_that_is_locked_is_left_and_keeps_nothing_from_the_others(world: World) -> None:
    await world.database.pool.execute("VACUUM ANALYZE submission, callback")
    async with world.database.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE submission IN SHARE UPDATE EXCLUSIVE MODE")
        await keep_statistics(world.database, ("submission", "callback"))
        major = other.get_server_version().major
    assert await world.database.pool.fetchval(BELIEVED) == 0
    believed = await world.database.pool.fetchval("SELECT reltuples FROM pg_class WHERE relname = 'callback'")
    assert believed == (-1 if major >= FORGETS else 0)


async def test_what_a_vacuum_found_in_an_empty_queue_is_forgotten(world: World) -> None:
    async with world.database.acquire() as connection:
        forgets = connection.get_server_version().major >= FORGETS
    await world.database.pool.execute("VACUUM ANALYZE submission")
    await keep_statistics(world.database, ("submission",))
    assert await world.database.pool.fetchval(BELIEVED) == (-1 if forgets else 0)
