"""The simulated SMSC as one object: the SMPP server, its HTTP control, and what tests ask it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from strowger.protocols.gsm import DefaultAlphabet
from strowger.protocols.smpp import DataSm, SubmitSm
from strowger.simulators.centre import Centre, Refusal
from strowger.simulators.control import make_app
from strowger.simulators.counters import Counters
from strowger.simulators.handsets import HandsetMessage
from strowger.simulators.hlr import Register
from strowger.simulators.mailbox import Mailbox
from strowger.simulators.replies import send_reply
from strowger.simulators.session import Session

BACKLOG = 512


class SimulatedSmsc:
    """An SMSC with handsets, in this process.

    ``async with SimulatedSmsc() as smsc`` listens on free ports of loopback: ``smsc.port`` (SMPP) and, with
    ``http_port`` given (0 for a free one), ``smsc.http_port``. ``receipt_delay`` seconds pass between a message's end
    and its receipt; ``window`` deliver_sm go unacknowledged per session.
    """

    def __init__(
        self,
        port: int = 0,
        http_port: int | None = None,
        *,
        host: str = "127.0.0.1",
        receipt_delay: float = 0.0,
        window: int = 200,
        outbox_bound: int = 200_000,
        keep: int = 10_000,
        credentials: Mapping[str, str] | None = None,
        refusal: Refusal = "answer",
        default_alphabet: DefaultAlphabet = "gsm7",
        mailbox: Mailbox | None = None,
    ) -> None:
        self.mailbox = mailbox
        self.register = Register()
        self.host = host
        self.port = port
        self.http_port = http_port
        self.sessions: set[Session] = set()
        self._options: dict[str, Any] = {
            "receipt_delay": receipt_delay,
            "window": window,
            "outbox_bound": outbox_bound,
            "keep": keep,
            "credentials": credentials,
            "refusal": refusal,
            "default_alphabet": default_alphabet,
        }
        self._centre: Centre | None = None
        self._server: asyncio.Server | None = None
        self._runner: web.AppRunner | None = None
        self._waiters: list[tuple[Callable[[SimulatedSmsc], bool], asyncio.Future[None]]] = []

    async def start(self) -> None:
        """Listen. Raises OSError when a port is taken."""
        self._centre = Centre(**self._options)
        self._centre.on_change = self._look
        try:
            await self.open_link()
            if self.http_port is not None:
                await self._open_control(self.http_port)
        except OSError:
            await self.stop()
            raise

    async def _open_control(self, port: int) -> None:
        self._runner = web.AppRunner(make_app(self), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, port, backlog=BACKLOG).start()
        self.http_port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close everything and forget all."""
        await self.close_link()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._centre is not None:
            self._centre.agenda.clear()
            self._centre = None
        for _, future in self._waiters:
            future.cancel()

    async def open_link(self) -> None:
        """Listen for SMPP (again, on the same port, after close_link)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, self.host, self.port, backlog=BACKLOG)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close_link(self) -> None:
        """The carrier is down: nobody listens and every connection is cut. Messages and receipts are kept."""
        if self._server is not None:
            self._server.close()
            self.cut()
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Cut every connection; clients may connect again at once."""
        for session in list(self.sessions):
            session.abort()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # What to ask it

    @property
    def centre(self) -> Centre:
        """The message centre; start() must have been awaited."""
        assert self._centre is not None, "SimulatedSmsc.start() was not awaited"
        return self._centre

    @property
    def counters(self) -> Counters:
        """What was counted."""
        return self.centre.counters

    @property
    def submits(self) -> deque[SubmitSm | DataSm]:
        """The last submissions as they came, oldest first."""
        return self.centre.submits

    @property
    def bound(self) -> int:
        """How many sessions are bound."""
        return sum(session.state.is_bound for session in self.sessions)

    def messages(self, number: str) -> list[HandsetMessage]:
        """The messages of a handset, oldest first."""
        return self.centre.handsets.messages(number)

    def describe(self) -> dict[str, Any]:
        """All of its state for people: sessions, counters, misbehaviours."""
        sessions = [session.describe() for session in self.sessions]
        rest = {"misbehaviours": self.centre.switchboard.describe(), "handsets": len(self.centre.handsets)}
        return {"sessions": sessions} | self.centre.describe() | rest

    # What to make it do

    def misbehave(self, name: str, on: bool = True, *, system_id: str | None = None, **options: object) -> None:
        """Switch a misbehaviour on or off, for everyone or one system_id. Raises UnknownMisbehaviour."""
        self.centre.switchboard.switch(name, on, system_id, options)

    def reply(self, number: str, to: str, text: str, system_id: str | None = None) -> HandsetMessage:
        """Type a reply on a handset; raises BadReply."""
        return send_reply(self.centre, number, to, text, system_id)

    def skip(self, seconds: float) -> None:
        """Move the SMSC's time forward: what is due by then happens now."""
        self.centre.agenda.skip(seconds)

    def reset(self) -> None:
        """Forget everything but the sessions."""
        self.centre.reset()
        self._look()

    # Waiting without sleeping

    async def until(self, condition: Callable[[SimulatedSmsc], bool], timeout: float = 10.0) -> None:
        """Return once the condition holds; it is looked at after each change. Raises TimeoutError with the state."""
        if condition(self):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (condition, future)
        self._waiters.append(entry)
        try:
            await asyncio.wait_for(future, timeout)
        except TimeoutError:
            raise TimeoutError(f"still waiting after {timeout} s: {self.describe()}") from None
        finally:
            self._waiters.remove(entry)

    async def until_bound(self, count: int = 1, timeout: float = 10.0) -> None:
        """At least so many sessions are bound."""
        await self.until(lambda smsc: smsc.bound >= count, timeout)

    async def until_submitted(self, count: int, timeout: float = 10.0) -> None:
        """At least so many submissions have come."""
        await self.until(lambda smsc: smsc.counters.submits >= count, timeout)

    async def until_acknowledged(self, count: int, timeout: float = 10.0) -> None:
        """At least so many receipts were acknowledged."""
        await self.until(lambda smsc: smsc.counters.receipts_acked >= count, timeout)

    def _session(self) -> Session:
        return Session(self.centre, self.sessions)

    def _look(self) -> None:
        for condition, future in self._waiters:
            if future.done():
                continue
            try:
                if condition(self):
                    future.set_result(None)
            except Exception as problem:  # told to who waits, not to the session that counted
                future.set_exception(problem)
