"""A signed-in owner with flows, the worker's part, and a clock that the test moves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from strowger.engagement.flows import service
from strowger.engagement.flows.checking import read_definition
from strowger.engagement.flows.jobs import FlowJobs
from strowger.foundation.clock import FrozenClock
from tests.api_kit import add_key
from tests.database.home.test_home import Visit, visit

__all__ = ["visit"]
WORKER = 7


def widget(name: str, config: dict[str, Any] | None = None, /, **ways: str) -> dict[str, Any]:
    """A widget by its id, whose beginning is its type."""
    return {"id": name, "type": name.rpartition("_")[0], "config": config or {}, "next": ways}


def sms(name: str = "sms_1", body: str = "Hello {{webhook.name}}", /, to: str = "", **ways: str) -> dict[str, Any]:
    return widget(name, {"sender": "ACME", "body": body, "to": [to] if to else []}, **ways)


@dataclass
class Desk:
    """The console of flows, a worker, and the address of webhooks."""

    visit: Visit
    jobs: FlowJobs
    clock: FrozenClock
    sid: str

    @property
    def pool(self) -> Any:
        return self.visit.context.database.pool

    async def flow(self, *widgets: dict[str, Any], name: str = "A flow", start: dict[str, Any] | None = None) -> int:
        """A draft whose Start leads to the first of the widgets; returns its id."""
        first = widgets[0]["id"] if widgets else ""
        begin = widget("start_1", start or {}, **({"default": first} if first else {}))
        definition = read_definition({"widgets": [begin, *widgets]})
        return await service.create(self.visit.context, self.visit.account, name, definition, "Ada")

    async def published(
        self, *widgets: dict[str, Any], name: str = "A flow", start: dict[str, Any] | None = None
    ) -> int:
        flow_id = await self.flow(*widgets, name=name, start=start)
        await self.publish(flow_id)
        return flow_id

    async def publish(self, flow_id: int) -> None:
        problems = await service.publish(self.visit.context, self.visit.account, flow_id, "Ada")
        assert problems == []

    async def address(self, flow_id: int) -> str:
        flow = await service.find(self.visit.context, self.visit.account, flow_id)
        assert flow is not None
        return f"/v1/{self.sid}/flow/{flow_id}/trigger/{service.token_of(self.visit.context, flow)}"

    async def trigger(self, flow_id: int, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        body = {"caller": "447700900123", "name": "Grace", **fields}
        return await self.visit.client.post(await self.address(flow_id), json=body, headers=headers)

    async def run(self, flow_id: int, **fields: Any) -> Any:
        """Trigger, execute, and return the execution's row."""
        answer = await self.trigger(flow_id, **fields)
        assert answer.status_code == 202, answer.text
        await self.jobs.step()
        return await self.row(answer.json()["data"]["execution_id"])

    async def row(self, run_id: str) -> Any:
        return await self.pool.fetchrow("SELECT * FROM flow_run WHERE id = $1::uuid", run_id)

    async def steps(self, run: Any) -> list[tuple[str, str, str]]:
        rows = await self.pool.fetch(
            "SELECT widget, status, branch FROM flow_step WHERE run_id = $1 ORDER BY n", run["id"]
        )
        return [tuple(row) for row in rows]

    async def data(self, run: Any, widget_id: str) -> dict[str, Any]:
        found = "SELECT data FROM flow_step WHERE run_id = $1 AND widget = $2 ORDER BY n DESC LIMIT 1"
        return dict(await self.pool.fetchval(found, run["id"], widget_id))

    async def messages(self) -> list[Any]:
        return await self.pool.fetch("SELECT * FROM message ORDER BY request_id, n")

    def stop_the_gateway_clock(self) -> None:
        """The limits of the running application go by the test's clock, too."""
        app: Any = self.visit.client._transport.app  # type: ignore[attr-defined]
        app.state.gateway.limiter._clock = self.clock

    async def key(self) -> str:
        return (await add_key(self.visit.context.database, self.visit.account))[1]

    async def text(self, path: str) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", await self.visit.page(path)))

    async def draft(self, flow_id: int) -> dict[str, Any]:
        return msgspec.json.decode((await self.visit.client.get(f"/flows/{flow_id}/draft")).content)


@pytest.fixture
async def desk(visit: Visit) -> Desk:
    clock = FrozenClock(datetime.now(UTC))
    visit.context.clock = clock
    sid = await visit.context.database.pool.fetchval("SELECT sid FROM account WHERE id = $1", visit.account)
    return Desk(visit, FlowJobs(visit.context, WORKER), clock, sid)
