"""One bind, kept bound: connects, connects again with backoff, and tells its state."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

from strowger.channels.sms.carriers.counters import Counters
from strowger.channels.sms.carriers.pacing import Pace, reconnect_seconds
from strowger.channels.sms.carriers.schemas import BOUND, CONNECTING, DOWN, PAUSED, THROTTLED, Surroundings
from strowger.channels.sms.carriers.smpp.config import SmppConfig
from strowger.channels.sms.carriers.smpp.connection import LinkFailed
from strowger.channels.sms.carriers.smpp.session import Session
from strowger.foundation.logs import get_logger

log = get_logger(__name__)
STABLE_SECONDS = 10.0  # a session that lived so long makes the backoff start anew
RECONFIGURE_DRAIN_SECONDS = 2.0
SESSION_FIELDS = (
    "host",
    "port",
    "system_id",
    "system_type",
    "bind_mode",
    "tls",
    "tls_verify",
    "address_range",
)


class Link:
    """Bind number ``bind`` (from 1) of a carrier."""

    def __init__(self, around: Surroundings, config: SmppConfig, password: str, bind: int, paused: bool) -> None:
        self.bind = bind
        self._around = around
        self._config = config
        self._password = password
        self._paused = paused
        self._pace = Pace(config.tps / config.binds)
        self._counters = Counters()
        self._session: Session | None = None
        self._state, self._detail = DOWN, "starting"
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._again = False
        self._task: asyncio.Task[None] | None = None
        self._chores: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(self._run())

    async def stop(self, drain_seconds: float) -> None:
        """Drain, unbind, and stop for good."""
        self._stop.set()
        self._hurry.set()
        if self._session is not None:
            await self._session.stop(drain_seconds)
        elif self._task is not None:
            self._task.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})
        self._tell(DOWN, "stopped")

    def apply(self, config: SmppConfig, password: str) -> None:
        """Use another configuration; connects again only when the session itself depends on what changed."""
        before, self._config = self._config, config
        changed = [name for name in SESSION_FIELDS if getattr(before, name) != getattr(config, name)]
        if password != self._password:
            self._password = password
            changed.append("password")
        if before.tps / before.binds != config.tps / config.binds:
            self._pace.resize(config.tps / config.binds)
        if changed:
            self._again = True
            self._hurry.set()
        if self._session is None:
            return
        if changed:
            log.info("link_reconfigured", carrier=self._around.name, bind=self.bind, changed=changed)
            self._chore(self._session.stop(RECONFIGURE_DRAIN_SECONDS))
        else:
            self._session.apply(config)

    def pause(self) -> None:
        """Stay bound, send nothing."""
        self._paused = True
        if self._session is not None:
            self._chore(self._session.sender.pause())
        self.tick()

    def resume(self) -> None:
        """Send again."""
        self._paused = False
        if self._session is not None:
            self._session.sender.resume()
        self.tick()

    def tick(self) -> None:
        """Tell the state and the counters; to be called about once per second."""
        now = asyncio.get_running_loop().time()
        self._counters.measure(now)
        if self._session is None:
            self._tell(self._state, self._detail)
        elif self._paused:
            self._tell(PAUSED, "bound, sends nothing")
        elif self._pace.is_throttled(now):
            self._tell(THROTTLED, f"slowed down to {self._pace.rate:.0f}/s: {self._counters.last_error}")
        else:
            self._tell(BOUND, "")

    def _throttled(self) -> None:
        if self._state != THROTTLED:
            self.tick()

    def _tell(self, state: str, detail: str) -> None:
        if state != self._state:
            log.info("link_state", carrier=self._around.name, bind=self.bind, state=state, detail=detail)
        self._state, self._detail = state, detail
        sender = self._session.sender if self._session is not None else None
        counters = self._counters.snapshot(sender.window.size if sender else 0, sender.in_flight if sender else 0)
        self._around.on_state(self.bind, state, detail or None, counters)

    def _chore(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _run(self) -> None:
        attempt = 0
        loop = asyncio.get_running_loop()
        while not self._stop.is_set():
            began = loop.time()
            reason = await self._connect_once()
            attempt = 0 if loop.time() - began >= STABLE_SECONDS else attempt + 1
            if self._stop.is_set():
                return
            if self._again:
                self._again, attempt = False, 0
                continue
            self._counters.last_error = reason
            pause = reconnect_seconds(
                max(0, attempt - 1),
                self._config.reconnect_min,
                self._config.reconnect_max,
                random.random(),  # noqa: S311
            )
            self._tell(DOWN, f"{reason}; next try in {pause:.1f} s")
            await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not when the configuration changes or the link stops."""
        self._hurry.clear()
        if self._stop.is_set():
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)

    async def _connect_once(self) -> str:
        """Connect, stay bound as long as it lasts, and return why it ended."""
        config = self._config
        self._tell(CONNECTING, f"to {config.host}:{config.port}")
        try:
            session = await Session.open(self._around, config, self._password, self._pace, self._counters, self.bind)
        except LinkFailed as problem:
            return str(problem)
        except Exception as problem:
            log.exception("link_failed", carrier=self._around.name, bind=self.bind)
            return f"unexpected: {problem!r}"
        self._session = session
        if config is not self._config or self._stop.is_set():
            session.break_off("changed or stopped while the link was connecting")
        self._counters.connects += 1
        session.sender.on_throttled = self._throttled
        session.sender.start(self._paused)
        self.tick()
        try:
            return await session.ended()
        finally:
            self._session = None
