"""Queries of v4."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection
from strowger.foundation.ids import uuid_floor
from strowger.messaging.schemas import Channel, Direction

USAGE = f"""
SELECT to_char(created_at AT TIME ZONE $4, 'YYYY-MM-DD') AS day, count(*) AS number,
       coalesce(sum(units) FILTER (WHERE sent_at IS NOT NULL), 0) AS units
FROM message
WHERE account_id = $1 AND request_id >= $2 AND request_id < $3 AND channel = {int(Channel.SMS)}
  AND direction = {int(Direction.MT)}
GROUP BY 1 ORDER BY 1
"""  # noqa: S608


async def usage(connection: Connection, account_id: int, low: datetime, high: datetime, zone: str) -> list[Any]:
    """For each day of a zone: messages accepted, and the units of those that were handed over."""
    return await connection.fetch(USAGE, account_id, uuid_floor(low), uuid_floor(high), zone)
