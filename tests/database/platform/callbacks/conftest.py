"""A receiver that a test scripts, and engines on a clock that a test moves."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from strowger.foundation.clock import FrozenClock
from strowger.foundation.context import Context
from strowger.foundation.crypto import SecretBox
from strowger.foundation.database import Database
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.ids import new_uuid
from strowger.foundation.settings import AllowList, Settings
from strowger.platform.callbacks.repository import insert_callbacks
from strowger.platform.callbacks.schemas import NewCallback, Target
from strowger.platform.callbacks.service import CallbackEngine, CallbackService

ACCOUNT, OTHER_ACCOUNT = 1, 2


@dataclass
class Received:
    """One request as the receiver saw it; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def answer(status: int = 200, body: bytes = b"ok", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class Receiver:
    """Answers each request as ``script`` says; ``hold`` keeps all answers back until it is set."""

    script: Callable[[Received], bytes] = lambda _: answer()
    received: list[Received] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    def url(self, path: str = "/dlr", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def ids(self) -> list[str]:
        return [request.headers["x-callback-id"] for request in self.received]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *lines = head.strip().split("\r\n")
                headers = {k.lower(): v for k, v in (item.split(": ", 1) for item in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                found = re.match(r"(\w+) (\S+) ", line)
                request = Received(found[1], found[2], headers, body)
                self.received.append(request)
                await self.hold.wait()
                writer.write(self.script(request))
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    receiver.hold.set()
    server = await asyncio.start_server(receiver.serve, "0.0.0.0", 0, backlog=500)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    receiver.hold.set()
    server.close()


@dataclass
class World:
    """A context on a frozen clock, two accounts, and shorthands."""

    context: Context
    clock: FrozenClock
    service: CallbackService

    @property
    def database(self) -> Database:
        return self.context.database

    def engine(self, worker_id: int = 7) -> CallbackEngine:
        return CallbackEngine(self.context, worker_id)

    def row(self, url: str, account_id: int = ACCOUNT, **changes: Any) -> NewCallback:
        target = Target(url, **changes.pop("target", {})).to_json()
        variables = {"id": "m", "status": "DELIVERED", "recipient": "+919876543210", **changes.pop("variables", {})}
        now = self.clock.now()
        values = {"request_id": new_uuid(), "n": 1, "event": "sms_send", "due_at": now, "created_at": now, **changes}
        return NewCallback(id=new_uuid(), account_id=account_id, target=target, variables=variables, **values)

    async def queue(self, *rows: NewCallback, claimed_by: int | None = None) -> None:
        await insert_callbacks(self.database.pool, rows, claimed_by)

    async def states(self) -> list[tuple[int, int, int | None]]:
        rows = await self.database.pool.fetch("SELECT state, attempts, claimed_by FROM callback ORDER BY id")
        return [tuple(row) for row in rows]

    async def attempts(self, row: NewCallback) -> list[Any]:
        return await self.service.attempts_of_message(row.account_id, row.request_id, row.n)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    clock = FrozenClock()
    http = GuardedClient(AllowList(), allow_loopback=True)
    context = Context(Settings(), clock, database, SecretBox([b"k" * 32]), http)
    for account_id in (ACCOUNT, OTHER_ACCOUNT):
        await database.pool.execute(
            "INSERT INTO account (id, sid, name, country, currency) VALUES ($1, $2, 'n', 'IN', 'INR')",
            account_id, f"HX{account_id}",
        )  # fmt: skip
    yield World(context, clock, CallbackService(context))
    await http.close()
