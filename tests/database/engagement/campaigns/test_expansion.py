"""Expansion exactly once: two workers, a killed one, cancelling, pace, bounded reading."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from strowger.engagement.campaigns import jobs
from strowger.engagement.campaigns.jobs import Expander
from tests.database.engagement.campaigns.conftest import Desk

COUNT = 95


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 10)


async def launched(desk: Desk, pace: int = 1_000_000) -> str:
    rows = "mobile,code\n" + "".join(f"4477009{i:05},C{i}\n" for i in range(COUNT))
    await desk.pool.execute("UPDATE wallet SET balance = 100")
    path = await desk.ready("Code {code}", rows)
    await desk.pool.execute("UPDATE campaign SET pace = $1", pace)
    assert (await desk.launch(path)).status_code == 303
    return path


async def each_once(desk: Desk) -> None:
    texts = [m["body"] for m in await desk.messages()]
    assert sorted(texts) == sorted(f"Code C{i}" for i in range(COUNT))
    assert await desk.pool.fetchval("SELECT count(*) FROM submission") == COUNT


async def test_two_workers_expand_each_row_once(desk: Desk) -> None:
    path = await launched(desk)
    workers = [Expander(desk.visit.context) for _ in range(3)]
    for _ in range(COUNT):
        await asyncio.gather(*(worker.run() for worker in workers))
        desk.clock.advance(0.01)
        if (await desk.campaign(path))["state"] == "submitted":
            break
    await each_once(desk)
    assert (await desk.campaign(path))["accepted"] == COUNT


@pytest.mark.parametrize("place", ["before", "after"])
async def test_a_worker_that_dies_in_a_chunk_loses_and_doubles_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    path = await launched(desk)
    real, calls = jobs.insert_requests, 0

    async def dying(connection: Any, requests: Any) -> None:
        nonlocal calls
        calls += 1
        if calls % 3 == 0 and place == "before":
            connection.terminate()
        await real(connection, requests)
        if calls % 3 == 0:
            connection.terminate()  # what a kill -9 does to the transaction
            raise ConnectionResetError

    monkeypatch.setattr(jobs, "insert_requests", dying)
    died = 0
    for _ in range(COUNT):
        try:
            await desk.run(0.01)
        except Exception:
            died += 1
    assert died >= 3
    await each_once(desk)
    assert (await desk.campaign(path))["state"] == "submitted"


async def test_the_pace_is_kept_and_cancelling_counts_from_the_next_chunk_on(desk: Desk) -> None:
    path = await launched(desk, pace=10)
    await desk.run(0.9)
    assert len(await desk.messages()) == 10
    await desk.run(0.1)
    assert len(await desk.messages()) == 10
    await desk.run(1.0)
    assert len(await desk.messages()) == 20
    assert (await desk.campaign(path))["state"] == "processing"
    assert (await desk.visit.post(f"{path}/cancel")).status_code == 303
    await desk.run(times=5)
    assert len(await desk.messages()) == 20
    row = await desk.campaign(path)
    assert (row["state"], row["accepted"]) == ("cancelled", 20)
    assert "not possible any more" in (await desk.visit.client.post(
        f"{path}/cancel", data={"csrf": desk.visit.csrf}, follow_redirects=True)).text  # fmt: skip


async def test_a_campaign_that_cannot_be_expanded_fails_and_holds_up_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = await launched(desk)
    good = await desk.ready("Hello", name="Good")
    assert (await desk.launch(good)).status_code == 303
    await desk.pool.execute("UPDATE campaign SET content = '{\"body\": 5}' WHERE name <> 'Good'")
    await desk.run(times=2)
    row = await desk.campaign(broken)
    assert row["state"] == "failed"
    assert row["reason"]
    assert (await desk.campaign(good))["state"] == "submitted"
    assert len(await desk.messages()) == 5


async def test_a_suspended_account_holds_its_campaigns_and_a_closed_one_ends_them(desk: Desk) -> None:
    path = await launched(desk)
    await desk.pool.execute("UPDATE account SET state = 'suspended'")
    await desk.run(times=2)
    assert (await desk.campaign(path))["state"] == "scheduled" or not await desk.messages()
    await desk.pool.execute("UPDATE account SET state = 'active'")
    await desk.run()
    sent = len(await desk.messages())
    assert 0 < sent <= COUNT
    await desk.pool.execute(
        "UPDATE campaign SET state = 'scheduled', next_at = $1, finished_at = NULL", desk.clock.now()
    )
    await desk.pool.execute("UPDATE account SET state = 'closed'")
    await desk.run()
    ended = await desk.campaign(path)
    assert (ended["state"], ended["reason"], ended["next_at"]) == ("failed", "The account was closed.", None)
    assert len(await desk.messages()) == sent


async def test_who_made_a_campaign_is_mailed_when_it_ends(desk: Desk) -> None:
    mails = "SELECT kind, recipient, subject FROM mail WHERE kind LIKE 'campaign-%' ORDER BY id"
    path = await desk.ready("Hi {first_name}")
    await desk.launch(path)
    await desk.run(times=3)
    assert [tuple(row) for row in await desk.pool.fetch(mails)] == [
        ("campaign-finished", "ada@example.com", "Campaign Spring sale is submitted")
    ]
    await desk.pool.execute("UPDATE wallet SET balance = 0, credit_limit = 0")
    await desk.pool.execute("UPDATE campaign SET state = 'processing', next_at = $1, first_at = NULL", desk.clock.now())
    await desk.pool.execute("UPDATE campaign_batch SET state = 'scheduled', cursor = 0")
    await desk.run()
    assert [row["kind"] for row in await desk.pool.fetch(mails)] == ["campaign-finished", "campaign-failed"]
