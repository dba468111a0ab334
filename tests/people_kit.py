"""People who sign in over HTTP, in the test's own process: pages, PostgreSQL, a clock that the test moves, their mails."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import msgspec

from strowger.foundation.clock import FrozenClock
from strowger.foundation.context import Context, build_context
from strowger.foundation.settings import Settings
from strowger.platform.access import texting
from strowger.platform.accounts import service
from strowger.platform.accounts.models import Account, User
from strowger.platform.audit import pages as audit
from strowger.platform.settings import pages as settings_pages
from strowger.platform.team import pages as team
from tests.browser.site import console_app
from tests.database.messaging.console_client import running

PASSWORD = "Correct-Horse-9"
CSRF = re.compile(r'name="csrf" content="([^"]+)"')


class Browser:
    """One person's browser: cookies, and forms that carry the page's token."""

    def __init__(self, app: Any, address: str = "192.0.2.1", agent: str = "Firefox") -> None:
        transport = httpx.ASGITransport(app=app, client=(address, 5000))
        self.client = httpx.AsyncClient(
            transport=transport, base_url="http://console.test", headers={"User-Agent": agent}
        )

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.client.get(path, params=params or None)

    async def post(self, path: str, page: str = "/profile", **fields: Any) -> httpx.Response:
        """Send a form; the token comes from ``page``, which the person sees when signed in."""
        found = CSRF.search((await self.client.get(page)).text)
        return await self.client.post(path, data={**({"csrf": found[1]} if found else {}), **fields})

    async def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return await self.client.post("/sign-in", data={"email": email, "password": password})

    async def code(self, code: str) -> httpx.Response:
        return await self.client.post("/sign-in/code", data={"code": code})

    async def is_in(self) -> bool:
        return (await self.client.get("/profile")).status_code == 200


@dataclass
class House:
    """The installation of a test."""

    context: Context
    clock: FrozenClock
    app: Any
    account: Account
    owner: User
    texts: list[tuple[str, str]] = field(default_factory=list)
    browsers: list[Browser] = field(default_factory=list)

    def browser(self, address: str = "192.0.2.1", agent: str = "Firefox") -> Browser:
        self.browsers.append(Browser(self.app, address, agent))
        return self.browsers[-1]

    async def entered(self, email: str = "ada@example.com", **place: str) -> Browser:
        """A browser in which somebody without second factor has signed in."""
        browser = self.browser(**place)
        answer = await browser.sign_in(email)
        assert answer.status_code == 303, answer.text
        return browser

    async def add(self, name: str, role: str, account: Account | None = None) -> User:
        account_id = (account or self.account).id
        return await service.create_user(
            self.context, account_id, f"{name}@example.com", name.title(), PASSWORD, role=role
        )

    async def settings(self, **values: Any) -> None:
        """Change settings of the account."""
        await self.context.database.pool.execute(
            "UPDATE account SET settings = settings || $2 WHERE id = $1", self.account.id, values
        )

    async def mails(self, kind: str = "") -> list[dict[str, str]]:
        """The mails queued so far, opened: recipient, subject, text."""
        rows = await self.context.database.pool.fetch("SELECT * FROM mail WHERE $1 IN ('', kind) ORDER BY id", kind)
        found = []
        for row in rows:
            body = msgspec.json.decode(self.context.secrets.open(row["sealed"], f"mail:{row['id']}"))
            found.append({"to": row["recipient"], "subject": row["subject"], "kind": row["kind"], **body})
        return found

    async def mailed_code(self) -> str:
        return re.findall(r"\b\d{6}\b", (await self.mails("login-otp"))[-1]["subject"])[0]

    async def mailed_path(self, kind: str) -> str:
        """The path of the link in the last mail of a kind."""
        found = re.findall(r"https?://[^/\s]+(/\S+)", (await self.mails(kind))[-1]["text"])
        return str(found[0])

    async def history(self) -> list[tuple[str, str]]:
        rows = await self.context.database.pool.fetch("SELECT method, result FROM login_event ORDER BY id")
        return [(row["method"], row["result"]) for row in rows]


def errors_of(answer: httpx.Response) -> str:
    """What a form says went wrong."""
    found = re.search(r"data-error-summary>(.*?)</ul>", answer.text, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", found[1])) if found else ""


@asynccontextmanager
async def open_house(
    database_url: str, folder: Path, pages: Sequence[Any] = (), **settings: Any
) -> AsyncIterator[House]:
    clock = FrozenClock()
    chosen = Settings(
        data_dir=folder, database_url=database_url, secret_key="00" * 32, **{"captcha": False, **settings}
    )
    context = build_context(chosen, clock)
    await context.database.open()
    app = console_app(context, [*team.pages, *audit.pages, *settings_pages.pages, *pages])
    account = await service.create_account(context, "Ada Ltd", "GB", "EUR")
    owner = await service.create_user(context, account.id, "ada@example.com", "Ada", PASSWORD)
    house = House(context, clock, app, account, owner)

    async def keep(_state: Any, msisdn: str, text: str) -> None:
        house.texts.append((msisdn, text))

    texting.register_texter(keep)
    async with running(app):
        yield house
    for browser in house.browsers:
        await browser.client.aclose()
    await context.http.close()
    await context.database.close()
