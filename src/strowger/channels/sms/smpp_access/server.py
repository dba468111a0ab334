"""The SMPP server of one process: its ports, its sessions, and what is done once a second."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from strowger.channels.sms.smpp_access import repository
from strowger.channels.sms.smpp_access.clients import Client
from strowger.channels.sms.smpp_access.desk import Desk
from strowger.channels.sms.smpp_access.outbox import Outbox
from strowger.channels.sms.smpp_access.session import Session
from strowger.foundation.context import Context
from strowger.foundation.database import CLASHES, OUTAGES, Connection
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import Listener, Notifier
from strowger.foundation.origin import loop_mark
from strowger.foundation.workers import live_worker_ids
from strowger.messaging.accept import Accepter

log = get_logger(__name__)
BACKLOG = 512
MAX_CONNECTIONS = 4_000
HANDSHAKE_SECONDS = 10
REFRESH_TICKS, TIDY_TICKS, PURGE_TICKS = 2, 2, 60
PURGED = 5_000
LEAVE_SECONDS = 3.0


class SmppServer:
    """Listens for customers' clients until it is stopped. ``port`` and ``tls_port`` are those it really has."""

    def __init__(self, context: Context, worker_id: int) -> None:
        self.port = self.tls_port = 0
        self.sessions: set[Session] = set()
        notifier = Notifier(context.database)
        self.accepter = Accepter(context.database, notifier)
        self.desk = Desk(context, worker_id, self.accepter, notifier)
        self.outbox = Outbox(context.database, context.clock, worker_id)
        self._context, self._worker_id = context, worker_id
        self._servers: list[asyncio.Server] = []
        self._listener = Listener(context.database)
        self._tasks: list[asyncio.Task[None]] = []
        self._renewing: set[asyncio.Task[None]] = set()
        self._ticks = 0
        self._stopping = False

    async def start(self, host: str, port: int, tls_port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Listen, by TLS too when there is a context for it. Raises OSError when a port is taken."""
        self.desk.mark = (await loop_mark(self._context.database)).encode()
        loop = asyncio.get_running_loop()
        plain = await loop.create_server(lambda: self._session(False), host, port, backlog=BACKLOG)
        self._servers.append(plain)
        self.port = plain.sockets[0].getsockname()[1]
        if tls is not None:
            safe = await loop.create_server(
                lambda: self._session(True), host, tls_port, backlog=BACKLOG, ssl=tls,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )  # fmt: skip
            self._servers.append(safe)
            self.tls_port = safe.sockets[0].getsockname()[1]
        self._listener.on("smpp_delivery", self.outbox.wake)
        self._listener.on("smpp_user", lambda _: self._renew())
        self._listener.on("accounts", lambda _: self._renew())
        await self._listener.start()
        self._tasks = [asyncio.create_task(self.outbox.run()), asyncio.create_task(self._run())]

    def _session(self, tls: bool) -> asyncio.Protocol:
        if len(self.sessions) >= MAX_CONNECTIONS:
            return _Refusing()
        return Session(self.desk, self.outbox, self.sessions, tls)

    async def failed(self) -> None:
        """Return when one of the loops has ended, which none should."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def _run(self) -> None:
        while not self._stopping:
            await asyncio.sleep(1)
            try:
                await self.tick()
            except (Unavailable, *OUTAGES, *CLASHES) as problem:
                log.warning("smpp_upkeep_postponed", problem=repr(problem))
            except Exception:
                log.exception("smpp_upkeep_failed")

    async def tick(self) -> None:
        """What is done once a second: timers, figures, facts of accounts, what dead processes left."""
        now = self._context.clock.monotonic()
        for session in list(self.sessions):
            session.tick(now)
        self._ticks += 1
        figures = [(s.bind_id, s.look(now)) for s in self.sessions if s.state.is_bound]
        async with self._context.database.acquire() as connection:
            if figures:
                await repository.tell_binds(connection, figures)
            if self._ticks % TIDY_TICKS == 0:
                await self._tidy(connection)
            if self._ticks % PURGE_TICKS == 0:
                await repository.purge(connection, self._context.clock.now(), PURGED)
        if self._ticks % REFRESH_TICKS == 0:
            await self.renew()

    async def _tidy(self, connection: Connection) -> None:
        live = [self._worker_id, *await live_worker_ids(connection)]
        freed = await repository.tidy_dead(connection, live)
        if freed:
            log.info("smpp_deliveries_rescued", count=freed)
            self.outbox.wake()

    def _renew(self) -> None:
        async def work() -> None:
            with contextlib.suppress(Unavailable, *OUTAGES):
                await self.renew()

        task = asyncio.create_task(work())
        self._renewing.add(task)
        task.add_done_callback(self._renewing.discard)

    async def renew(self) -> None:
        """Look at the users and accounts of all binds again; those that may not stay are unbound."""
        bound = [session for session in self.sessions if session.client is not None and session.state.is_bound]
        if not bound:
            return
        async with self._context.database.acquire() as connection:
            rows = await repository.load_users(connection, list({s.client.user_id for s in bound if s.client}))
        found = {row["id"]: Client.of(row) for row in rows}
        accounts = {client.account_id for client in found.values()}
        await self.desk.refresh(accounts)
        for session in bound:
            if session.client is not None:
                session.renewed(found.get(session.client.user_id))

    async def stop(self) -> None:
        """Take nothing more, answer what was taken, unbind everybody, give back what was not delivered."""
        for server in self._servers:
            server.close()
        sessions = list(self.sessions)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(s.finished() for s in sessions)), LEAVE_SECONDS)
        for session in sessions:
            session.unbind()
        await self._listener.stop()
        self._stopping = True
        self.outbox.halt()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._renewing, return_exceptions=True)
        await self.accepter.close()
        await self.outbox.close()
        await self.desk.close()
        for session in sessions:
            session.close()


class _Refusing(asyncio.Protocol):
    """One connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
