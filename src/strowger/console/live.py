"""The live feed: notices of the database's channel ``live``, handed to the browsers of the account they belong to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from strowger.foundation.ids import new_token
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import LIVE, Listener

KEPT = 2000
QUEUE = 500
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One notice. ``id`` names it for Last-Event-ID: the hub's epoch and a running number."""

    id: str
    number: int
    topic: str
    account_id: int
    data: dict[str, Any]


@dataclass(slots=True, eq=False)
class Subscriber:
    """A browser that listens to topics of one account. ``lost`` is set when it read too slowly."""

    account_id: int
    topics: frozenset[str]
    queue: asyncio.Queue[LiveEvent | None] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    lost: bool = False

    def wants(self, event: LiveEvent) -> bool:
        """Whether this browser may and wants to see a notice."""
        return event.account_id == self.account_id and event.topic in self.topics


class LiveHub:
    """One per web process: the process's listener in, any number of browsers out.

    A payload is one notice or a list of them: JSON with at least ``topic`` and ``account_id``; a notice is handed on
    whole, without the account.
    """

    def __init__(self, listener: Listener) -> None:
        listener.on(LIVE, self._hear)
        self._epoch = new_token()[:8]
        self._number = 0
        self._kept: deque[LiveEvent] = deque(maxlen=KEPT)
        self._subscribers: set[Subscriber] = set()
        self._connected = False
        self._stopped = False

    @property
    def place(self) -> str:
        """Where the feed is now: given as ``last_id`` to ``stream``, nothing that is published after it is missed."""
        return f"{self._epoch}-{self._number}"

    def stop(self) -> None:
        """End every feed."""
        self._stopped = True
        for subscriber in self._subscribers:
            _put(subscriber, None)

    def _restart(self) -> None:
        """Notices may have been missed: every browser is told to read its page again."""
        self._epoch = new_token()[:8]
        self._kept.clear()
        for subscriber in self._subscribers:
            subscriber.lost = True
            _put(subscriber, None)

    def _hear(self, payload: str) -> None:
        if not payload:  # connected, or connected again
            if self._connected:
                self._restart()
            self._connected = True
            return
        try:
            notices = msgspec.json.decode(payload, type=dict[str, Any] | list[dict[str, Any]])
            for data in [notices] if isinstance(notices, dict) else notices:
                self.publish(str(data.pop("topic")), int(data.pop("account_id")), data)
        except (msgspec.DecodeError, KeyError, ValueError, TypeError) as problem:
            log.warning("a live notice cannot be read", error=repr(problem))

    def publish(self, topic: str, account_id: int, data: dict[str, Any]) -> None:
        """Hand a notice to the browsers of this process."""
        self._number += 1
        event = LiveEvent(f"{self._epoch}-{self._number}", self._number, topic, account_id, data)
        self._kept.append(event)
        for subscriber in self._subscribers:
            if subscriber.wants(event):
                _put(subscriber, event)

    def missed(self, subscriber: Subscriber, last_id: str) -> list[LiveEvent] | None:
        """The notices after ``last_id``; None when they cannot be told any more."""
        epoch, _, text = last_id.rpartition("-")
        if epoch != self._epoch or not text.isdecimal():
            return None
        number = int(text)
        if self._kept and number < self._kept[0].number - 1:
            return None
        return [event for event in self._kept if event.number > number and subscriber.wants(event)]

    async def stream(
        self, account_id: int, topics: Iterable[str], last_id: str = "", beat: float = 15.0
    ) -> AsyncIterator[bytes]:
        """Server-sent events of one browser: event ``<topic>`` with JSON data, ``reset`` when notices were missed.

        A comment every ``beat`` seconds keeps the connection open.
        """
        subscriber = Subscriber(account_id, frozenset(topics))
        self._subscribers.add(subscriber)
        try:
            yield f"retry: 1000\nid: {self.place}\nevent: hello\ndata: {{}}\n\n".encode()
            for event in self._backlog(subscriber, last_id):
                yield event
            while not self._stopped:
                try:
                    event_or_end = await asyncio.wait_for(subscriber.queue.get(), beat)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if subscriber.lost:
                    yield b"event: reset\ndata: {}\n\n"
                    return
                if event_or_end is None:
                    return
                yield _encode(event_or_end)
        finally:
            self._subscribers.discard(subscriber)

    def _backlog(self, subscriber: Subscriber, last_id: str) -> list[bytes]:
        if not last_id:
            return []
        missed = self.missed(subscriber, last_id)
        return [b"event: reset\ndata: {}\n\n"] if missed is None else [_encode(event) for event in missed]


def _put(subscriber: Subscriber, event: LiveEvent | None) -> None:
    if subscriber.queue.full():
        subscriber.lost = True
        subscriber.queue.get_nowait()
    subscriber.queue.put_nowait(event)


def _encode(event: LiveEvent) -> bytes:
    data = msgspec.json.encode(event.data)
    return b"id: " + event.id.encode() + b"\nevent: " + event.topic.encode() + b"\ndata: " + data + b"\n\n"
