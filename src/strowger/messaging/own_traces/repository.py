"""Queries of the installation's own status traces. They belong to no account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection
from strowger.foundation.notify import notify
from strowger.messaging.statuses import Trace

CHANNEL = "traces"
ALL = "SELECT * FROM status_trace ORDER BY code"
ONE = "SELECT * FROM status_trace WHERE code = $1"
SAVE = """
INSERT INTO status_trace (code, status, meaning, remedy, retry, blacklistable, updated_by, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (code) DO UPDATE SET status = $2, meaning = $3, remedy = $4, retry = $5, blacklistable = $6, updated_by = $7,
    updated_at = $8
"""
DROP = "DELETE FROM status_trace WHERE code = $1 RETURNING code"


async def all_traces(connection: Connection) -> list[Mapping[str, Any]]:
    """Every trace, by code."""
    return [dict(row) for row in await connection.fetch(ALL)]


async def find(connection: Connection, code: str) -> Mapping[str, Any] | None:
    """The trace of a code."""
    row = await connection.fetchrow(ONE, code)
    return dict(row) if row else None


async def save(connection: Connection, trace: Trace, by: str, now: datetime) -> None:
    """Add a trace or change it."""
    await connection.execute(
        SAVE, trace.code, trace.status, trace.meaning, trace.remedy, trace.retry, trace.blacklistable, by, now
    )
    await notify(connection, CHANNEL)


async def drop(connection: Connection, code: str) -> bool:
    """Remove a trace; whether there was one."""
    found = await connection.fetchval(DROP, code)
    await notify(connection, CHANNEL)
    return found is not None
