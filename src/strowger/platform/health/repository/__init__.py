"""Queries of probes and metrics; they read the whole installation, not one tenant."""

from __future__ import annotations

from typing import Any

from strowger.foundation.database import Connection
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
PROCESSES = """
SELECT id, kind, host, pid, started_at, extract(epoch FROM now() - heartbeat_at)::float AS silent FROM worker
WHERE heartbeat_at > now() - interval '1 hour' ORDER BY kind, id
"""
MAIL = """
SELECT count(*) FILTER (WHERE state = 'queued') AS waiting,
       count(*) FILTER (WHERE state = 'failed' AND created_at > $1::timestamptz - interval '1 day') AS failed,
       coalesce(extract(epoch FROM $1 - min(created_at) FILTER (WHERE state = 'queued')), 0)::float AS oldest FROM mail
"""
STORAGE = """
SELECT pg_size_pretty(pg_database_size(current_database())) AS size, current_setting('server_version') AS version,
       current_setting('max_connections')::integer AS allowed,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections
"""
TABLES = """
SELECT coalesce(p.relname, c.relname) AS name, pg_size_pretty(sum(pg_total_relation_size(c.oid))) AS size,
       greatest(0, sum(c.reltuples))::bigint AS rows
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public' GROUP BY 1 ORDER BY sum(pg_total_relation_size(c.oid)) DESC LIMIT 10
"""


async def queue(connection: Connection) -> Any:
    """Depth of the submission queue and age in seconds of its oldest due row."""
    return await connection.fetchrow(QUEUE)


async def lanes(connection: Connection) -> list[Any]:
    """Depth per lane and priority."""
    return await connection.fetch(LANES)


async def callbacks(connection: Connection) -> dict[int, int]:
    """Number of waiting (0) and failed (2) callbacks."""
    return {row["state"]: row["number"] for row in await connection.fetch(CALLBACKS)}


async def links(connection: Connection) -> list[Any]:
    """Every bind of every carrier with its state and counters."""
    return await connection.fetch(LINKS)


async def live_workers(connection: Connection) -> int:
    """Number of workers (of the pipeline) that are alive."""
    return len(await live_worker_ids(connection, "worker"))


async def processes(connection: Connection) -> list[Any]:
    """The processes that were alive within the hour, and how many seconds ago they gave a sign of life."""
    return await connection.fetch(PROCESSES)


async def mail(connection: Connection, now: Any) -> Any:
    """Outgoing mail: waiting, failed within a day, age of the oldest in seconds."""
    return await connection.fetchrow(MAIL, now)


async def storage(connection: Connection) -> Any:
    """Size, version and connections of the database."""
    return await connection.fetchrow(STORAGE)


async def tables(connection: Connection) -> list[Any]:
    """The largest tables, partitions counted as one."""
    return await connection.fetch(TABLES)
