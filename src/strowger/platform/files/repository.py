"""Queries of stored files, always of one account, but for upkeep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from strowger.foundation.database import Connection

BEGIN = """
INSERT INTO stored_file (account_id, id, name, media_type, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
ADD = "INSERT INTO stored_piece (account_id, file_id, n, sealed) VALUES ($1, $2, $3, $4)"
FINISH = """
UPDATE stored_file SET size = $3, sha256 = $4, pieces = $5, finished_at = $6
WHERE account_id = $1 AND id = $2 AND finished_at IS NULL RETURNING id
"""
FIND = """
SELECT account_id, id, name, media_type, size, sha256, pieces, created_by, created_at, expires_at FROM stored_file
WHERE account_id = $1 AND id = $2 AND finished_at IS NOT NULL AND (expires_at IS NULL OR expires_at > $3)
"""
PIECE = "SELECT sealed FROM stored_piece WHERE account_id = $1 AND file_id = $2 AND n = $3"
KEEP = """
UPDATE stored_file SET expires_at = $3 WHERE account_id = $1 AND id = ANY($2) AND finished_at IS NOT NULL RETURNING id
"""
RENAME = "UPDATE stored_file SET name = $3 WHERE account_id = $1 AND id = $2"
DELETE = "DELETE FROM stored_file WHERE account_id = $1 AND id = ANY($2) RETURNING id"
# scope: upkeep removes what is past its time in every account
PURGE = """
DELETE FROM stored_file WHERE (account_id, id) IN (
    SELECT account_id, id FROM stored_file WHERE expires_at <= $1
    UNION ALL SELECT account_id, id FROM stored_file WHERE finished_at IS NULL AND created_at < $2
    LIMIT $3
) RETURNING id
"""


async def begin(
    connection: Connection, account_id: int, file_id: UUID, name: str, media_type: str, by: str, at: datetime,
    expires: datetime | None,
) -> None:  # fmt: skip
    """Add a file without content, seen by nobody yet."""
    await connection.execute(BEGIN, account_id, file_id, name, media_type, by, at, expires)


async def add_piece(connection: Connection, account_id: int, file_id: UUID, n: int, sealed: bytes) -> None:
    """Add a piece of content. Raises ForeignKeyViolationError when the file has gone."""
    await connection.execute(ADD, account_id, file_id, n, sealed)


async def finish(
    connection: Connection, account_id: int, file_id: UUID, size: int, sha256: bytes, pieces: int, at: datetime
) -> bool:
    """Let the file be seen; False when it has gone."""
    return await connection.fetchval(FINISH, account_id, file_id, size, sha256, pieces, at) is not None


async def find(connection: Connection, account_id: int, file_id: UUID, now: datetime) -> asyncpg.Record | None:
    """A finished file that is not past its time."""
    return await connection.fetchrow(FIND, account_id, file_id, now)


async def piece(connection: Connection, account_id: int, file_id: UUID, n: int) -> bytes | None:
    """One sealed piece."""
    found: bytes | None = await connection.fetchval(PIECE, account_id, file_id, n)
    return found


async def keep(connection: Connection, account_id: int, file_ids: Sequence[UUID], until: datetime | None) -> int:
    """Set when files expire, within the caller's transaction; returns how many there were."""
    return len(await connection.fetch(KEEP, account_id, list(file_ids), until))


async def rename(connection: Connection, account_id: int, file_id: UUID, name: str) -> None:
    """Give a file another name; ``service.clean_name`` first."""
    await connection.execute(RENAME, account_id, file_id, name)


async def delete(connection: Connection, account_id: int, file_ids: Sequence[UUID]) -> int:
    """Remove files with their content, within the caller's transaction; returns how many there were."""
    return len(await connection.fetch(DELETE, account_id, list(file_ids)))


async def purge(connection: Connection, now: datetime, abandoned_before: datetime, limit: int) -> int:
    """Remove files past their time, and those whose writer has gone; returns how many."""
    return len(await connection.fetch(PURGE, now, abandoned_before, limit))
