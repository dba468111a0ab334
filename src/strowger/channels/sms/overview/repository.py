"""One pass over the outgoing messages of a time, counted in the ways that the overview shows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg

from strowger.messaging.figures import FAILED, QUERY_SECONDS
from strowger.messaging.schemas import Direction

COUNTS = f"""
SELECT grouping(day, status) = 0 AS by_day, grouping(country) = 0 AS by_country, grouping(sender) = 0 AS by_sender,
    day, status, country, sender, trace,
    count(*) AS messages, sum(units)::bigint AS units, coalesce(sum(price) FILTER (WHERE NOT refunded), 0) AS spent
FROM (
    SELECT date_trunc('day', created_at, $4) AT TIME ZONE $4 AS day, status, coalesce(country, '') AS country, sender,
        CASE WHEN status = ANY($5::smallint[]) THEN trace ELSE '' END AS trace, units, price, refunded
    FROM message WHERE account_id = $1 AND request_id >= $2 AND request_id < $3 AND direction = {int(Direction.MT)}
) AS found
GROUP BY GROUPING SETS ((day, status), (country), (sender), (trace))
"""  # noqa: S608


async def counts(pool: asyncpg.Pool[Any], account_id: int, low: UUID, high: UUID, zone: str) -> list[Any]:
    """Rows by day and status, by country, by sender, by trace of what failed ('' for what did not).

    ``low`` and ``high`` bound the request ids, so that partitions of other days stay untouched. Raises TimeoutError when there
    are too many messages to count at once.
    """
    failed = [int(status) for status in FAILED]
    return await pool.fetch(COUNTS, account_id, low, high, zone, failed, timeout=QUERY_SECONDS)
