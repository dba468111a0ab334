"""What the planner knows of tables that fill faster than the server looks at them by itself.

A queue that was empty at the last vacuum, or the first messages of a new day, are planned for as if there were no rows, and
connections keep their plans: with some thousand rows such a plan takes seconds. Autovacuum looks every 15 seconds (embedded) or
every minute.
"""

from __future__ import annotations

from collections.abc import Collection

from strowger.foundation.database import Connection, Database

FEWEST = 500  # rows; below that every plan is quick
GROWTH = 4  # times as many as the planner believes
FORGETS = 18  # the first version of the server that can be told to forget
GROWN = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND s.schemaname = current_schema() AND s.n_live_tup >= $1 AND s.n_live_tup >= $2 * c.reltuples
"""
FORGET = """
SELECT pg_clear_relation_stats(current_schema(), c.relname) FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($1::text[]) AND c.reltuples BETWEEN 0 AND $2
"""


async def keep_statistics(database: Database, queues: Collection[str]) -> None:
    """ANALYZE tables that have grown far beyond what the planner believes; plans made before are forgotten everywhere.

    What a vacuum found in nearly empty ``queues`` is forgotten: of a table that was never looked at the planner expects some
    hundred rows, which suits a queue at any moment. Raises the outages of the database.
    """
    async with database.acquire() as connection:
        await _analyze_grown(connection)
        if connection.get_server_version().major >= FORGETS:
            await connection.execute(FORGET, list(queues), FEWEST)


async def _analyze_grown(connection: Connection) -> None:
    for row in await connection.fetch(GROWN, FEWEST, GROWTH):
        await connection.execute(f"ANALYZE (SKIP_LOCKED) {row[0]}")  # a name that the server has quoted
