"""Partitions by day of the tables that are keyed by time-ordered ids."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from strowger.foundation.database import Connection
from strowger.foundation.ids import uuid_floor

PARTITIONED = ("message", "message_event", "callback_attempt")
# A message changes its status twice: room on its page keeps both changes out of the indexes (heap-only tuples).
STORAGE = {"message": " WITH (fillfactor = 50)"}
DAYS_AHEAD = 3
LOCK = 727866  # one process at a time makes partitions


def partition_name(table: str, day: datetime) -> str:
    """``message_20260131`` for the partition of that day (UTC)."""
    return f"{table}_{day:%Y%m%d}"


async def create_partitions(connection: Connection, now: datetime, days_ahead: int = DAYS_AHEAD) -> list[str]:
    """Create the missing partitions of today and the days ahead, within the caller's transaction; returns their names.

    Rows of days without a partition go to the table's default partition, so a late run loses nothing.
    """
    await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
    made = []
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    for table in PARTITIONED:
        for offset in range(days_ahead + 1):
            day = midnight + timedelta(days=offset)
            name = partition_name(table, day)
            if await connection.fetchval("SELECT to_regclass($1)", name):
                continue
            low, high = uuid_floor(day), uuid_floor(day + timedelta(days=1))
            await connection.execute(
                f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{low}') TO ('{high}'){STORAGE.get(table, '')}"
            )
            made.append(name)
    return made


async def drop_old_partitions(connection: Connection, now: datetime, keep_days: int) -> list[str]:
    """Drop the partitions of days past retention; returns their names."""
    dropped = []
    oldest = now.astimezone(UTC) - timedelta(days=keep_days)
    for table in PARTITIONED:
        rows = await connection.fetch(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass",
            table,
        )
        for (name,) in rows:
            stamp = name.rsplit("_", 1)[-1]
            if stamp.isdigit() and stamp < f"{oldest:%Y%m%d}":
                await connection.execute(f"DROP TABLE {name}")
                dropped.append(name)
    return dropped
