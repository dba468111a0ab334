"""Accept: the first step of the path. Requests that arrive together are committed together."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from strowger.foundation.database import OUTAGES, Database
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.ids import format_message_id
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import Notifier
from strowger.foundation.tenancy import across_accounts
from strowger.messaging.finish import live_payload
from strowger.messaging.repository.accepting import insert_requests
from strowger.messaging.schemas import NewRequest

log = get_logger(__name__)
MAX_WAITING = 50_000  # recipients waiting for a commit, over all requests
MAX_BATCH = 5_000  # recipients in one commit
PARALLEL_COMMITS = 2  # one is written while the other's disk is waited for
COMMIT_SECONDS = 15
LIVE_SECONDS = 0.2


class Accepter:
    """The group commit of a web process."""

    def __init__(self, database: Database, notifier: Notifier) -> None:
        self._database = database
        self._notifier = notifier
        self._waiting: list[tuple[NewRequest, asyncio.Future[None]]] = []
        self._recipients = 0
        self._commits: set[asyncio.Task[None]] = set()
        self._told: dict[int, float] = {}

    async def accept(self, request: NewRequest) -> None:
        """Return when the request's messages are on disk and queued.

        Raises Unavailable when the store cannot take them now; nothing was accepted then.
        """
        if self._recipients + len(request.recipients) > MAX_WAITING:
            raise Unavailable("Too many messages are waiting to be stored", retry_after=1)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        self._recipients += len(request.recipients)
        self._start_commit()
        await future

    def _start_commit(self) -> None:
        if self._waiting and len(self._commits) < PARALLEL_COMMITS:
            with across_accounts():  # the commit holds requests of several accounts
                task = asyncio.create_task(self._commit())
            self._commits.add(task)
            task.add_done_callback(self._commit_done)

    def _commit_done(self, task: asyncio.Task[None]) -> None:
        self._commits.discard(task)
        self._start_commit()

    def _take_batch(self) -> list[tuple[NewRequest, asyncio.Future[None]]]:
        size = count = 0
        for request, _ in self._waiting:
            if count and size + len(request.recipients) > MAX_BATCH:
                break
            size += len(request.recipients)
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        self._recipients -= size
        return batch

    async def _commit(self) -> None:
        await asyncio.sleep(0)  # requests already read from their sockets join this commit
        batch = self._take_batch()
        if not batch:
            return
        try:
            await self._store([request for request, _ in batch])
        except Unavailable as problem:
            self._answer(batch, problem)
        except (StrowgerError, asyncpg.PostgresError):
            await self._commit_singly(batch)
        except Exception as problem:
            log.exception("accept_failed", requests=len(batch))
            self._answer(batch, problem)
        else:
            self._answer(batch, None)
            self._tell([request for request, _ in batch])

    def _tell(self, requests: list[NewRequest]) -> None:
        """Wake intake, and the live feed of each account at most every LIVE_SECONDS: each change later tells it again."""
        self._notifier.send("submission")
        now = time.monotonic()
        for request in requests:
            if now - self._told.get(request.account_id, 0.0) >= LIVE_SECONDS:
                self._told[request.account_id] = now
                ids = [format_message_id(request.request_id, n) for n in range(1, len(request.recipients) + 1)]
                self._notifier.send("live", live_payload(request.account_id, ids))

    async def _store(self, requests: list[NewRequest]) -> None:
        try:
            async with asyncio.timeout(COMMIT_SECONDS), self._database.acquire(by_key=True) as connection:
                await insert_requests(connection, requests)
        except OUTAGES as problem:
            log.error("accept_unavailable", problem=repr(problem), requests=len(requests))
            raise Unavailable from problem

    async def _commit_singly(self, batch: list[tuple[NewRequest, asyncio.Future[None]]]) -> None:
        """One request of the batch cannot be stored: find it, so that it fails alone."""
        for request, future in batch:
            try:
                await self._store([request])
            except (StrowgerError, asyncpg.PostgresError) as problem:
                log.error("accept_failed", problem=repr(problem), request_id=str(request.request_id))
                self._answer([(request, future)], problem)
            else:
                self._answer([(request, future)], None)
                self._tell([request])

    @staticmethod
    def _answer(batch: list[tuple[NewRequest, asyncio.Future[None]]], problem: Exception | None) -> None:
        for _, future in batch:
            if future.done():
                continue
            if problem is None:
                future.set_result(None)
            else:
                future.set_exception(problem)

    async def close(self) -> None:
        """Wait for the commits under way and those that follow them."""
        while self._commits:
            await asyncio.wait(self._commits)
            await asyncio.sleep(0)
