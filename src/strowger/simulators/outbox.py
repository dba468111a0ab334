"""The deliver_sm that wait for the receivers of one system_id: in order, within each receiver's window, until acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from strowger.protocols.smpp import carrier_status_info
from strowger.simulators.agenda import Agenda
from strowger.simulators.counters import Counters

RETRY_SECONDS: Final = 1.0
MAX_RETRY_SECONDS: Final = 60.0


@dataclass(slots=True, eq=False)
class Delivery:
    """One deliver_sm: its body, what to call when it was first written, and what when its fate is known."""

    body: bytes
    kind: Literal["receipts", "replies"] = "receipts"
    on_sent: Callable[[], None] | None = None
    on_end: Callable[[bool], None] | None = None
    tries: int = 0


class Receiver(Protocol):
    """A session that may be sent deliver_sm."""

    @property
    def room(self) -> int:
        """How many deliveries its window takes now."""

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Write them."""


class Outbox:
    """Deliveries for one system_id. Bounded: when full, the oldest is dropped."""

    def __init__(self, agenda: Agenda, counters: Callable[[], Counters], bound: int) -> None:
        self.waiting: deque[Delivery] = deque()
        self.receivers: list[Receiver] = []
        self._agenda = agenda
        self._counters = counters
        self._bound = bound
        self._scheduled = False

    def put(self, delivery: Delivery) -> None:
        """Queue a delivery; it is sent at the end of this turn of the event loop when a receiver has room."""
        counters = self._counters()
        if delivery.kind == "receipts":
            counters.receipts_queued += 1
        else:
            counters.replies_queued += 1
        self._append(delivery)

    def add_receiver(self, receiver: Receiver) -> None:
        """A session is ready to receive."""
        self.receivers.append(receiver)
        self.schedule()

    def remove_receiver(self, receiver: Receiver, unacknowledged: Iterable[Delivery]) -> None:
        """A session is gone; what it did not acknowledge goes back to the front, in order."""
        if receiver in self.receivers:
            self.receivers.remove(receiver)
        back = list(unacknowledged)
        self._counters().requeued += len(back)
        self.waiting.extendleft(reversed(back))
        self.schedule()

    def schedule(self) -> None:
        """Send at the end of this turn of the event loop."""
        if self.waiting and self.receivers and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Send what the windows have room for, to the receivers in turn."""
        self._scheduled = False
        waiting = self.waiting
        for _ in range(len(self.receivers)):
            if not waiting:
                break
            receiver = self.receivers.pop(0)
            self.receivers.append(receiver)
            count = min(receiver.room, len(waiting))
            if count > 0:
                receiver.deliver([waiting.popleft() for _ in range(count)])

    def acknowledged(self, delivery: Delivery, status: int) -> None:
        """The answer to a delivery: done, failed for good, or to be tried again later."""
        counters = self._counters()
        if status and carrier_status_info(status).kind == "retry":
            delivery.tries += 1
            counters.requeued += 1
            pause = min(MAX_RETRY_SECONDS, RETRY_SECONDS * 2 ** min(delivery.tries - 1, 10))
            self._agenda.after(pause, self._append, delivery)
            return
        name = f"{delivery.kind}_{'nacked' if status else 'acked'}"
        setattr(counters, name, getattr(counters, name) + 1)
        if delivery.on_end:
            delivery.on_end(not status)

    def _append(self, delivery: Delivery) -> None:
        if len(self.waiting) >= self._bound:
            dropped = self.waiting.popleft()
            self._counters().dropped += 1
            if dropped.on_end:
                dropped.on_end(False)
        self.waiting.append(delivery)
        self.schedule()
