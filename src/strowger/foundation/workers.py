"""Which workers are alive, so that what the dead ones held is taken over.

A worker lives while its heartbeat is fresh. It also holds an advisory lock of its id on a connection of its own: when the
process is killed the lock goes at once, and a short silence is then enough to declare it dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

from strowger.foundation.database import OUTAGES, Connection, Database
from strowger.foundation.logs import get_logger

log = get_logger(__name__)
LOCK_CLASS = 72786
HEARTBEAT_SECONDS = 1.0
SILENT_SECONDS = 3.0  # without the lock
LEASE_SECONDS = 45.0  # with the lock, that is when the process hangs or its host is cut off
GRACE_SECONDS = 8.0  # after a start of the database, in which everybody comes back

REGISTER = "INSERT INTO worker (kind, host, pid) VALUES ($1, $2, $3) RETURNING id"
BEAT = """
INSERT INTO worker (id, kind, host, pid) OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET heartbeat_at = now()
"""
FORGET = "DELETE FROM worker WHERE id = $1"
LIVE = """
SELECT w.id FROM worker w LEFT JOIN pg_locks l
  ON l.locktype = 'advisory' AND l.classid = $1 AND l.objid = w.id AND l.granted
WHERE ($5::text IS NULL OR w.kind = $5)
  AND (w.heartbeat_at > now() - make_interval(secs => CASE WHEN l.pid IS NULL THEN $2::float8 ELSE $3::float8 END)
       OR pg_postmaster_start_time() > now() - make_interval(secs => $4::float8))
"""
BURY = "DELETE FROM worker WHERE heartbeat_at < now() - interval '1 hour'"


async def live_worker_ids(connection: Connection, kind: str | None = None) -> list[int]:
    """Ids of the workers that are alive, of one kind or of all."""
    rows = await connection.fetch(LIVE, LOCK_CLASS, SILENT_SECONDS, LEASE_SECONDS, GRACE_SECONDS, kind)
    return [row["id"] for row in rows]


async def bury(connection: Connection) -> None:
    """Forget workers that have long been dead."""
    await connection.execute(BURY)


class WorkerLease:
    """The registration of one worker process."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database = database
        self._kind = kind
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self.id = 0

    async def start(self) -> int:
        """Register this process; returns its worker id."""
        host = socket.gethostname()
        self.id = int(await self._database.pool.fetchval(REGISTER, self._kind, host, os.getpid()))
        await self._lock()
        self._task = asyncio.create_task(self._beat(host))
        return self.id

    async def _lock(self) -> None:
        self._connection = await self._database.connect()
        await self._connection.execute("SELECT pg_advisory_lock($1, $2)", LOCK_CLASS, self.id)

    async def _beat(self, host: str) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                if self._connection is None or self._connection.is_closed():
                    await self._lock()
                assert self._connection is not None
                await self._connection.execute(BEAT, self.id, self._kind, host, os.getpid(), timeout=10)
            except OUTAGES as problem:
                log.warning("heartbeat_failed", problem=repr(problem))
                if self._connection is not None:
                    self._connection.terminate()
                    self._connection = None

    async def stop(self) -> None:
        """Give the registration up; whatever is still claimed is free for others."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(*OUTAGES):
            await self._database.pool.execute(FORGET, self.id)
        if self._connection is not None:
            with contextlib.suppress(Exception):
                await self._connection.close(timeout=2)
