"""LISTEN and NOTIFY: wake-ups between processes. Never the only way to learn of work, only the fast one."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.database import OUTAGES, Connection, Database, Queryable
from strowger.foundation.logs import get_logger
from strowger.foundation.tenancy import across_accounts

log = get_logger(__name__)
Handler = Callable[[str], None]
PAYLOAD_LIMIT = 7900
NOTIFY = text("SELECT pg_notify(:channel, :payload)")
LIVE = "live"  # the channel that the live feed of the console hears


class Notifier:
    """Sends notifications after the fact, gathered: at most one statement every ``gap`` seconds."""

    def __init__(self, database: Database, gap: float = 0.02) -> None:
        self._database = database
        self._gap = gap
        self._due: dict[tuple[str, str], None] = {}
        self._task: asyncio.Task[None] | None = None

    def send(self, channel: str, payload: str = "") -> None:
        """Notify ``channel`` soon; equal notifications within the gap become one."""
        if len(payload) <= PAYLOAD_LIMIT:
            self._due[(channel, payload)] = None
        if self._due and (self._task is None or self._task.done()):
            with across_accounts():
                self._task = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        while self._due:
            pairs, self._due = list(self._due), {}
            with contextlib.suppress(*OUTAGES):
                await self._database.pool.execute(
                    "SELECT pg_notify(c, p) FROM unnest($1::text[], $2::text[]) AS t(c, p)",
                    [c for c, _ in pairs],
                    [p for _, p in pairs],
                )
            await asyncio.sleep(self._gap)


class Listener:
    """One connection that listens on channels and calls handlers; connects again by itself."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._handlers: dict[str, list[Handler]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None

    def on(self, channel: str, handler: Handler) -> None:
        """Call ``handler`` with each payload of ``channel``, and with "" after each connect. Before start() only."""
        self._handlers[channel].append(handler)

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except OUTAGES as problem:
                log.warning("listener_lost", problem=str(problem))
            await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        connection = await self._database.connect()
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _: closed.set())
        try:
            for channel, handlers in self._handlers.items():
                await connection.add_listener(channel, self._dispatch)
                for handler in handlers:
                    handler("")
            while not closed.is_set():
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(closed.wait(), 15)
                    return
                await connection.execute("SELECT 1")
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    def _dispatch(self, _connection: Connection | Any, _pid: int, channel: str, payload: object) -> None:
        for handler in self._handlers[channel]:
            handler(str(payload))


async def notify(connection: Queryable, channel: str, payload: str = "") -> None:
    """Notify with the caller's transaction: listeners hear it when that is committed."""
    await connection.execute("SELECT pg_notify($1, $2)", channel, payload)


async def notify_by(session: AsyncSession, channel: str, payload: str = "") -> None:
    """As ``notify``, with the transaction of a session."""
    await session.execute(NOTIFY, {"channel": channel, "payload": payload})


def live_notice(topic: str, account_id: int, ids: Sequence[object]) -> str:
    """The payload by which lists and pages of an account that show these things renew themselves."""
    return msgspec.json.encode({"topic": topic, "account_id": account_id, "ids": [str(one) for one in ids]}).decode()


async def tell_live(connection: Connection, topic: str, account_id: int, *ids: object) -> None:
    """Renew what browsers show of these things, with the caller's transaction. At most about 100 ids fit into a notice."""
    await notify(connection, LIVE, live_notice(topic, account_id, ids))


async def repeat_when_told(
    database: Database, channel: str, wake: asyncio.Event, seconds: float, work: Callable[[], Awaitable[object]]
) -> None:
    """Do ``work`` for ever: at once, whenever ``channel`` is notified or ``wake`` set, and every so many seconds."""
    listener = Listener(database)
    listener.on(channel, lambda _: wake.set())
    await listener.start()
    try:
        while True:
            wake.clear()
            await work()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), seconds)
    finally:
        await listener.stop()
