"""Queries about the queues before carriers. Lanes belong to the installation, not to a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from strowger.foundation.database import Connection

COUNTED = 10_000
# Looked at every second while somebody watches, so it stays within the index: a count that ends early, and the first of
# each priority. scope: lanes are the installation's
WAITING = f"""
SELECT lane, depth, oldest FROM unnest($1::integer[]) AS lane,
LATERAL (SELECT count(*) AS depth FROM (SELECT FROM submission s WHERE s.lane = lane.lane LIMIT {COUNTED + 1}) few) counted,
LATERAL (
    SELECT min(first.due_at) AS oldest FROM generate_series(0, 2) AS p(priority),
    LATERAL (
        SELECT due_at FROM submission s WHERE s.lane = lane.lane AND s.priority = p.priority ORDER BY due_at LIMIT 1
    ) first
) found
WHERE depth > 0
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a carrier: how many messages, counted up to COUNTED + 1, and when the oldest was due."""

    depth: int
    oldest: datetime | None


async def waiting(connection: Connection, carriers: Sequence[int]) -> dict[int, Waiting]:
    """What waits for each carrier; those for which nothing waits are missing."""
    rows = await connection.fetch(WAITING, list(carriers))
    return {row["lane"]: Waiting(row["depth"], row["oldest"]) for row in rows}
