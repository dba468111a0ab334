"""Each migration works on a database that holds data, and keeps it."""

from __future__ import annotations

import asyncio

import asyncpg
from alembic import command
from alembic.script import ScriptDirectory

from strowger.foundation.database import driver_url
from strowger.foundation.schema import alembic_config
from tests.database.filling import fill_tables


async def _fill(url: str) -> tuple[set[str], set[str], set[str]]:
    connection = await asyncpg.connect(driver_url(url))
    try:
        return await fill_tables(connection)
    finally:
        await connection.close()


async def test_R18_each_migration_meets_rows_in_every_table_and_keeps_them(database_url: str) -> None:
    config = alembic_config(database_url)
    await asyncio.to_thread(command.downgrade, config, "base")
    steps = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    full: set[str] = set()
    for step in steps:
        await asyncio.to_thread(command.upgrade, config, step)
        held, filled, empty = await _fill(database_url)
        assert not full & (filled | empty), f"{step} lost the rows of {sorted(full & (filled | empty))}"
        assert not empty, f"no row could be made at {step} for {sorted(empty)}"
        full = held | filled
    assert len(full) > 90
