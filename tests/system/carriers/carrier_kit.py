"""What the tests of carriers share: a lane and a journal in memory, and a message centre that does what a test says."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from strowger.channels.sms.carriers.registry import KINDS, read_config
from strowger.channels.sms.carriers.schemas import Surroundings
from strowger.foundation.clock import Clock
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.ids import new_uuid
from strowger.foundation.settings import AllowList
from strowger.messaging.outcomes import Incoming, Outcome, Receipt
from strowger.messaging.schemas import Submission
from strowger.protocols.smpp import build_pdu, parse_pdu
from strowger.protocols.smpp.constants import RESPONSE_BIT
from strowger.protocols.smpp.framing import FrameReader
from strowger.protocols.smpp.pdu import (
    Bind,
    BindReceiverResp,
    BindTransceiverResp,
    BindTransmitterResp,
    EnquireLink,
    EnquireLinkResp,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)

PATIENCE = 30.0
BIND_ANSWERS = {9: BindTransceiverResp, 2: BindTransmitterResp, 1: BindReceiverResp}


def submission(body: str = "Hello", recipient: str = "447700900001", priority: int = 1, **options: Any) -> Submission:
    now = datetime.now(UTC)
    return Submission(
        1,
        new_uuid(),
        1,
        7,
        priority,
        0,
        now,
        now + timedelta(hours=48),
        "DEFAULT",
        "STROWG",
        recipient,
        body,
        options,
        None,
    )


class Watched:
    """Lets a test wait for a condition; changed() looks again."""

    def __init__(self) -> None:
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def changed(self) -> None:
        for condition, future in self._waiters:
            if not future.done() and condition():
                future.set_result(None)

    async def until(self, condition: Callable[[], bool]) -> None:
        if condition():
            return
        entry = (condition, asyncio.get_running_loop().create_future())
        self._waiters.append(entry)
        try:
            await asyncio.wait_for(entry[1], PATIENCE)
        finally:
            self._waiters.remove(entry)


class MemoryLane(Watched):
    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Submission] = []
        self.released: list[Submission] = []
        self.limits: list[int] = []
        self._work = asyncio.Event()

    def put(self, *submissions: Submission) -> None:
        self.waiting += submissions
        self.waiting.sort(key=lambda s: s.priority)
        self._work.set()

    async def take(self, limit: int) -> list[Submission]:
        self.limits.append(limit)
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        if not taken:
            self._work.clear()
        self.changed()
        return taken

    async def release(self, submissions: Any) -> None:
        self.released += submissions
        self.put(*submissions)
        self.changed()

    async def wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._work.wait(), seconds)


class MemoryJournal(Watched):
    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []
        self.reports: list[Receipt | Incoming] = []
        self.pending = 0
        self.disk = asyncio.Event()
        self.disk.set()
        self.problem: Exception | None = None

    def outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.changed()

    async def report(self, report: Receipt | Incoming) -> None:
        self.pending += 1
        self.changed()
        await self.disk.wait()
        if self.problem is not None:
            raise self.problem
        self.reports.append(report)
        self.changed()

    async def until_outcomes(self, count: int) -> None:
        await self.until(lambda: len(self.outcomes) >= count)

    async def until_reports(self, count: int) -> None:
        await self.until(lambda: len(self.reports) >= count)


class Peer(asyncio.Protocol):
    """One session at the scripted message centre."""

    def __init__(self, smsc: ScriptedSmsc) -> None:
        self.smsc = smsc
        self.role = 0
        self._reader = FrameReader()
        self._sequence = 0
        self._answers: dict[int, asyncio.Future[Pdu]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.smsc.peers.append(self)
        self.smsc.changed()

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self.smsc.peers:
            self.smsc.peers.remove(self)
        self.smsc.changed()

    def data_received(self, data: bytes) -> None:
        for frame in self._reader.feed(data):
            self._take(parse_pdu(frame))
        self.smsc.changed()

    def _take(self, pdu: Pdu) -> None:
        self.smsc.received.append(pdu)
        if pdu.command_id & RESPONSE_BIT:
            future = self._answers.pop(pdu.sequence_number, None)
            if future is not None and not future.done():
                future.set_result(pdu)
        elif isinstance(pdu, Bind):
            self.role = pdu.command_id
            self.smsc.binds.append(pdu)
            self.send(BIND_ANSWERS[pdu.command_id](pdu.sequence_number, self.smsc.bind_status, "TEST"))
        elif isinstance(pdu, SubmitSm):
            self.smsc.submits.append(pdu)
            self.smsc.on_submit(self, pdu)
        elif isinstance(pdu, EnquireLink) and self.smsc.answers_enquire_link:
            self.send(EnquireLinkResp(pdu.sequence_number))
        elif isinstance(pdu, Unbind):
            self.smsc.unbinds += 1
            self.send(UnbindResp(pdu.sequence_number))

    def send(self, pdu: Pdu) -> None:
        self.transport.write(build_pdu(pdu))

    async def ask(self, make: Callable[[int], Pdu]) -> Pdu:
        """Send a command and return the answer to it."""
        self._sequence += 1
        future = self._answers[self._sequence] = asyncio.get_running_loop().create_future()
        self.send(make(self._sequence))
        return await asyncio.wait_for(future, PATIENCE)

    async def settle(self) -> None:
        """Return when the client has read all that was sent to it, and sent what follows from that."""
        for _ in range(3):
            await self.ask(EnquireLink)


class ScriptedSmsc(Watched):
    """A message centre on a free port whose ``on_submit`` is the test's."""

    def __init__(self) -> None:
        super().__init__()
        self.peers: list[Peer] = []
        self.binds: list[Bind] = []
        self.submits: list[SubmitSm] = []
        self.received: deque[Pdu] = deque(maxlen=20_000)
        self.unbinds = 0
        self.bind_status = 0
        self.answers_enquire_link = True
        self.on_submit: Callable[[Peer, SubmitSm], None] = self.accept
        self.port = 0

    async def __aenter__(self) -> ScriptedSmsc:
        self._server = await asyncio.get_running_loop().create_server(lambda: Peer(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for peer in list(self.peers):
            peer.transport.abort()

    @property
    def peer(self) -> Peer:
        """The session that submits."""
        return next(peer for peer in self.peers if peer.role in (9, 2))

    def accept(self, peer: Peer, pdu: SubmitSm) -> None:
        peer.send(SubmitSmResp(pdu.sequence_number, 0, f"id-{len(self.submits)}"))

    def hold(self, peer: Peer, pdu: SubmitSm) -> None:
        """Do not answer."""

    def refuse(self, status: int, times: int = 1 << 30) -> None:
        """Answer the next submits with an error."""
        left = [times]

        def on_submit(peer: Peer, pdu: SubmitSm) -> None:
            left[0] -= 1
            if left[0] < 0:
                self.accept(peer, pdu)
            else:
                peer.send(SubmitSmResp(pdu.sequence_number, status))

        self.on_submit = on_submit

    async def until_submits(self, count: int) -> None:
        await self.until(lambda: len(self.submits) >= count)

    async def until_bound(self, count: int = 1) -> None:
        await self.until(lambda: sum(peer.role > 0 for peer in self.peers) >= count)


@dataclass
class Run:
    """A carrier that runs against a message centre."""

    carrier: Any
    lane: MemoryLane
    journal: MemoryJournal
    states: list[tuple[int, str, str | None]] = field(default_factory=list)
    counters: dict[str, Any] = field(default_factory=dict)
    watch: Watched = field(default_factory=Watched)

    async def until_state(self, state: str) -> None:
        await self.watch.until(lambda: bool(self.states) and self.states[-1][1] == state)


def configured(port: int, **config: Any) -> Any:
    base = {"host": "127.0.0.1", "port": port, "system_id": "me", "reconnect_min": 0.01, "reconnect_max": 0.05}
    return read_config(KINDS["smpp"], base | config)


@asynccontextmanager
async def running(port: int, **config: Any) -> AsyncIterator[Run]:
    """A carrier connected to ``port``; stopped at the end."""
    lane, journal = MemoryLane(), MemoryJournal()
    run = Run(None, lane, journal)

    def on_state(bind: int, state: str, detail: str | None, counters: dict[str, Any]) -> None:
        run.states.append((bind, state, detail))
        run.counters = counters
        run.watch.changed()

    http = GuardedClient(AllowList(), allow_loopback=True)
    around = Surroundings(7, "test", lane, journal, Clock(), on_state, http)
    run.carrier = KINDS["smpp"].connect(around, configured(port, **config), "secret")
    await run.carrier.start()
    try:
        yield run
    finally:
        journal.disk.set()
        await run.carrier.stop(0)
