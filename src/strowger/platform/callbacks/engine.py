"""The callback engine of a worker: claims in sets, sends with a bound per receiver, records in batches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import asyncpg

from strowger.foundation.context import Context
from strowger.foundation.database import CLASHES, OUTAGES
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import Listener
from strowger.platform.callbacks import repository
from strowger.platform.callbacks.endpoints import HELD_LIMIT, QUEUE_LIMIT, Endpoint
from strowger.platform.callbacks.profiles.schemas import PROFILES
from strowger.platform.callbacks.recording import Recorder
from strowger.platform.callbacks.rendering import endpoint_of
from strowger.platform.callbacks.schemas import NOT_FINAL, AttemptOutcome, Job, NewCallback, Result
from strowger.platform.callbacks.sender import Sender

log = get_logger(__name__)
POLL_SECONDS = 1.0
CLAIM_GAP_SECONDS = 0.01
GATHER_SECONDS = 0.05
AWAY_SECONDS = 1.0
STOP_SECONDS = 5.0
ORDER_WAIT = timedelta(seconds=30)
FORGET_ABOVE = 10_000  # idle receivers whose bound is remembered
CHANNEL = "callback"


class CallbackEngine:
    """Sends the callbacks of one worker process. ``offer`` hands over what this worker has just queued and claimed."""

    def __init__(self, context: Context, worker_id: int) -> None:
        self._database, self._clock, self._worker_id = context.database, context.clock, worker_id
        self._sender = Sender(context)
        self._recorder = Recorder(context.database, worker_id)
        self._endpoints: dict[str, Endpoint] = {}
        self._active = self._held = 0
        self.held_ids: set[UUID] = set()  # claimed and in memory, until their result is written
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._asked = False
        self._cursor = ""
        self._stopping = False

    def wake(self, *_: object) -> None:
        """Look into the table soon: it may hold something due."""
        self._asked = True
        self._wake.set()

    def offer(self, rows: Iterable[NewCallback]) -> None:
        """Send these now. They are in the table, claimed by this worker; what there is no room for is given back."""
        now = self._clock.now()
        for row in rows:
            endpoint = self._endpoint(endpoint_of(row.account_id, row.target["url"]))
            full = endpoint.more or len(endpoint.queue) >= QUEUE_LIMIT or self._held >= HELD_LIMIT
            if full or self._stopping or row.due_at > now or _must_queue(row):
                endpoint.more = True
                self._recorder.give_back(row.id)
                continue
            job = Job(row.id, row.account_id, row.request_id, row.n, row.event, endpoint.key, row.target, row.variables)
            self._put(endpoint, job)

    def _endpoint(self, key: str) -> Endpoint:
        found = self._endpoints.get(key)
        if found is None:
            if len(self._endpoints) >= FORGET_ABOVE:
                self._endpoints = {k: e for k, e in self._endpoints.items() if not e.is_idle}
            found = self._endpoints[key] = Endpoint(key)
        return found

    def _put(self, endpoint: Endpoint, job: Job) -> None:
        endpoint.queue.append(job)
        self.held_ids.add(job.id)
        self._held += 1
        if endpoint.active < endpoint.allowed(self._active):
            self._start(endpoint)

    def _start(self, endpoint: Endpoint) -> None:
        endpoint.active += 1
        self._active += 1
        task = asyncio.create_task(self._work(endpoint))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, endpoint: Endpoint) -> None:
        """One of the receiver's slots: sends from its queue until it is empty or the slot is no longer allowed."""
        try:
            while endpoint.queue and not self._stopping:
                job = endpoint.queue.popleft()
                self._held -= 1
                await self._send(endpoint, job)
                if endpoint.is_low:
                    self._wake.set()
                allowed = endpoint.allowed(self._active)
                if endpoint.active > allowed:
                    break  # at least one slot remains: allowed is never 0
                if endpoint.active < allowed and len(endpoint.queue) > endpoint.active:
                    self._start(endpoint)
        finally:
            endpoint.active -= 1
            self._active -= 1

    async def _send(self, endpoint: Endpoint, job: Job) -> None:
        try:
            if not self._recorder.has_room:
                await self._recorder.wait_for_room()
            result = await self._sender.attempt(job)
        except (Unavailable, *OUTAGES, asyncpg.PostgresError) as problem:
            log.warning("callback_postponed", callback_id=str(job.id), problem=repr(problem))
            self._recorder.give_back(job.id)
            await asyncio.sleep(AWAY_SECONDS)
        except asyncio.CancelledError:
            self._recorder.give_back(job.id)
            raise
        else:
            if result.attempt.outcome is AttemptOutcome.DELIVERED:
                endpoint.succeeded()
            elif result.settled is None and (result.attempt.http_status is None or result.attempt.http_status >= 429):
                endpoint.failed()
            self._recorder.add(result)

    async def claim(self) -> int:
        """Fetch what is due, of each receiver as much as it has room for; returns how many. Raises Unavailable."""
        total, after = 0, self._cursor
        while self._held < HELD_LIMIT:
            async with self._database.acquire(by_key=True) as connection:
                page = await repository.waiting_endpoints(connection, after)
            rooms = {key: self._room(key) for key in page}
            rooms = {key: room for key, room in rooms.items() if room}
            if rooms:
                total += await self._claim_page(rooms)
            after = page[-1] if len(page) == repository.PAGE else ""
            if not after:
                break
        self._cursor = after  # where a pass ended for want of room, the next one begins
        return total

    def _room(self, key: str) -> int:
        known = self._endpoints.get(key)
        return repository.NEW_ROOM if known is None else known.claim_room

    async def _claim_page(self, rooms: dict[str, int]) -> int:
        now = self._clock.now()
        jobs = await self._database.run(
            lambda connection: repository.claim(connection, rooms, now, now - ORDER_WAIT, self._worker_id),
            by_key=True,
        )
        claimed = dict.fromkeys(rooms, 0)
        for job in jobs:
            claimed[job.endpoint] += 1
            self._put(self._endpoint(job.endpoint), job)
        for key, number in claimed.items():
            if key in self._endpoints:
                self._endpoints[key].more = number >= rooms[key]
        return len(jobs)

    async def run(self) -> None:
        """Claim and record for ever, until stop(). The database may go away meanwhile."""
        listener = Listener(self._database)
        listener.on(CHANNEL, self.wake)
        listener.on(PROFILES, self._sender.profiles.forget)
        await listener.start()
        try:
            await asyncio.gather(self._claim_loop(), self._record_loop())
        finally:
            await listener.stop()

    async def _claim_loop(self) -> None:
        while not self._stopping:
            self._asked = False
            try:
                await self.claim()
            except (Unavailable, *OUTAGES, *CLASHES) as problem:
                log.warning("callbacks_not_claimed", problem=repr(problem))
                await asyncio.sleep(AWAY_SECONDS)
            if not self._asked:
                self._wake.clear()  # receivers that ran low meanwhile have just been filled
            await asyncio.sleep(CLAIM_GAP_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)

    async def _record_loop(self) -> None:
        while True:
            await self._recorder.wait_for_work()
            await asyncio.sleep(GATHER_SECONDS)
            await self._record()

    async def _record(self) -> bool:
        """Write one batch; False when the database is away."""
        try:
            results, returned = await self._flush()
        except (Unavailable, *OUTAGES) as problem:
            log.warning("callback_results_kept", problem=repr(problem))
            await asyncio.sleep(AWAY_SECONDS)
            return False
        if returned or any(result.job.target.get("events") for result in results):
            self.wake()  # a later event of the same message may go now
        return True

    async def _flush(self) -> tuple[list[Result], list[UUID]]:
        results, returned = await self._recorder.flush()
        self.held_ids.difference_update(returned, (result.job.id for result in results))
        return results, returned

    async def step(self) -> int:
        """Claim once, send all that is held, and write it down; returns the number of attempts. For virtual time."""
        await self.claim()
        attempts = 0
        while self._tasks or not self._recorder.is_empty:
            if self._tasks:
                await asyncio.wait(set(self._tasks), return_when=asyncio.FIRST_COMPLETED)
            results, _ = await self._flush()
            attempts += len(results)
        return attempts

    async def stop(self) -> None:
        """Let requests under way end (STOP_SECONDS), give back everything else, and write it down."""
        self._stopping = True
        self.wake()
        for endpoint in self._endpoints.values():
            for job in endpoint.queue:
                self._recorder.give_back(job.id)
            endpoint.queue.clear()
        self._held = 0
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                while not self._recorder.is_empty:
                    await self._record()


def _must_queue(row: NewCallback) -> bool:
    """Whether an earlier event of the same message may still wait: then the table decides when this one goes."""
    return bool(NOT_FINAL.intersection(row.target.get("events", ()))) and row.variables.get("status") != "SENT"
