"""An SMPP server for customers' clients in the test's process, before the pipeline that a test drives by hand."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.database.messaging.conftest import World
from tests.system.simulators.raw_smpp_client import Frame, RawClient

from strowger.channels.sms.pipeline import SmsRules
from strowger.channels.sms.smpp_access import service
from strowger.channels.sms.smpp_access.server import SmppServer
from strowger.foundation.clock import FrozenClock
from strowger.foundation.context import Context
from strowger.foundation.crypto import SecretBox
from strowger.foundation.database import Database
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.notify import Notifier
from strowger.foundation.settings import AllowList, Settings
from strowger.foundation.tls import server_context
from strowger.foundation.workers import WorkerLease
from strowger.messaging.accept import Accepter
from strowger.messaging.jobs import Upkeep
from strowger.messaging.service import Pipeline

PHONE = "447700900123"


@dataclass
class Access:
    """The server, the pipeline behind it, and how a customer connects."""

    world: World
    server: SmppServer
    settings: Settings
    leases: list[WorkerLease] = field(default_factory=list)
    stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    @property
    def context(self) -> Context:
        return self.world.context

    @property
    def database(self) -> Database:
        return self.world.database

    async def user(
        self, system_id: str = "acme", *, account: int = 0, networks: tuple[str, ...] = (), **limits: int
    ) -> service.NewUser:
        chosen = service.Limits(**{"tps": 0, "window": 100, **limits})
        return await service.create_user(
            self.context, account or self.world.account, system_id, networks=networks, limits=chosen
        )

    async def client(self, server: SmppServer | None = None, ack_status: int | None = 0) -> RawClient:
        """A connection that is not bound."""
        return await self.stack.enter_async_context(RawClient((server or self.server).port, ack_status))

    async def bind(
        self,
        user: service.NewUser,
        command: int = 9,
        *,
        server: SmppServer | None = None,
        ack_status: int | None = 0,
    ) -> RawClient:
        """A bound client."""
        client = await self.client(server, ack_status)
        answer = await client.bind(command, user.system_id, user.password)
        assert (answer.command, answer.status) == (command | 0x80000000, 0), answer
        return client

    async def try_bind(self, system_id: str, password: str, command: int = 9) -> Frame:
        return await (await self.client()).bind(command, system_id, password)

    async def messages(self) -> list[Any]:
        return await self.database.pool.fetch("SELECT * FROM message ORDER BY request_id, n")

    async def waiting(self) -> list[Any]:
        return await self.database.pool.fetch("SELECT * FROM smpp_delivery ORDER BY id")

    async def another_server(self) -> SmppServer:
        """A second process's server."""
        lease = WorkerLease(self.database, "smpp")
        server = SmppServer(self.context, await lease.start())
        await server.start("127.0.0.1", 0)
        self.leases.append(lease)
        self.stack.push_async_callback(lease.stop)
        self.stack.push_async_callback(server.stop)
        return server

    async def another_account(self, sid: str = "HXEU0000000009GB") -> int:
        account = await self.database.pool.fetchval(
            "INSERT INTO account (sid, name, country, currency) VALUES ($1, 'Other', 'GB', 'EUR') RETURNING id", sid
        )
        await self.database.pool.execute("INSERT INTO wallet (account_id, balance) VALUES ($1, 10)", account)
        await self.database.pool.execute("INSERT INTO sender (account_id, sender) VALUES ($1, 'ACME')", account)
        return int(account)


@pytest.fixture
async def access(database: Database, tmp_path: Path) -> AsyncIterator[Access]:
    settings = Settings(data_dir=tmp_path, database_url=database.url)
    context = Context(
        settings, FrozenClock(), database, SecretBox([b"k" * 32]), GuardedClient(AllowList(), allow_loopback=True)
    )
    pipeline = Pipeline(context, 1, SmsRules(context.secrets))
    world = World(context, pipeline, Accepter(database, Notifier(database)), Upkeep(pipeline, pipeline.journal, 180))
    await world.setup()
    lease = WorkerLease(database, "smpp")
    server = SmppServer(context, await lease.start())
    await server.start("127.0.0.1", 0, 0, server_context(settings, context.clock))
    made = Access(world, server, settings)
    try:
        yield made
    finally:
        await made.stack.aclose()
        await server.stop()
        await lease.stop()
        await context.http.close()
