"""Queries of the home page, each of one account and bounded to a span of ids, so that old partitions stay untouched."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg

from strowger.messaging.schemas import Direction
from strowger.messaging.statuses import Status
from strowger.platform.callbacks.schemas import AttemptOutcome

STEPS = f"""
SELECT
    EXISTS (SELECT FROM api_key WHERE account_id = $1 AND last_used_at IS NOT NULL) AS key_used,
    EXISTS (SELECT FROM message WHERE account_id = $1 AND request_id >= $2 AND direction = {int(Direction.MT)}) AS sent,
    EXISTS (SELECT FROM message WHERE account_id = $1 AND request_id >= $2 AND status = {int(Status.DELIVERED)}) AS delivered,
    EXISTS (SELECT FROM message WHERE account_id = $1 AND request_id >= $2 AND direction = {int(Direction.MO)}) AS received,
    EXISTS (SELECT FROM callback_attempt WHERE account_id = $1 AND request_id >= $2
            AND outcome = {int(AttemptOutcome.DELIVERED)}) AS called_back
"""  # noqa: S608
TRAFFIC = """
SELECT date_trunc('hour', created_at) AS hour, direction, status, count(*) AS number
FROM message WHERE account_id = $1 AND request_id >= $2 GROUP BY 1, 2, 3
"""
WAITING = "SELECT count(*) FROM submission WHERE account_id = $1"
FAILED_CALLBACKS = "SELECT count(*) FROM callback WHERE account_id = $1 AND state = 2"
QUERY_SECONDS = 3


async def steps(pool: asyncpg.Pool[Any], account_id: int, since: UUID) -> Any:
    """Which of the first steps an account has done."""
    return await pool.fetchrow(STEPS, account_id, since, timeout=QUERY_SECONDS)


async def traffic(pool: asyncpg.Pool[Any], account_id: int, since: UUID) -> list[Any]:
    """Messages by hour, direction and status. Raises TimeoutError when there are too many to count at once."""
    return await pool.fetch(TRAFFIC, account_id, since, timeout=QUERY_SECONDS)


async def waiting(pool: asyncpg.Pool[Any], account_id: int) -> int:
    """Messages of an account that wait to be handed to a carrier."""
    return int(await pool.fetchval(WAITING, account_id, timeout=QUERY_SECONDS))


async def failed_callbacks(pool: asyncpg.Pool[Any], account_id: int) -> int:
    """Callbacks of an account that were given up."""
    return int(await pool.fetchval(FAILED_CALLBACKS, account_id, timeout=QUERY_SECONDS))
