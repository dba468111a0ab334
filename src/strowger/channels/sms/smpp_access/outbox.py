"""The outbox: what waits in the queue for clients that are bound here is claimed, delivered, and deleted once acknowledged.

Rows are claimed ahead of need and settled together, one transaction per round over all clients. What is claimed when the
process dies is freed by the others and delivered again: at most what was unacknowledged comes twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from strowger.channels.sms.smpp_access import repository
from strowger.foundation.clock import Clock
from strowger.foundation.database import Connection, Database
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.protocols.smpp import status

log = get_logger(__name__)
AHEAD, LOW = 200, 100  # rows held per client, and when more are claimed
POLL_SECONDS = 1.0
RETRY_SECONDS = 0.5
PAUSES: Final = (5, 15, 60, 300, 900)  # seconds before a delivery that a client could not take is tried again
REFUSED: Final = frozenset({status.ESME_RX_P_APPN, status.ESME_RX_R_APPN})
Row = Mapping[str, Any]


class Receiver(Protocol):
    """A bind that takes deliveries."""

    @property
    def room(self) -> int:
        """How many it takes now."""

    def deliver(self, row: Row) -> None:
        """Send one; its outcome is told to the outbox."""


@dataclass(slots=True)
class Box:
    """One client's share: its binds here, rows in hand in order, and whether the table may hold more."""

    receivers: list[Receiver] = field(default_factory=list)
    ready: deque[Row] = field(default_factory=deque)
    more: bool = True


@dataclass(slots=True)
class Settlement:
    """What is to be written about rows that were in hand."""

    done: list[int] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    postponed: list[tuple[int, datetime]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.done or self.released or self.postponed)

    def add(self, other: Settlement) -> None:
        """Take over what could not be written."""
        self.done[:0], self.released[:0], self.postponed[:0] = other.done, other.released, other.postponed


class Outbox:
    """The outbox of one process."""

    def __init__(self, database: Database, clock: Clock, worker_id: int) -> None:
        self._database = database
        self._clock = clock
        self._worker_id = worker_id
        self._boxes: dict[int, Box] = {}
        self._due = Settlement()
        self._work = asyncio.Event()
        self._halted = False

    # What sessions tell

    def add_receiver(self, user_id: int, receiver: Receiver) -> None:
        """A bind takes deliveries from now on."""
        box = self._boxes.setdefault(user_id, Box())
        box.receivers.append(receiver)
        box.more = True
        self._work.set()

    def remove_receiver(self, user_id: int, receiver: Receiver, unacknowledged: Iterable[Row]) -> None:
        """A bind ended: what it did not acknowledge goes to the client's other binds here, else back to the queue."""
        box = self._boxes.get(user_id)
        if box is None or receiver not in box.receivers:
            return
        box.receivers.remove(receiver)
        box.ready.extendleft(sorted(unacknowledged, key=lambda row: -row["id"]))
        if not box.receivers:
            self._due.released += [row["id"] for row in box.ready]
            del self._boxes[user_id]
            self._work.set()
        else:
            self.pump(user_id)

    def acknowledged(self, row: Row, answer: int) -> None:
        """The client answered a delivery with this command_status."""
        if answer == 0 or answer in REFUSED:
            if answer:
                log.warning("smpp_delivery_refused", user_id=row["user_id"], status=hex(answer))
            self._due.done.append(row["id"])
        else:
            pause = PAUSES[min(row["attempts"], len(PAUSES) - 1)]
            self._due.postponed.append((row["id"], self._clock.now() + timedelta(seconds=pause)))
        self._work.set()

    def drop(self, row: Row) -> None:
        """A row that cannot be delivered by any means."""
        self._due.done.append(row["id"])
        self._work.set()

    def pump(self, user_id: int) -> None:
        """Hand rows to the client's binds, to the one with the most room first, as far as windows go."""
        box = self._boxes.get(user_id)
        while box and box.ready:
            receiver = max(box.receivers, key=lambda r: r.room)
            if receiver.room <= 0:
                break
            receiver.deliver(box.ready.popleft())
        if box and box.more and len(box.ready) < LOW:
            self._work.set()

    # What the database tells

    def wake(self, payload: str = "") -> None:
        """There may be new rows: of the user named in the payload, or of anybody."""
        users = [int(payload)] if payload.isascii() and payload.isdigit() else list(self._boxes)
        for user_id in users:
            if user_id in self._boxes:
                self._boxes[user_id].more = True
                self._work.set()

    async def run(self) -> None:
        """Settle and claim until halted."""
        while not self._halted:
            try:
                await asyncio.wait_for(self._work.wait(), POLL_SECONDS)
            except TimeoutError:
                self.wake()
            self._work.clear()
            try:
                await self.step()
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                self._work.set()
            except Exception:
                log.exception("smpp_outbox_failed")
                await asyncio.sleep(RETRY_SECONDS)

    def halt(self) -> None:
        """End the loop with its next round; a cancel alone may be lost in a wait that ends in the same moment."""
        self._halted = True
        self._work.set()

    async def step(self) -> None:
        """One round: write what is settled and claim what there is room for. Raises Unavailable; nothing is lost then."""
        rooms = {
            user_id: AHEAD - len(box.ready)
            for user_id, box in self._boxes.items()
            if box.more and box.receivers and len(box.ready) < LOW
        }
        if not rooms and not self._due:
            return
        due, self._due = self._due, Settlement()

        async def work(connection: Connection) -> list[Any]:
            if due:
                await repository.settle(connection, self._worker_id, due.done, due.released, due.postponed)
            if not rooms:
                return []
            return await repository.claim(connection, list(rooms.items()), self._worker_id, self._clock.now())

        try:
            claimed = await self._database.run(work, by_key=True)
        except BaseException:
            self._due.add(due)
            raise
        self._hand_out(rooms, claimed)

    def _hand_out(self, rooms: Mapping[int, int], claimed: Iterable[Row]) -> None:
        counts = dict.fromkeys(rooms, 0)
        for row in claimed:
            counts[row["user_id"]] += 1
            box = self._boxes.get(row["user_id"])
            if box is None:  # its last bind ended meanwhile
                self._due.released.append(row["id"])
                self._work.set()
            else:
                box.ready.append(row)
        for user_id, count in counts.items():
            if user_id in self._boxes:
                self._boxes[user_id].more = count >= rooms[user_id]
                self.pump(user_id)

    async def close(self) -> None:
        """Write what is settled and give everything back."""
        for box in self._boxes.values():
            self._due.released += [row["id"] for row in box.ready]
        self._boxes.clear()
        with contextlib.suppress(Unavailable):
            await self.step()
