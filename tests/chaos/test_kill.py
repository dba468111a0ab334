"""kill -9 of any process at any moment (R-01 to R-05)."""

from __future__ import annotations

import itertools
import random

from tests.chaos.load import Load, all_called_back, all_seen, kills, scale
from tests.installation import Installation, until
from tests.receiver import Receiver

WINDOW = 200  # the simulated carrier's bind; what a killed worker had in flight may be sent again
AT_RANDOM = random.Random(20261)


async def stored(place: Installation, load: Load) -> set[str]:
    rows = await place.sql("SELECT request_id || ':' || n AS id FROM message WHERE direction = 0")
    return {row["id"] for row in rows} & load.accepted.keys()


async def test_R01_what_was_answered_2xx_is_stored_whenever_the_web_process_is_killed(place: Installation) -> None:
    load = Load(place, "447911")
    count, rounds = scale(1000), 4
    load.start(count)
    for _ in range(rounds):
        await load.reaches(min(count, len(load.accepted) + AT_RANDOM.randint(1, count // rounds - 20)))
        old = await place.kill("web")
        await place.restarted("web", old)
    await load.done()
    assert await stored(place, load) == load.accepted.keys()
    seen = await all_seen(place, load)
    assert set(seen.values()) == {1}, "the worker was not killed, so nothing is sent twice"


async def test_R02_R03_R04_nothing_accepted_is_lost_whatever_is_killed(place: Installation, customer: Receiver) -> None:
    load = Load(place, "447912", callback=customer.url)
    count, rounds = scale(2500), kills(7)
    load.start(count)
    victims = itertools.cycle(["worker", "postmaster", "web"])
    killed = 0
    for victim in itertools.islice(victims, rounds):
        await load.reaches(min(count, len(load.accepted) + AT_RANDOM.randint(1, max(2, count // rounds))))
        old = await place.kill(victim)
        await place.restarted(victim, old)
        killed += victim in {"worker", "postmaster"}
    await load.done()
    seen = await all_seen(place, load)
    duplicates = sum(seen.values()) - len(load.accepted)
    assert duplicates <= killed * WINDOW, f"{duplicates} duplicates after {killed} kills"
    await all_called_back(place, load, customer)
    await nothing_waits(place)


async def nothing_waits(place: Installation) -> None:
    async def empty() -> bool:
        rows = await place.sql(
            "SELECT (SELECT count(*) FROM submission) + (SELECT count(*) FROM callback WHERE state = 0) AS waiting"
        )
        return rows[0]["waiting"] == 0

    await until(empty, 30, "the end of both queues", pause=0.2)


async def test_R05_what_a_killed_worker_held_is_taken_over(place: Installation, customer: Receiver) -> None:
    await place.ask_simulator("POST", "/misbehave", name="never-answers-submit", on=True, options={"every": 1})
    load = Load(place, "447913", callback=customer.url)
    load.start(300)
    await load.done()

    async def held() -> bool:
        rows = await place.sql("SELECT count(*) AS held FROM submission WHERE claimed_by IS NOT NULL")
        return bool(rows[0]["held"] > 0)

    await until(held, 10, "claimed submissions")
    old = await place.kill("worker")
    await place.ask_simulator("POST", "/misbehave", name="never-answers-submit", on=False)
    await place.restarted("worker", old)
    await all_seen(place, load, 30)
    await all_called_back(place, load, customer, 30)
