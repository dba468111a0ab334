"""What the planner knows of tables that fill faster than the server looks at them by itself.

A queue that was empty at the last vacuum, or the first messages of a new day, are planned for as if there were no rows, and
connections keep their plans: with some thousand rows such a plan takes seconds. Autovacuum looks every 15 seconds (embedded) or
every minute.
"""

from __future__ import annotations

from collections.abc import Collection

import asyncpg

from strowger.foundation.database import OUTAGES, Connection, Database
from strowger.foundation.logs import get_logger

log = get_logger(__name__)
FEWEST = 500  # rows; below that every plan is quick
GROWTH = 4  # times as many as the planner believes
NEARLY_EMPTY = 250  # rows; well below FEWEST, or one would undo the other
FORGETS = 18  # the first version of the server that can be told to forget
GROWN = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND s.schemaname = current_schema() AND s.n_live_tup >= $1 AND s.n_live_tup >= $2 * c.reltuples
ORDER BY s.last_analyze NULLS FIRST
"""
BELIEVED_EMPTY = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($1::text[]) AND c.reltuples BETWEEN 0 AND $2
"""
FORGET = "SELECT pg_clear_relation_stats(current_schema(), $1)"
NOT_WAITING = "SET LOCAL lock_timeout = '100ms'"  # a vacuum that is under way would be ended for us


async def keep_statistics(database: Database, queues: Collection[str]) -> None:
    """ANALYZE tables that have grown far beyond what the planner believes; plans made before are forgotten everywhere.

    What a vacuum found in nearly empty ``queues`` is forgotten: of a table that was never looked at the planner expects some
    hundred rows, which suits a queue at any moment. What cannot be done with one table now keeps nothing from the others.
    Raises the outages of the database.
    """
    async with database.acquire() as connection:
        for row in await connection.fetch(GROWN, FEWEST, GROWTH):
            await _try(connection, row[0], f"ANALYZE (SKIP_LOCKED) {row[0]}")  # a name that the server has quoted
        if connection.get_server_version().major >= FORGETS:
            for row in await connection.fetch(BELIEVED_EMPTY, list(queues), NEARLY_EMPTY):
                await _try(connection, row[0], FORGET, row[0])


async def _try(connection: Connection, table: str, statement: str, *values: str) -> None:
    """Locked, dropped meanwhile, another's: the table is as it was, and is looked at again."""
    try:
        async with connection.transaction():
            await connection.execute(NOT_WAITING)
            await connection.execute(statement, *values)
    except OUTAGES:
        raise
    except asyncpg.PostgresError as problem:
        log.info("statistics_left", table=table, problem=repr(problem))
