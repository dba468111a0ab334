"""Accept: what the log and the queue hold when accept() has returned."""

import asyncio

import pytest

from strowger.foundation.database import Database
from strowger.foundation.errors import Unavailable
from strowger.foundation.notify import Notifier
from strowger.messaging.accept import Accepter
from strowger.messaging.schemas import Priority
from strowger.messaging.statuses import Status
from tests.database.messaging.conftest import World


async def test_R01_each_recipient_is_on_disk_with_its_queue_row(world: World) -> None:
    request_id = await world.send("491701", "491702", options={"flash": 1}, callback={"url": "https://a.example/"})
    for n, recipient in ((1, "491701"), (2, "491702")):
        row = await world.message(request_id, n)
        assert (row["recipient"], row["status"], row["trace"]) == (recipient, Status.QUEUED, "QUEUED")
        assert row["options"] == {"flash": 1}
        assert row["callback"] == {"url": "https://a.example/"}
    assert [(r["n"], r["lane"], r["claimed_by"]) for r in await world.queued()] == [(1, 0, None), (2, 0, None)]


async def test_R01_requests_of_one_moment_share_a_commit(world: World) -> None:
    before = await world.database.pool.fetchval("SELECT pg_current_xact_id()::text::bigint")
    ids = await asyncio.gather(*(world.send(f"4917{i:08d}") for i in range(200)))
    after = await world.database.pool.fetchval("SELECT pg_current_xact_id()::text::bigint")
    assert len(await world.queued()) == 200
    assert len(set(ids)) == 200
    assert after - before < 20


async def test_a_request_that_cannot_be_stored_fails_alone(world: World) -> None:
    results = await asyncio.gather(
        world.send("491701"), world.send("491702", body="a\x00b"), world.send("491703"), return_exceptions=True
    )
    assert [isinstance(r, BaseException) for r in results] == [False, True, False]
    assert sorted([m["recipient"] for m in await world.database.pool.fetch("SELECT recipient FROM message")]) == [
        "491701",
        "491703",
    ]


async def test_R17_a_closed_pool_is_answered_as_unavailable(world: World) -> None:
    closed = Database(world.database.url, 1)
    await closed.open()
    await closed.close()
    world.accepter = Accepter(closed, Notifier(closed))
    with pytest.raises(Unavailable) as caught:
        await world.send("491701")
    assert caught.value.headers["Retry-After"]


async def test_high_priority_is_kept_in_the_queue_row(world: World) -> None:
    await world.send("491701", priority=Priority.HIGH)
    assert (await world.queued())[0]["priority"] == 0
