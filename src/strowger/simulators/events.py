"""What happens on the handsets, told to whoever listens; a listener that does not keep up loses the oldest."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

import msgspec

from strowger.simulators.handsets import HandsetMessage

MAX_PENDING: Final = 1_000
EventName = Literal["message", "reply"]


class Listener:
    """One subscription: ``take()`` waits for events and gives all that have come, oldest first."""

    def __init__(self, number: str | None) -> None:
        self.number = number
        self._pending: deque[tuple[EventName, bytes]] = deque(maxlen=MAX_PENDING)
        self._ready = asyncio.Event()

    def put(self, name: EventName, data: bytes) -> None:
        """Add an event."""
        self._pending.append((name, data))
        self._ready.set()

    async def take(self) -> list[tuple[EventName, bytes]]:
        """Events as (name, JSON)."""
        await self._ready.wait()
        self._ready.clear()
        taken = list(self._pending)
        self._pending.clear()
        return taken


class Events:
    """The hub. Costs nothing while nobody listens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    @contextmanager
    def listen(self, number: str | None = None) -> Iterator[Listener]:
        """Subscribe, to one handset or to all."""
        listener = Listener(number)
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)

    def message(self, message: HandsetMessage) -> None:
        """A message arrived on a handset."""
        self._tell("message", message)

    def reply(self, message: HandsetMessage) -> None:
        """A reply was queued, acknowledged, or has failed."""
        self._tell("reply", message)

    def _tell(self, name: EventName, message: HandsetMessage) -> None:
        if not self._listeners:
            return
        data = msgspec.json.encode(message)
        for listener in self._listeners:
            if listener.number in {None, message.handset}:
                listener.put(name, data)
