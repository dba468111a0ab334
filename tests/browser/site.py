"""A running site for browser tests: a web application on a free port, with an account and a signed-in user."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Litestar

from strowger.console import setup as console
from strowger.foundation.context import Context, build_context
from strowger.foundation.http_server import serve
from strowger.foundation.notify import Listener
from strowger.foundation.settings import Settings
from strowger.platform.accounts import pages as accounts
from strowger.platform.accounts import service
from strowger.platform.accounts.models import Account, User

EMAIL, PASSWORD = "ada@example.com", "Correct-Horse-9"


@dataclass(slots=True)
class Site:
    """Where the site is, and who may sign in."""

    url: str
    context: Context
    account: Account
    user: User
    app: Litestar
    email: str = EMAIL
    password: str = PASSWORD

    async def token(self) -> str:
        """The cookie of a new session."""
        return (await service.sign_in(self.context, self.email, self.password, "127.0.0.1", "test")).token


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def console_app(context: Context, pages: Sequence[Any] = ()) -> Litestar:
    """The console alone, with further pages."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.context = context
        app.state.listener = Listener(context.database)
        await console.start(app)
        await app.state.listener.start()
        yield
        await console.stop(app)
        await app.state.listener.stop()

    return Litestar(
        [*console.pages, *accounts.pages, *pages], lifespan=[lifespan], openapi_config=None, logging_config=None
    )


async def make_people(context: Context) -> tuple[Account, User]:
    """An account with an owner."""
    account = await service.create_account(context, "Ada Ltd", "GB", "EUR", time_zone="Europe/London")
    return account, await service.create_user(context, account.id, EMAIL, "Ada Lovelace", PASSWORD)


@asynccontextmanager
async def running_site(database_url: str, folder: Path, pages: Sequence[Any] = ()) -> AsyncIterator[Site]:
    """Serve the console until the block ends."""
    port = free_port()
    settings = Settings(data_dir=folder, database_url=database_url, http_port=port, secret_key="00" * 32)
    context = build_context(settings)
    await context.database.open()
    account, user = await make_people(context)
    app = console_app(context, pages)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(app, "127.0.0.1", port, stop))
    try:
        await _reachable(port, serving)
        yield Site(f"http://localhost:{port}", context, account, user, app)
    finally:
        await console.stop(app)
        stop.set()
        await asyncio.wait_for(serving, 15)
        await context.http.close()
        await context.database.close()


async def _reachable(port: int, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if serving.done():
                    serving.result()
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
