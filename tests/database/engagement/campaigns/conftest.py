"""A signed-in owner who may send, and what a campaign test does again and again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from strowger.engagement.campaigns.jobs import Expander
from strowger.foundation.clock import FrozenClock
from strowger.platform.accounts import service
from strowger.platform.consent import declarations
from tests.database.home.test_home import Visit, visit
from tests.database.messaging.console_client import PASSWORD, csrf_of, sign_in_as

__all__ = ["visit"]
ROWS = "mobile,first name,code\n" + "".join(f"4477009001{i:02},Name{i},C{i}\n" for i in range(5))


@dataclass
class Desk:
    """The console of campaigns, the worker's expander, and a clock that the test moves."""

    visit: Visit
    expander: Expander
    clock: FrozenClock

    @property
    def pool(self) -> Any:
        return self.visit.context.database.pool

    async def begin(self, name: str = "Spring sale", **fields: str) -> str:
        """A draft; returns its path."""
        answer = await self.visit.post("/campaigns/new", **{"name": name, "sender": "ACME", "type": "MKT", **fields})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].removesuffix("/contacts")

    async def upload(
        self, path: str, content: bytes | str = ROWS, name: str = "list.csv", **fields: str
    ) -> httpx.Response:
        data = {"csrf": self.visit.csrf, "unique": "on", "recent_days": "0", "then": "read", **fields}
        part = (name, content.encode() if isinstance(content, str) else content, "text/csv")
        return await self.visit.client.post(f"{path}/contacts", data=data, files={"file": part})

    async def ready(
        self, body: str = "Hi {first_name}", rows: str = ROWS, name: str = "Spring sale", **message: str
    ) -> str:
        """A draft with contacts and message; returns its path."""
        path = await self.begin(name)
        answer = await self.upload(path, rows)
        assert answer.status_code == 303, answer.text
        answer = await self.visit.post(f"{path}/message", body=body, unicode="Auto", then="next", **message)
        assert answer.status_code == 303, answer.text
        return path

    async def launch(self, path: str, **plan: str) -> httpx.Response:
        if plan:
            given = {"zone": "UTC", "split": "none", "pace": "100", "then": "next", **plan}
            answer = await self.visit.post(f"{path}/schedule", **given)
            assert answer.status_code == 303, answer.text
        return await self.visit.post(f"{path}/launch")

    async def campaign(self, path: str) -> Any:
        return await self.pool.fetchrow("SELECT * FROM campaign WHERE id = $1::uuid", path.rsplit("/", 1)[-1])

    async def messages(self) -> list[Any]:
        return await self.pool.fetch("SELECT * FROM message ORDER BY request_id, n")

    async def run(self, seconds: float = 60.0, times: int = 1) -> None:
        for _ in range(times):
            await self.expander.run()
            self.clock.advance(seconds)

    async def later(self, seconds: float) -> None:
        """Let time pass; the owner signs in again."""
        self.clock.advance(seconds)
        found = await service.sign_in(self.visit.context, "ada@example.com", PASSWORD, None, None)
        await sign_in_as(self.visit.client, found.token)
        self.visit.csrf = await csrf_of(self.visit.context, found.token)

    async def text(self, path: str) -> str:
        return re.sub(r"<[^>]+>", " ", await self.visit.page(path))


@pytest.fixture
async def desk(visit: Visit) -> Desk:
    clock = FrozenClock(datetime.now(UTC))
    visit.context.clock = clock
    await visit.context.database.run(
        lambda c: declarations.declare(c, visit.account, "sms", "Ada", "ada@example.com", None, clock.now())
    )
    return Desk(visit, Expander(visit.context), clock)
