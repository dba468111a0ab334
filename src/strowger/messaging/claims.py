"""Claims that nobody knows of: the table says that this worker holds a row, but its memory does not.

They come from commits whose answer was lost, and from giving back while the store was away. Nobody else may take such a row
while this worker lives, so the worker looks for them after each outage and frees them.
"""

from __future__ import annotations

from uuid import UUID

from strowger.foundation.database import Connection, Database
from strowger.foundation.logs import get_logger
from strowger.messaging.lane import Key, Lanes
from strowger.messaging.repository import queueing
from strowger.platform.callbacks import repository as callbacks
from strowger.platform.callbacks.service import CallbackEngine

log = get_logger(__name__)
CLEAN_LOOKS = 3


class Strays:
    """Finds and frees the stray claims of one worker. A claim counts as stray when two looks in a row find it so."""

    def __init__(self, database: Database, lanes: Lanes, engine: CallbackEngine) -> None:
        self._database, self._lanes, self._engine = database, lanes, engine
        self._submissions: set[Key] = set()
        self._callbacks: set[UUID] = set()
        self._outages = 0
        self._looks_left = 0

    async def look(self) -> int:
        """Look once, if there was an outage lately; returns how many claims were freed. Raises Unavailable."""
        if self._database.outages != self._outages:
            self._outages, self._looks_left = self._database.outages, CLEAN_LOOKS
        if not self._looks_left:
            return 0
        freed = await self._database.run(self._free)
        self._looks_left = CLEAN_LOOKS if self._submissions or self._callbacks else self._looks_left - 1
        if freed:
            log.info("strays_freed", number=freed)
            self._lanes.wake()
            self._engine.wake()
        return freed

    async def _free(self, connection: Connection) -> int:
        worker = self._lanes.worker_id
        submissions = await queueing.claimed(connection, worker) - self._lanes.held
        calls = await callbacks.claimed(connection, worker) - self._engine.held_ids
        stray, stray_calls = list(submissions & self._submissions), list(calls & self._callbacks)
        if stray:
            await queueing.release_keys(connection, stray, worker)
        if stray_calls:
            await callbacks.release(connection, stray_calls, worker)
        self._submissions, self._callbacks = submissions, calls
        return len(stray) + len(stray_calls)
