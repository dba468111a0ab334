"""The rooms about messages in the test's own process: pages, kit and PostgreSQL; requests by ASGI, signed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar

from strowger.foundation.context import Context, build_context
from strowger.foundation.settings import Settings
from strowger.messaging.pages import pages
from strowger.platform.accounts import service
from tests.browser.messaging.samples import Log
from tests.browser.site import console_app

PASSWORD = "Correct-Horse-9"


@dataclass
class Room:
    """A signed-in user's view, and the log of their account."""

    context: Context
    client: httpx.AsyncClient
    account: int
    csrf: str
    log: Log

    async def get(self, path: str, part: bool = False, **params: Any) -> httpx.Response:
        return await self.client.get(path, params=params or None, headers={"HX-Request": "true"} if part else {})

    async def post(self, path: str, fields: Mapping[str, str] | None = None) -> httpx.Response:
        return await self.client.post(path, data={"csrf": self.csrf, **(fields or {})})

    async def rows(self, **params: Any) -> str:
        """The list's rows without the page around them."""
        answer = await self.get("/messages", part=True, **params)
        assert answer.status_code == 200
        return answer.text


async def add_person(
    context: Context, name: str, role: str = "owner", account_id: int | None = None
) -> tuple[int, str]:
    """A user, in an account of their own unless one is given; returns the account and a session's token."""
    email = f"{name}@example.com"
    if account_id is None:
        account_id = (await service.create_account(context, name, "GB", "EUR", time_zone="Europe/London")).id
    await service.create_user(context, account_id, email, name.capitalize(), PASSWORD, role=role)
    return account_id, (await service.sign_in(context, email, PASSWORD, None, None)).token


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """The application's lifespan in a task of its own: a fixture's two halves run in different ones."""
    up, down = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            up.set()
            await down.wait()

    task = asyncio.create_task(live())
    await asyncio.wait((task, asyncio.create_task(up.wait())), return_when=asyncio.FIRST_COMPLETED)
    yield
    down.set()
    await task


@asynccontextmanager
async def open_room(database_url: str, folder: Path) -> AsyncIterator[Room]:
    context = build_context(Settings(data_dir=folder, database_url=database_url, secret_key="00" * 32))
    await context.database.open()
    app = console_app(context, pages)
    account, token = await add_person(context, "ada")
    transport = httpx.ASGITransport(app=app)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
        await sign_in_as(client, token)
        log = await Log(context.database, account, context.clock.now()).prepare()
        yield Room(context, client, account, await csrf_of(context, token), log)
    await context.http.close()
    await context.database.close()


async def sign_in_as(client: httpx.AsyncClient, token: str) -> None:
    client.cookies.set("strowger_session", token)


async def csrf_of(context: Context, token: str) -> str:
    found = await service.session_of(context, token)
    assert found is not None
    return found[0].csrf
