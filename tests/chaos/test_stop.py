"""Orderly stops and a database that is away (R-16, R-17)."""

from __future__ import annotations

import asyncio
import signal
import time

from tests.chaos.load import Load, all_called_back, all_seen, scale
from tests.installation import Installation, until
from tests.receiver import Receiver

ANSWER_SECONDS = 30


async def test_R16_an_orderly_stop_of_the_worker_loses_and_doubles_nothing(
    place: Installation, customer: Receiver
) -> None:
    load = Load(place, "447914", callback=customer.url)
    count = scale(1200)
    load.start(count)
    for part in (1, 2, 3):
        await load.reaches(count * part // 4)
        old = await place.kill("worker", signal.SIGTERM)
        began = time.monotonic()
        await place.restarted("worker", old, 30)
        assert time.monotonic() - began < 30
    await load.done()
    seen = await all_seen(place, load)
    assert set(seen.values()) == {1}
    await all_called_back(place, load, customer)
    mine = [request["id"] for request in customer.requests if request["id"] in load.accepted]
    assert len(mine) == len(set(mine)), "a callback came twice"


async def test_R16_an_orderly_stop_of_the_web_process_answers_what_it_has_taken(place: Installation) -> None:
    load = Load(place, "447915")
    count = scale(600)
    load.start(count)
    await load.reaches(count // 3)
    old = await place.kill("web", signal.SIGTERM)
    await place.restarted("web", old, 30)
    await load.done()
    rows = await place.sql("SELECT count(*) AS stored FROM message WHERE recipient LIKE '447915%'")
    assert rows[0]["stored"] == len(load.accepted), "a message was stored whose sender got no answer"
    assert set((await all_seen(place, load)).values()) == {1}


async def test_R17_a_database_that_hangs_is_answered_with_503_and_all_recovers(
    place: Installation, customer: Receiver
) -> None:
    load = Load(place, "447916", callback=customer.url)
    count = scale(600)
    load.start(count)
    await load.reaches(count // 3)
    thaw = place.freeze("postmaster")
    try:
        began = time.monotonic()
        status, answer, headers = await asyncio.wait_for(place.post("447916999999"), ANSWER_SECONDS)
        assert (status, answer["error"]["code"]) == (503, "E503")
        assert int(headers["Retry-After"]) > 0
        assert time.monotonic() - began < ANSWER_SECONDS
    finally:
        thaw()
    await load.done()
    await all_seen(place, load)
    await all_called_back(place, load, customer)


async def test_R17_a_database_that_is_stopped_is_answered_with_503_and_all_recovers(
    place: Installation, customer: Receiver
) -> None:
    load = Load(place, "447917", callback=customer.url)
    count = scale(900)
    load.start(count)
    for part in (1, 2):
        await load.reaches(count * part // 3)
        old = await place.kill("postmaster", signal.SIGINT)
        await place.restarted("postmaster", old)
    await load.done()
    assert load.refused.keys() <= {503}
    await all_seen(place, load)
    await all_called_back(place, load, customer)


async def test_R17_the_probes_tell_that_the_database_is_away(place: Installation) -> None:
    async def answered(path: str, status: int) -> bool:
        async with place.client.get(f"http://127.0.0.1:{place.http_port}{path}") as answer:
            return answer.status == status

    thaw = place.freeze("postmaster")
    try:
        assert await answered("/healthz", 200)
        await until(lambda: answered("/readyz", 503), ANSWER_SECONDS, "not ready")
    finally:
        thaw()
    await until(lambda: answered("/readyz", 200), 30, "ready again")
