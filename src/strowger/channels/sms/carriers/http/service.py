"""The HTTP carrier: the senders that this process holds, started, changed and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from strowger.channels.sms.carriers.http.config import HttpConfig
from strowger.channels.sms.carriers.http.link import HttpLink
from strowger.channels.sms.carriers.schemas import Surroundings

TICK_SECONDS = 1.0


class HttpCarrier:
    """A LiveCarrier over HTTP; ``around.on_state`` hears of each sender on every change and about once per second."""

    def __init__(self, around: Surroundings, config: HttpConfig, secret: str) -> None:
        self._around = around
        self._config = config
        self._secret = secret
        self._links: dict[int, HttpLink] = {}
        self._paused = False
        self._ticker: asyncio.Task[None] | None = None

    async def start(self, binds: Iterable[int] = ()) -> None:
        """Start these senders (all of the configuration when none are named)."""
        self._ticker = asyncio.create_task(self._tick())
        await self.set_binds(list(binds) or range(1, self._config.binds + 1))

    async def set_binds(self, binds: Iterable[int], drain_seconds: float = 5.0) -> None:
        """Hold exactly these senders: start the new ones, drain and stop the others."""
        wanted = set(binds)
        gone = [self._links.pop(bind) for bind in set(self._links) - wanted]
        for bind in sorted(wanted - set(self._links)):
            link = HttpLink(self._around, self._config, self._secret, bind, self._paused)
            self._links[bind] = link
            link.start()
        await asyncio.gather(*(link.stop(drain_seconds) for link in gone))

    async def stop(self, drain_seconds: float = 10.0) -> None:
        """Drain and stop all senders."""
        await self.set_binds((), drain_seconds)
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait({self._ticker})

    def apply(self, config: msgspec.Struct, secret: str) -> None:
        """Use another configuration from the next message on."""
        assert isinstance(config, HttpConfig)
        self._config, self._secret = config, secret
        for link in self._links.values():
            link.apply(config, secret)

    def pause(self) -> None:
        """Send nothing."""
        self._paused = True
        for link in self._links.values():
            link.pause()

    def resume(self) -> None:
        """Send again."""
        self._paused = False
        for link in self._links.values():
            link.resume()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            for link in list(self._links.values()):
                link.tick()
