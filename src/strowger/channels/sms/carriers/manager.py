"""Runs the carriers of the installation in a worker process: follows their table, leases binds, tells their live state."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strowger.channels.sms.carriers.registry import KINDS, find_kind, read_config
from strowger.channels.sms.carriers.schemas import DOWN, LiveCarrier, Surroundings
from strowger.channels.sms.carriers.service import hook_address
from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import Listener
from strowger.foundation.origin import loop_mark
from strowger.foundation.workers import live_worker_ids
from strowger.messaging.outcomes import Journal, Lane
from strowger.messaging.routing import repository
from strowger.messaging.routing.schemas import CarrierRecord, LinkState
from strowger.messaging.routing.service import secret_binding

log = get_logger(__name__)
SYNC_SECONDS = 2.0
TELL_SECONDS = 1.0
LET_GO_SECONDS = 5.0  # to drain a bind that another worker will hold
REMOVED_DRAIN_SECONDS = 5.0


@dataclass(slots=True)
class Running:
    """A carrier that runs here, as of which version of its row, and the binds that it holds."""

    live: LiveCarrier
    around: Surroundings
    version: datetime
    paused: bool
    binds: frozenset[int]


@dataclass(frozen=True, slots=True)
class Scene:
    """What one look at the tables showed: the carriers, the live processes, and how many of them run carriers."""

    carriers: list[CarrierRecord]
    live: list[int]
    workers: int


class CarrierManager:
    """The carriers of one worker process.

    A bind belongs to one live worker (``carrier_link.worker_id``); each takes its share, and all of a dead one's.
    """

    def __init__(self, context: Context, worker_id: int, journal: Journal, make_lane: Callable[[int], Lane]) -> None:
        self._context = context
        self._worker_id = worker_id
        self._journal = journal
        self._make_lane = make_lane
        self._mark = ""
        self._running: dict[int, Running] = {}
        self._leaving: set[tuple[int, int]] = set()
        self._states: dict[tuple[int, int], LinkState] = {}
        self._changed = asyncio.Event()
        self._untold = asyncio.Event()
        self._listener = Listener(context.database)
        self._tasks: list[asyncio.Task[None]] = []
        self._chores: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start the carriers and follow every change."""
        self._listener.on(repository.CHANNEL, lambda _: self._changed.set())
        await self._listener.start()
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._tell())]

    async def stop(self, drain_seconds: float = 10.0) -> None:
        """Drain and unbind everything, and let all binds go."""
        await self._listener.stop()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        running, self._running = self._running, {}
        await asyncio.gather(*(carrier.live.stop(drain_seconds) for carrier in running.values()))
        if self._chores:
            await asyncio.wait(self._chores)
        with contextlib.suppress(Unavailable):
            await self._context.database.run(lambda c: repository.give_up_all_links(c, self._worker_id))

    async def _follow(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.sync()
            except Unavailable:
                pass  # what runs goes on running
            except Exception:
                log.exception("carriers_not_followed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), SYNC_SECONDS)

    async def sync(self) -> None:
        """Bring what runs here into line with the tables. Raises Unavailable."""
        self._mark = self._mark or await loop_mark(self._context.database)
        scene = await self._context.database.run(self._look)
        for carrier in scene.carriers:
            await self._sync_carrier(carrier, scene)
        for carrier_id in set(self._running) - {carrier.id for carrier in scene.carriers}:
            running = self._running.pop(carrier_id)
            log.info("carrier_removed", carrier_id=carrier_id)
            self._chore(running.live.stop(REMOVED_DRAIN_SECONDS))

    async def _look(self, connection: Connection) -> Scene:
        live = {self._worker_id, *await live_worker_ids(connection)}
        workers = {self._worker_id, *await repository.carrier_workers(connection, live)}
        return Scene(await repository.list_carriers(connection), sorted(live), len(workers))

    async def _sync_carrier(self, carrier: CarrierRecord, scene: Scene) -> None:
        try:
            kind = find_kind(carrier.kind)
            config, secret = read_config(kind, carrier.config), self._open_secret(carrier)
        except (StrowgerError, SealBroken) as problem:
            await self._cannot_run(carrier, scene, str(getattr(problem, "detail", None) or problem))
            return
        binds = kind.binds(config)
        share = math.ceil(binds / scene.workers)
        held = await self._hold(carrier, scene, binds, share)
        mine = frozenset([bind for bind in held if (carrier.id, bind) not in self._leaving][:share])
        running = self._running.get(carrier.id)
        if running is None and mine:
            running = self._make(carrier, config, secret)
            await running.live.start(mine)
        elif running is not None:
            self._bring_up_to_date(running, carrier, config, secret)
            await running.live.set_binds(mine | running.binds)
        if running is not None:
            self._let_go(carrier.id, running, (running.binds | frozenset(held)) - mine)
            running.binds = mine

    def _open_secret(self, carrier: CarrierRecord) -> str:
        if carrier.secret_sealed is None:
            return ""
        return self._context.secrets.open(carrier.secret_sealed, secret_binding(carrier.name)).decode()

    def _hook_of(self, carrier: CarrierRecord) -> str:
        try:
            return hook_address(self._context, carrier) or ""
        except SealBroken:
            return ""

    async def _hold(self, carrier: CarrierRecord, scene: Scene, binds: int, share: int) -> list[int]:
        return await self._context.database.run(
            lambda c: repository.hold_links(c, carrier.id, self._worker_id, scene.live, binds, share)
        )

    def _make(self, carrier: CarrierRecord, config: Any, secret: str) -> Running:
        def on_state(bind: int, state: str, detail: str | None, counters: dict[str, Any]) -> None:
            self._states[carrier.id, bind] = LinkState(carrier.id, bind, state, detail, counters)
            self._untold.set()

        around = Surroundings(
            carrier.id, carrier.name, self._make_lane(carrier.id), self._journal, self._context.clock, on_state,
            self._context.http, self._mark, self._hook_of(carrier),
        )  # fmt: skip
        live = KINDS[carrier.kind].connect(around, config, secret)
        paused = carrier.state == "paused"
        if paused:
            live.pause()
        running = self._running[carrier.id] = Running(live, around, carrier.updated_at, paused, frozenset())
        log.info("carrier_started", carrier=carrier.name, kind=carrier.kind)
        return running

    def _bring_up_to_date(self, running: Running, carrier: CarrierRecord, config: Any, secret: str) -> None:
        if running.version == carrier.updated_at:
            return
        running.version = carrier.updated_at
        running.around.hook = self._hook_of(carrier)
        running.live.apply(config, secret)
        paused = carrier.state == "paused"
        if paused != running.paused:
            running.paused = paused
            (running.live.pause if paused else running.live.resume)()

    def _let_go(self, carrier_id: int, running: Running, binds: frozenset[int]) -> None:
        fresh = {bind for bind in binds if (carrier_id, bind) not in self._leaving}
        if not fresh:
            return
        self._leaving.update((carrier_id, bind) for bind in fresh)
        self._chore(self._drain_binds(carrier_id, running, fresh))

    async def _drain_binds(self, carrier_id: int, running: Running, binds: set[int]) -> None:
        try:
            await running.live.set_binds(running.binds - binds, LET_GO_SECONDS)
            await self._context.database.run(
                lambda c: repository.give_up_links(
                    c, carrier_id, self._worker_id, sorted(binds), "let go by its worker"
                )
            )
        finally:
            self._leaving.difference_update((carrier_id, bind) for bind in binds)

    async def _cannot_run(self, carrier: CarrierRecord, scene: Scene, reason: str) -> None:
        """Say so where the state of the links is shown; what runs by the old configuration goes on."""
        if carrier.id in self._running:
            return
        for bind in await self._hold(carrier, scene, 1, 1):
            self._states[carrier.id, bind] = LinkState(carrier.id, bind, DOWN, f"cannot start: {reason}", {})
            self._untold.set()

    async def _tell(self) -> None:
        """Write the live states, at most once per second."""
        while True:
            await self._untold.wait()
            self._untold.clear()
            states, self._states = list(self._states.values()), {}
            with contextlib.suppress(Unavailable):
                await self._context.database.run(lambda c, s=states: repository.tell_links(c, self._worker_id, s))  # type: ignore[misc]
            await asyncio.sleep(TELL_SECONDS)

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chore_done)

    def _chore_done(self, task: asyncio.Task[None]) -> None:
        self._chores.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("carrier_chore_failed", problem=repr(problem))
