"""Queries of exports that a worker makes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from strowger.foundation.database import Connection

ASK = """
INSERT INTO data_export (id, account_id, hint, by_user, asked_at, subject_sealed) VALUES ($1, $2, $3, $4, $5, $6)
"""
ONE = "SELECT * FROM data_export WHERE account_id = $1 AND id = $2"
RUNNING = "SELECT count(*) FROM data_export WHERE account_id = $1 AND state IN ('queued', 'working')"
# scope: the job works for every account
CLAIM = """
UPDATE data_export SET state = 'working', seen_at = $1 WHERE id = (
    SELECT id FROM data_export WHERE state = 'queued' OR (state = 'working' AND seen_at < $2)
    ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING *
"""
SEEN = "UPDATE data_export SET seen_at = $3 WHERE account_id = $1 AND id = $2"
DONE = """
UPDATE data_export SET state = $3, done_at = $4, file_id = $5, error = $6, subject_sealed = NULL
WHERE account_id = $1 AND id = $2
"""
FORGET = "DELETE FROM data_export WHERE done_at < $1"  # scope: upkeep of the whole installation


async def ask(
    connection: Connection, export_id: UUID, account_id: int, hint: str, by: str, at: datetime, sealed: bytes | None
) -> None:
    """Queue an export."""
    await connection.execute(ASK, export_id, account_id, hint, by, at, sealed)


async def one(connection: Connection, account_id: int, export_id: UUID) -> asyncpg.Record | None:
    """An export of an account."""
    return await connection.fetchrow(ONE, account_id, export_id)


async def running(connection: Connection, account_id: int) -> int:
    """How many of an account are not done."""
    return int(await connection.fetchval(RUNNING, account_id))


async def claim(connection: Connection, now: datetime, stale: datetime) -> asyncpg.Record | None:
    """Take the oldest one that waits, or whose worker was last seen before ``stale``."""
    return await connection.fetchrow(CLAIM, now, stale)


async def seen(connection: Connection, account_id: int, export_id: UUID, now: datetime) -> None:
    """Its worker lives."""
    await connection.execute(SEEN, account_id, export_id, now)


async def done(
    connection: Connection, account_id: int, export_id: UUID, state: str, at: datetime, file_id: UUID | None, error: str
) -> None:
    """It is ready or failed; the number or address goes."""
    await connection.execute(DONE, account_id, export_id, state, at, file_id, error)


async def forget(connection: Connection, before: datetime) -> None:
    """Delete the rows of exports done long ago."""
    await connection.execute(FORGET, before)
