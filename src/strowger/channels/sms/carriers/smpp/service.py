"""The SMPP carrier: the binds that this process holds, started, changed and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from strowger.channels.sms.carriers.schemas import Surroundings
from strowger.channels.sms.carriers.smpp.config import SmppConfig
from strowger.channels.sms.carriers.smpp.link import Link

TICK_SECONDS = 1.0


class SmppCarrier:
    """A LiveCarrier over SMPP; ``around.on_state`` hears of each bind on every change and about once per second."""

    def __init__(self, around: Surroundings, config: SmppConfig, password: str) -> None:
        self._around = around
        self._config = config
        self._password = password
        self._links: dict[int, Link] = {}
        self._paused = False
        self._ticker: asyncio.Task[None] | None = None

    @property
    def binds(self) -> frozenset[int]:
        """The numbers of the binds held."""
        return frozenset(self._links)

    async def start(self, binds: Iterable[int] = ()) -> None:
        """Connect these binds (all of the configuration when none are named), and keep them connected."""
        self._ticker = asyncio.create_task(self._tick())
        await self.set_binds(list(binds) or range(1, self._config.binds + 1))

    async def set_binds(self, binds: Iterable[int], drain_seconds: float = 5.0) -> None:
        """Hold exactly these binds: connect the new ones, drain and close the others."""
        wanted = set(binds)
        gone = [self._links.pop(bind) for bind in set(self._links) - wanted]
        for bind in sorted(wanted - set(self._links)):
            link = Link(self._around, self._config, self._password, bind, self._paused)
            self._links[bind] = link
            link.start()
        await asyncio.gather(*(link.stop(drain_seconds) for link in gone))

    async def stop(self, drain_seconds: float = 10.0) -> None:
        """Drain and disconnect all binds."""
        await self.set_binds((), drain_seconds)
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait({self._ticker})

    def apply(self, config: msgspec.Struct, secret: str) -> None:
        """Use another configuration; binds connect again only where the session depends on what changed."""
        assert isinstance(config, SmppConfig)
        self._config, self._password = config, secret
        for link in self._links.values():
            link.apply(config, secret)

    def pause(self) -> None:
        """Stay bound, send nothing."""
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
