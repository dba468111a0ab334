"""What the overview of campaigns counts: campaigns by state, what comes next, and the messages of a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from strowger.engagement.campaigns.schemas import Campaign, State, campaign_of
from strowger.messaging.figures import QUERY_SECONDS
from strowger.messaging.schemas import Direction

STATES = "SELECT state, count(*) AS campaigns FROM campaign WHERE account_id = $1 GROUP BY state"
NEXT = f"""
SELECT c.id, c.name, b.n, b.contacts, b.due_at FROM campaign_batch b
JOIN campaign c ON c.account_id = b.account_id AND c.id = b.campaign_id
WHERE b.account_id = $1 AND b.state = 'scheduled' AND c.state IN ('{State.SCHEDULED}', '{State.PROCESSING}', '{State.PARTIAL}')
ORDER BY b.due_at, c.id, b.n LIMIT $2
"""  # noqa: S608
RECENT = "SELECT * FROM campaign WHERE account_id = $1 AND launched_at IS NOT NULL ORDER BY launched_at DESC, id DESC LIMIT $2"
MESSAGES = f"""
SELECT date_trunc('day', created_at, $4) AT TIME ZONE $4 AS day, status, count(*) AS messages, sum(units)::bigint AS units,
    coalesce(sum(price) FILTER (WHERE NOT refunded), 0) AS spent
FROM message WHERE account_id = $1 AND request_id >= $2 AND request_id < $3 AND direction = {int(Direction.MT)}
    AND source = 'campaign'
GROUP BY 1, 2
"""  # noqa: S608
LAUNCHED = """
SELECT count(*) AS campaigns, coalesce(sum(valid), 0) AS contacts FROM campaign
WHERE account_id = $1 AND launched_at >= $2 AND launched_at < $3
"""


async def states(pool: asyncpg.Pool[Any], account_id: int) -> dict[str, int]:
    """How many campaigns there are in each state."""
    return {row["state"]: row["campaigns"] for row in await pool.fetch(STATES, account_id)}


async def upcoming(pool: asyncpg.Pool[Any], account_id: int, limit: int) -> list[Any]:
    """The batches that go next."""
    return await pool.fetch(NEXT, account_id, limit)


async def recent(pool: asyncpg.Pool[Any], account_id: int, limit: int) -> list[Campaign]:
    """The campaigns that were launched last."""
    return [found for row in await pool.fetch(RECENT, account_id, limit) if (found := campaign_of(row))]


async def launched(pool: asyncpg.Pool[Any], account_id: int, low: datetime, high: datetime) -> tuple[int, int]:
    """Campaigns that were launched in a time, and their contacts."""
    row = await pool.fetchrow(LAUNCHED, account_id, low, high)
    return (row["campaigns"], int(row["contacts"])) if row else (0, 0)


async def messages(pool: asyncpg.Pool[Any], account_id: int, low: UUID, high: UUID, zone: str) -> list[Any]:
    """Messages of campaigns by day and status. Raises TimeoutError when there are too many to count at once."""
    return await pool.fetch(MESSAGES, account_id, low, high, zone, timeout=QUERY_SECONDS)
