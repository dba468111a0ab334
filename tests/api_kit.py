"""The public API in the test's own process: real routes, gateway, accept step and PostgreSQL; requests by ASGI."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar

from strowger.channels.sms import routes as sms_api
from strowger.engagement.flows import routes as flows_api
from strowger.engagement.links import pages as links
from strowger.engagement.links.service import LinkMaker
from strowger.foundation.clock import Clock, FrozenClock
from strowger.foundation.context import Context
from strowger.foundation.crypto import SecretBox
from strowger.foundation.database import Database
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.ids import new_api_key
from strowger.foundation.notify import Listener, Notifier
from strowger.foundation.settings import Settings
from strowger.messaging.accept import Accepter
from strowger.platform.billing import routes as billing_api
from strowger.platform.blocklist import routes as blocklist_api
from strowger.platform.callbacks.attempts import routes as attempts_api
from strowger.platform.callbacks.profiles import routes as profile_api
from strowger.platform.consent import routes as consent_api
from strowger.platform.directory import routes as directory_api
from strowger.platform.documents import routes as documents_api
from strowger.platform.files import pages as file_pages
from strowger.platform.gateway import setup as gateway
from strowger.platform.guard import routes as guard_api
from strowger.platform.lookup import routes as lookup_api
from strowger.platform.notifications import routes as notifications_api
from strowger.platform.privacy import routes as privacy_api
from strowger.platform.subaccounts import routes as subaccounts_api
from strowger.wiring import wire

SID, SENDER = "HXEU0000000001GB", "STROWG"


@dataclass
class Customer:
    """An account with a key and a sender, as a client knows it."""

    account_id: int
    sid: str
    key: str
    key_id: int

    @property
    def headers(self) -> dict[str, str]:
        return {"api-key": self.key}


async def add_key(database: Database, account_id: int, **columns: Any) -> tuple[int, str]:
    key = new_api_key()
    values = {"name": "test", "key_sealed": b"", "hint": key[-4:], **columns}
    names = ", ".join(values)
    places = ", ".join(f"${n}" for n in range(3, 3 + len(values)))
    digest = hashlib.sha256(key.encode()).digest()
    key_id = await database.pool.fetchval(
        f"INSERT INTO api_key (account_id, key_hash, {names}) VALUES ($1, $2, {places}) RETURNING id",
        account_id,
        digest,
        *values.values(),
    )
    return key_id, key


async def add_customer(
    database: Database, sid: str = SID, *, country: str = "GB", senders: tuple[str, ...] = (SENDER,), **account: Any
) -> Customer:
    account_id = await database.pool.fetchval(
        "INSERT INTO account (sid, name, country, currency, state, settings) VALUES ($1, 'Test', $2, 'EUR', $3, $4)"
        " RETURNING id",
        sid,
        country,
        account.get("state", "active"),
        account.get("settings", {}),
    )
    for sender in senders:
        await database.pool.execute("INSERT INTO sender (account_id, sender) VALUES ($1, $2)", account_id, sender)
    key_id, key = await add_key(database, account_id, rate=account.get("rate"))
    return Customer(account_id, sid, key, key_id)


@dataclass
class Api:
    """A running API and the customer who calls it."""

    app: Litestar
    context: Context
    client: httpx.AsyncClient
    customer: Customer
    base: str = field(init=False)

    def __post_init__(self) -> None:
        self.base = f"/v1/{self.customer.sid}"

    async def send(self, **params: Any) -> httpx.Response:
        """A JSON send with everything it needs, changed by ``params`` (None leaves one out)."""
        body = {"to": "447700900123", "sender": SENDER, "body": "Hello", **params}
        body = {name: value for name, value in body.items() if value is not None}
        return await self.client.post(f"{self.base}/messages", json=body, headers=self.customer.headers)

    async def stored(self) -> list[Any]:
        """All messages of the database, in order."""
        return await self.context.database.pool.fetch("SELECT * FROM message ORDER BY request_id, n")


def make_context(database: Database, clock: Clock | None = None, **settings: Any) -> Context:
    unlimited = dict.fromkeys(
        ("platform_rate", "lookup_rate", "blocklist_rate", "consent_rate"), 0
    )  # no clock refills them
    chosen = Settings(data_dir=Path(tempfile.gettempdir()), database_url=database.url, **{**unlimited, **settings})
    http = GuardedClient(chosen.allowed_networks, allow_loopback=True)
    return Context(chosen, clock or FrozenClock(), database, SecretBox([b"k" * 32]), http)


@asynccontextmanager
async def running_app(context: Context) -> AsyncIterator[Litestar]:
    """One web process's public API."""
    wire()
    app = Litestar(
        route_handlers=[
            *sms_api.routes,
            *blocklist_api.routes,
            *directory_api.routes,
            *attempts_api.routes,
            *profile_api.routes,
            *consent_api.routes,
            *lookup_api.routes,
            *guard_api.routes,
            *subaccounts_api.routes,
            *billing_api.routes,
            *notifications_api.routes,
            *privacy_api.routes,
            *documents_api.routes,
            *flows_api.routes,
            *file_pages.pages,
            *gateway.routes,
            *links.routes,
        ],
        middleware=gateway.middleware,
        exception_handlers=gateway.exception_handlers,
        openapi_config=None,
        logging_config=None,
    )
    app.state.context = context
    app.state.shortener = LinkMaker(context.settings.short_base, context.database)
    app.state.notifier = Notifier(context.database)
    app.state.accepter = Accepter(context.database, app.state.notifier)
    app.state.listener = Listener(context.database)
    await gateway.start(app)
    await app.state.listener.start()
    try:
        yield app
    finally:
        await app.state.accepter.close()
        await gateway.stop(app)
        await app.state.listener.stop()
        await context.http.close()


def client_of(app: Litestar, address: str = "203.0.113.9") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=gateway.answer_first(app), raise_app_exceptions=False, client=(address, 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://api.test")


@asynccontextmanager
async def running_api(database: Database, clock: Clock | None = None, **settings: Any) -> AsyncIterator[Api]:
    customer = await add_customer(database)
    context = make_context(database, clock, **settings)
    async with running_app(context) as app, client_of(app) as client:
        yield Api(app, context, client, customer)
