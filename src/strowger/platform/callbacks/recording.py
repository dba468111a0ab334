"""Writing what attempts came to: many attempts in one transaction, and nothing forgotten while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from strowger.foundation.database import Connection, Database
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.platform.callbacks import repository
from strowger.platform.callbacks.schemas import AttemptOutcome, Result

log = get_logger(__name__)
BATCH = 1000
ROOM = 5000  # results waiting to be written; no attempt begins above that


class Recorder:
    """Gathers results and claims to give back, and writes them in batches."""

    def __init__(self, database: Database, worker_id: int) -> None:
        self._database, self._worker_id = database, worker_id
        self._results: list[Result] = []
        self._returned: list[UUID] = []
        self._one_at_a_time = asyncio.Lock()
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def add(self, result: Result) -> None:
        """Write this result soon."""
        self._results.append(result)
        self._work.set()
        if len(self._results) >= ROOM:
            self._room.clear()

    def give_back(self, callback_id: UUID) -> None:
        """Release the claim on a callback that was not sent."""
        self._returned.append(callback_id)
        self._work.set()

    @property
    def is_empty(self) -> bool:
        """Whether everything is written."""
        return not self._results and not self._returned

    @property
    def has_room(self) -> bool:
        """Whether another attempt may begin."""
        return self._room.is_set()

    async def wait_for_room(self) -> None:
        """Return when another attempt may begin."""
        await self._room.wait()

    async def wait_for_work(self) -> None:
        """Return when something is to be written."""
        await self._work.wait()

    async def flush(self) -> tuple[list[Result], list[UUID]]:
        """Write one batch; returns what was written. Raises Unavailable; the batch is then kept for the next call."""
        async with self._one_at_a_time:
            results, returned = self._results[:BATCH], self._returned[:BATCH]
            if results or returned:
                try:
                    await self._write(results, returned)
                except asyncpg.PostgresError:
                    log.exception("callback_results_not_written", results=len(results))
                    await self._write_singly(results, returned)
                del self._results[: len(results)]
                del self._returned[: len(returned)]
            if self.is_empty:
                self._work.clear()
            if len(self._results) < ROOM:
                self._room.set()
            return results, returned

    async def _write(self, results: Sequence[Result], returned: Sequence[UUID]) -> None:
        async def work(connection: Connection) -> None:
            await repository.defer_durability(connection)
            if results:
                await repository.write_results(connection, results, self._worker_id)
            if returned:
                await repository.release(connection, returned, self._worker_id)

        await self._database.run(work, by_key=True)

    async def _write_singly(self, results: Sequence[Result], returned: Sequence[UUID]) -> None:
        """One result of the batch cannot be stored: write the others, and of that one what decides its future."""
        for result in results:
            try:
                await self._write([result], [])
            except Unavailable:
                raise
            except asyncpg.PostgresError as problem:
                log.error("callback_attempt_not_kept", callback_id=str(result.job.id), problem=repr(problem))
                await self._settle(result)
        if returned:
            await self._write([], returned)

    async def _settle(self, result: Result) -> None:
        async def work(connection: Connection) -> None:
            if result.attempt.outcome is AttemptOutcome.DELIVERED:
                await repository.delete(connection, [result.job.id])
            else:
                await repository.put_off(connection, [result], self._worker_id)

        await self._database.run(work, by_key=True)
