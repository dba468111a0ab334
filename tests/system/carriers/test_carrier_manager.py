"""Carriers follow their table while running; binds are leased between workers and their state is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from carrier_kit import MemoryJournal, MemoryLane, ScriptedSmsc, submission

from strowger.channels.sms.carriers.manager import CarrierManager
from strowger.channels.sms.carriers.service import add_carrier, change_carrier
from strowger.foundation.clock import Clock
from strowger.foundation.context import Context
from strowger.foundation.crypto import SecretBox
from strowger.foundation.database import Database
from strowger.foundation.errors import StrowgerError
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.settings import AllowList, Settings
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.schemas import LinkRecord

POLLS = 400


@pytest.fixture
async def context(database: Database) -> AsyncIterator[Context]:
    http = GuardedClient(AllowList())
    yield Context(Settings(), Clock(), database, SecretBox([b"k" * 32]), http)
    await http.close()


class Worker:
    """A worker process in small: its row, its manager, its lanes and journal."""

    def __init__(self, home: Context, database: Database, worker_id: int) -> None:
        self.id = worker_id
        self.home = home
        self.context = context = replace(home, database=database)
        self.journal = MemoryJournal()
        self.lanes: dict[int, MemoryLane] = {}
        self.manager = CarrierManager(context, worker_id, self.journal, self.lane)

    def lane(self, carrier_id: int) -> MemoryLane:
        return self.lanes.setdefault(carrier_id, MemoryLane())

    async def die(self) -> None:
        """The process is cut off, and its row is gone: nothing was given back."""
        self.context.database.pool.terminate()
        await self.home.database.pool.execute("DELETE FROM worker WHERE id = $1", self.id)


@asynccontextmanager
async def worker(context: Context) -> AsyncIterator[Worker]:
    row = "INSERT INTO worker (kind, host, pid, heartbeat_at) VALUES ('worker', 'h', 1, now() + interval '1 hour') RETURNING id"
    database = Database(context.database.url, pool_size=3)
    await database.open()
    made = Worker(context, database, await context.database.pool.fetchval(row))
    await made.manager.start()
    try:
        yield made
    finally:
        await made.manager.stop(0)
        await database.close()
        await context.database.pool.execute("DELETE FROM worker WHERE id = $1", made.id)


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    """Until what other tasks do has reached the database."""
    for _ in range(POLLS):
        if await look():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


async def until_links(context: Context, fits: Callable[[list[LinkRecord]], bool]) -> list[LinkRecord]:
    async def look() -> bool:
        return fits(await routing.list_links(context))

    await eventually(look)
    return await routing.list_links(context)


def fields(centre: ScriptedSmsc, **more: Any) -> dict[str, Any]:
    base = {"host": "127.0.0.1", "port": centre.port, "system_id": "me", "password": "pass-1", "reconnect_max": "1"}
    return base | more


async def test_U38_an_added_carrier_is_bound_without_a_restart_and_its_state_is_told(
    context: Context, centre: ScriptedSmsc
) -> None:
    async with worker(context) as w:
        carrier = await add_carrier(context, "acme", "smpp", fields(centre, window="7", binds="2"))
        await centre.until_bound(2)
        assert {bind.password for bind in centre.binds} == {"pass-1"}
        links = await until_links(context, lambda links: [link.state for link in links] == ["bound", "bound"])
        assert [(link.bind, link.worker_id, link.carrier) for link in links] == [(1, w.id, "acme"), (2, w.id, "acme")]
        w.lane(carrier.id).put(submission())
        await w.journal.until_outcomes(1)
        await until_links(context, lambda links: sum(link.counters.get("accepted", 0) for link in links) == 1)
        routes = await routing.list_routes(context)
        assert [(r.carrier, r.country, r.type, r.sender) for r in routes] == [("acme", None, None, None)]


async def test_the_password_is_sealed(context: Context, centre: ScriptedSmsc) -> None:
    carrier = await add_carrier(context, "acme", "smpp", fields(centre))
    assert "password" not in carrier.config
    assert carrier.secret_sealed
    assert b"pass-1" not in carrier.secret_sealed


async def test_pausing_changing_and_removing_while_it_runs(context: Context, centre: ScriptedSmsc) -> None:
    async with worker(context):
        await add_carrier(context, "acme", "smpp", fields(centre))
        await centre.until_bound()
        await routing.pause_carrier(context, "acme")
        await until_links(context, lambda links: links[0].state == "paused")
        assert len(centre.binds) == 1
        await routing.resume_carrier(context, "acme")
        await until_links(context, lambda links: links[0].state == "bound")
        await change_carrier(context, "acme", {"password": "pass-2"})
        await centre.until(lambda: len(centre.binds) == 2)
        assert centre.binds[1].password == "pass-2"
        await routing.remove_carrier(context, "acme")
        await centre.until(lambda: not centre.peers)
        assert await routing.list_carriers(context) == []
        assert await routing.list_routes(context) == []
        await add_carrier(context, "acme", "smpp", fields(centre))
        await centre.until(lambda: len(centre.binds) == 3)


async def test_two_workers_share_the_binds_and_take_over_from_a_dead_one(
    context: Context, centre: ScriptedSmsc
) -> None:
    async with worker(context) as first:
        await add_carrier(context, "acme", "smpp", fields(centre, binds=4))
        await centre.until_bound(4)
        async with worker(context) as second:
            shared = lambda links: sorted(link.worker_id or 0 for link in links) == sorted([first.id, second.id] * 2)  # noqa: E731
            await until_links(context, shared)
            await until_links(context, lambda links: all(link.state == "bound" for link in links))
            assert len(centre.peers) == 4
            await second.die()
            await until_links(context, lambda links: all(link.worker_id == first.id for link in links))


async def test_a_bind_that_another_worker_took_is_let_go(context: Context, centre: ScriptedSmsc) -> None:
    async with worker(context):
        await add_carrier(context, "acme", "smpp", fields(centre))
        await centre.until_bound()
        row = "INSERT INTO worker (kind, host, pid, heartbeat_at) VALUES ('worker', 'x', 1, now() + interval '1 hour') RETURNING id"
        other = await context.database.pool.fetchval(row)
        await context.database.pool.execute("UPDATE carrier_link SET worker_id = $1, updated_at = now()", other)
        await centre.until(lambda: not centre.peers)
        assert (await routing.list_links(context))[0].worker_id == other


async def test_a_stopped_worker_gives_its_binds_back(context: Context, centre: ScriptedSmsc) -> None:
    async with worker(context):
        await add_carrier(context, "acme", "smpp", fields(centre))
        await centre.until_bound()
    links = await routing.list_links(context)
    assert [(link.worker_id, link.state) for link in links] == [(None, "down")]
    assert centre.unbinds == 1


async def test_a_configuration_that_cannot_be_read_is_shown_at_the_link(context: Context, centre: ScriptedSmsc) -> None:
    async with worker(context):
        await routing.add_carrier(context, "old", "smpp", {"host": "h", "port": 1, "system_id": "x", "window": -3})
        await add_carrier(context, "good", "smpp", fields(centre))
        await centre.until_bound()
        links = await until_links(context, lambda links: len(links) == 2 and bool(links[1].detail))
        assert links[1].state == "down"
        assert "window" in (links[1].detail or "")


async def test_refusals_name_what_is_wrong(context: Context, centre: ScriptedSmsc) -> None:
    await add_carrier(context, "acme", "smpp", fields(centre))
    cases: list[tuple[Awaitable[Any], str, str]] = [
        (add_carrier(context, "acme", "smpp", fields(centre)), "CARRIER-EXISTS", "name"),
        (add_carrier(context, "a b", "smpp", fields(centre)), "CARRIER-NAME", "name"),
        (add_carrier(context, "b", "pigeon", fields(centre)), "CARRIER-CONFIG", "kind"),
        (add_carrier(context, "b", "smpp", fields(centre, window=0)), "CARRIER-CONFIG", "window"),
        (add_carrier(context, "b", "smpp", fields(centre, password="x" * 65)), "CARRIER-CONFIG", "password"),
        (routing.remove_carrier(context, "nobody"), "CARRIER-NOT-FOUND", "name"),
        (routing.add_route(context, "acme", country="Germany"), "ROUTE-COUNTRY", "country"),
        (routing.remove_route(context, 9999), "ROUTE-NOT-FOUND", "id"),
    ]
    for work, code, field in cases:
        with pytest.raises(StrowgerError) as refused:
            await work
        assert (refused.value.code, refused.value.field) == (code, field)


async def test_routes_are_added_and_removed(context: Context, centre: ScriptedSmsc) -> None:
    await add_carrier(context, "acme", "smpp", fields(centre))
    route = await routing.add_route(context, "acme", country="de", type_="OTP", sender="ACME", priority=5)
    assert next(r.id for r in await routing.list_routes(context)) == route.id
    assert (route.country, route.type, route.sender, route.priority) == ("DE", "OTP", "ACME", 5)
    await routing.remove_route(context, route.id)
    assert len(await routing.list_routes(context)) == 1
