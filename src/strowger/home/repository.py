"""Queries of the home page, each of one account and bounded to a span of ids, so that old partitions stay untouched."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg

from strowger.messaging.schemas import Direction
from strowger.messaging.statuses import Status
from strowger.platform.callbacks.schemas import AttemptOutcome

LOOKED_AT = 2000
# An account's first and latest messages tell whether a step was done; those between are too many to look through.
STEPS = f"""
WITH seen AS MATERIALIZED (
    (SELECT direction, status FROM message WHERE account_id = $1 AND request_id >= $2 ORDER BY request_id LIMIT {LOOKED_AT})
    UNION ALL
    (SELECT direction, status FROM message WHERE account_id = $1 AND request_id >= $2
     ORDER BY request_id DESC LIMIT {LOOKED_AT})
), called AS MATERIALIZED (
    SELECT outcome FROM callback_attempt WHERE account_id = $1 AND request_id >= $2 LIMIT {LOOKED_AT}
)
SELECT
    EXISTS (SELECT FROM api_key WHERE account_id = $1 AND last_used_at IS NOT NULL) AS key_used,
    EXISTS (SELECT FROM seen WHERE direction = {int(Direction.MT)}) AS sent,
    EXISTS (SELECT FROM seen WHERE status = {int(Status.DELIVERED)}) AS delivered,
    EXISTS (SELECT FROM seen WHERE direction = {int(Direction.MO)}) AS received,
    EXISTS (SELECT FROM called WHERE outcome = {int(AttemptOutcome.DELIVERED)}) AS called_back
"""  # noqa: S608
TRAFFIC = """
SELECT date_trunc('hour', created_at, 'UTC') AS hour, direction, status, count(*) AS messages
FROM message WHERE account_id = $1 AND request_id >= $2 GROUP BY 1, 2, 3
"""
FAILED_CALLBACKS = f"""
SELECT count(*) FROM (SELECT FROM callback WHERE account_id = $1 AND state = 2 LIMIT {LOOKED_AT}) failed
"""  # noqa: S608
QUERY_SECONDS = 3


async def steps(pool: asyncpg.Pool[Any], account_id: int, since: UUID) -> Any:
    """Which of the first steps an account has done. Raises TimeoutError when that cannot be told at once."""
    return await pool.fetchrow(STEPS, account_id, since, timeout=QUERY_SECONDS)


async def traffic(pool: asyncpg.Pool[Any], account_id: int, since: UUID) -> list[Any]:
    """Messages by hour (UTC), direction and status. Raises TimeoutError when there are too many to count at once."""
    return await pool.fetch(TRAFFIC, account_id, since, timeout=QUERY_SECONDS)


async def failed_callbacks(pool: asyncpg.Pool[Any], account_id: int) -> int:
    """Callbacks of an account that were given up, counted up to LOOKED_AT."""
    return int(await pool.fetchval(FAILED_CALLBACKS, account_id, timeout=QUERY_SECONDS))
