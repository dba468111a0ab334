"""Queries of probes and metrics; they read the whole installation, not one tenant."""

from __future__ import annotations

from typing import Any

import asyncpg

from strowger.foundation.workers import live_worker_ids

QUEUE = """
SELECT count(*) AS depth, count(claimed_by) AS claimed, coalesce(extract(epoch FROM now() - min(due_at)), 0) AS oldest
FROM submission WHERE due_at <= now()
"""
LANES = """
SELECT coalesce(c.name, 'intake') AS lane, s.priority, count(*) AS depth
FROM submission s LEFT JOIN carrier c ON c.id = s.lane GROUP BY 1, 2
"""
# scope: metrics of the whole installation
CALLBACKS = "SELECT state, count(*) AS number FROM callback GROUP BY state"
LINKS = """
SELECT c.name, c.state AS carrier_state, l.bind, l.state, l.counters FROM carrier c
LEFT JOIN carrier_link l ON l.carrier_id = c.id WHERE c.state <> 'removed' ORDER BY c.name, l.bind
"""


async def queue(connection: asyncpg.Connection[Any]) -> Any:
    """Depth of the submission queue and age in seconds of its oldest due row."""
    return await connection.fetchrow(QUEUE)


async def lanes(connection: asyncpg.Connection[Any]) -> list[Any]:
    """Depth per lane and priority."""
    return await connection.fetch(LANES)


async def callbacks(connection: asyncpg.Connection[Any]) -> dict[int, int]:
    """Number of waiting (0) and failed (2) callbacks."""
    return {row["state"]: row["number"] for row in await connection.fetch(CALLBACKS)}


async def links(connection: asyncpg.Connection[Any]) -> list[Any]:
    """Every bind of every carrier with its state and counters."""
    return await connection.fetch(LINKS)


async def live_workers(connection: asyncpg.Connection[Any]) -> int:
    """Number of workers (of the pipeline) that are alive."""
    return len(await live_worker_ids(connection, "worker"))
