"""Queries of KYC cases, always of one account, but for the operator's queue."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from strowger.foundation.database import Connection
from strowger.foundation.notify import notify

FIND = "SELECT * FROM kyc_case WHERE account_id = $1"
LOCK = "SELECT * FROM kyc_case WHERE account_id = $1 FOR UPDATE"
SAVE = """
INSERT INTO kyc_case (account_id, state, details, updated_at) VALUES ($1, 'draft', $2, $3)
ON CONFLICT (account_id) DO UPDATE SET details = excluded.details, updated_at = excluded.updated_at
"""
SUBMIT = """
UPDATE kyc_case SET state = 'submitted', reason = '', submitted_by = $2, submitted_ip = $3, submitted_at = $4, updated_at = $4,
    reviewer = '', decided_at = NULL
WHERE account_id = $1
"""
MOVE = """
UPDATE kyc_case SET state = $3, reason = $4, reviewer = $5, decided_at = $6, updated_at = coalesce($6, updated_at)
WHERE account_id = $1 AND state = ANY($2::text[]) RETURNING account_id
"""
ACTIVATE = "UPDATE account SET state = 'active' WHERE id = $1 AND state = 'trial'"
ACCOUNT = "SELECT id, sid, name, country, state, settings, created_at FROM account WHERE id = $1"
# scope: the operator's queue over all accounts
WAITING = """
SELECT k.*, a.sid, a.name, a.country FROM kyc_case k JOIN account a ON a.id = k.account_id
WHERE k.state IN ('submitted', 'in_review') ORDER BY k.submitted_at LIMIT $1
"""


async def find(connection: Connection, account_id: int) -> asyncpg.Record | None:
    """The case of an account."""
    return await connection.fetchrow(FIND, account_id)


async def lock(connection: Connection, account_id: int) -> asyncpg.Record | None:
    """The case of an account, which stays as it is until the transaction ends."""
    return await connection.fetchrow(LOCK, account_id)


async def save(connection: Connection, account_id: int, details: dict[str, str], now: datetime) -> None:
    """Keep details; a case that was not begun is a draft then."""
    await connection.execute(SAVE, account_id, details, now)


async def submit(connection: Connection, account_id: int, by: str, ip: str, now: datetime) -> None:
    """Hand a case in."""
    await connection.execute(SUBMIT, account_id, by, ip, now)


async def move(
    connection: Connection,
    account_id: int,
    states: tuple[str, ...],
    state: str,
    reason: str = "",
    reviewer: str = "",
    decided_at: datetime | None = None,
) -> bool:
    """Move a case from one of ``states`` to ``state``; False when it is in none of them."""
    found = await connection.fetchval(MOVE, account_id, list(states), state, reason, reviewer, decided_at)
    return found is not None


async def activate(connection: Connection, account_id: int) -> None:
    """End the trial of an account, and tell every process."""
    await connection.execute(ACTIVATE, account_id)
    await notify(connection, "accounts", str(account_id))


async def account(connection: Connection, account_id: int) -> asyncpg.Record | None:
    """Name, country and state of an account."""
    return await connection.fetchrow(ACCOUNT, account_id)


async def waiting(connection: Connection, limit: int) -> list[asyncpg.Record]:
    """The cases that wait in every account, oldest first."""
    return await connection.fetch(WAITING, limit)
