"""The links that this process holds of a carrier, started, changed and stopped together, whatever they speak."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

import msgspec

from strowger.channels.sms.carriers.schemas import Surroundings

TICK_SECONDS = 1.0


ConfigT = TypeVar("ConfigT", bound=msgspec.Struct)
GivenT_contra = TypeVar("GivenT_contra", bound=msgspec.Struct, contravariant=True)


class HeldLink(Protocol[GivenT_contra]):
    """One link: an SMPP bind, or an HTTP sender."""

    def start(self) -> None:
        """Begin, and keep it up."""

    async def stop(self, drain_seconds: float) -> None:
        """Wait for what is under way, then end."""

    def apply(self, config: GivenT_contra, secret: str) -> None:
        """Use another configuration."""

    def pause(self) -> None:
        """Send nothing."""

    def resume(self) -> None:
        """Send again."""

    def tick(self) -> None:
        """A second has passed."""


class LinkedCarrier(ABC, Generic[ConfigT]):
    """A LiveCarrier made of links; ``around.on_state`` hears of each on every change and about once per second."""

    kind: type[ConfigT]

    def __init__(self, around: Surroundings, config: ConfigT, secret: str) -> None:
        self._around = around
        self._config = config
        self._secret = secret
        self._links: dict[int, HeldLink[ConfigT]] = {}
        self._paused = False
        self._ticker: asyncio.Task[None] | None = None

    @abstractmethod
    def make_link(self, bind: int) -> HeldLink[ConfigT]:
        """A link of this number, not yet started."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many links the configuration asks for over all processes."""

    @property
    def binds(self) -> frozenset[int]:
        """The numbers of the links held."""
        return frozenset(self._links)

    async def start(self, binds: Iterable[int] = ()) -> None:
        """Start these links (all of the configuration when none are named), and keep them up."""
        self._ticker = asyncio.create_task(self._tick())
        await self.set_binds(list(binds) or range(1, self.size + 1))

    async def set_binds(self, binds: Iterable[int], drain_seconds: float = 5.0) -> None:
        """Hold exactly these links: start the new ones, drain and stop the others."""
        wanted = set(binds)
        gone = [self._links.pop(bind) for bind in set(self._links) - wanted]
        for bind in sorted(wanted - set(self._links)):
            link = self._links[bind] = self.make_link(bind)
            link.start()
        await asyncio.gather(*(link.stop(drain_seconds) for link in gone))

    async def stop(self, drain_seconds: float = 10.0) -> None:
        """Drain and stop all links."""
        await self.set_binds((), drain_seconds)
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait({self._ticker})

    def apply(self, config: msgspec.Struct, secret: str) -> None:
        """Use another configuration; links start again only where they depend on what changed."""
        assert isinstance(config, self.kind)
        self._config, self._secret = config, secret
        for link in self._links.values():
            link.apply(config, secret)

    def pause(self) -> None:
        """Stay up, send nothing."""
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
