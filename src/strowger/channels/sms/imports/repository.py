"""Queries of imports, always of one account."""

from __future__ import annotations

from typing import Any

import asyncpg

from strowger.foundation.database import Connection

KEPT = 20
ADD = """
INSERT INTO sms_import (account_id, kind, file_name, author, dry_run, rows) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
PRUNE = f"""
DELETE FROM sms_import WHERE account_id = $1 AND kind = $2 AND id NOT IN (
    SELECT id FROM sms_import WHERE account_id = $1 AND kind = $2 ORDER BY id DESC LIMIT {KEPT}
)
"""  # noqa: S608
ONE = """
SELECT id, file_name, author, dry_run, rows, created_at FROM sms_import WHERE account_id = $1 AND kind = $2 AND id = $3
"""
LATEST = """
SELECT id, file_name, author, dry_run, created_at, jsonb_array_length(rows) AS total,
    (SELECT count(*) FROM jsonb_array_elements(rows) AS line WHERE line ->> 'outcome' = 'refused') AS refused
FROM sms_import WHERE account_id = $1 AND kind = $2 ORDER BY id DESC LIMIT $3
"""


async def add(
    connection: Connection, account_id: int, kind: str, file_name: str, author: str, dry_run: bool, rows: list[Any]
) -> int:
    """Keep the outcome of a file; the oldest beyond the latest 20 of the kind go."""
    made: int = await connection.fetchval(ADD, account_id, kind, file_name, author, dry_run, rows)
    await connection.execute(PRUNE, account_id, kind)
    return made


async def one(connection: Connection, account_id: int, kind: str, import_id: int) -> asyncpg.Record | None:
    """One import of an account."""
    return await connection.fetchrow(ONE, account_id, kind, import_id)


async def latest(connection: Connection, account_id: int, kind: str, limit: int = 10) -> list[asyncpg.Record]:
    """The latest imports of an account, without their rows."""
    return await connection.fetch(LATEST, account_id, kind, limit)
