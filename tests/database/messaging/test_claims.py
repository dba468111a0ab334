"""Claims of a commit whose answer was lost, and of rows given back while the store was away."""

from __future__ import annotations

from strowger.foundation.ids import new_uuid
from strowger.messaging.claims import Strays
from strowger.messaging.outcomes import Accepted
from strowger.messaging.repository import queueing
from strowger.platform.callbacks.repository import insert_callbacks
from strowger.platform.callbacks.schemas import NewCallback
from tests.database.messaging.conftest import World


def strays_of(world: World) -> Strays:
    return Strays(world.database, world.pipeline.lanes, world.pipeline.callbacks)


async def claim_without_answer(world: World) -> None:
    worker = world.pipeline.worker_id
    await world.database.run(lambda c: queueing.claim(c, world.carrier, worker, world.clock.now(), 10))
    world.database.outages += 1


async def test_a_claim_that_nobody_knows_of_is_freed_at_the_second_look(world: World) -> None:
    request_id = await world.send()
    await world.pipeline.intake.step()
    await claim_without_answer(world)
    strays = strays_of(world)
    assert [await strays.look(), await strays.look()] == [0, 1]
    (again,) = await world.take()
    assert again.request_id == request_id


async def test_what_is_in_hand_is_not_freed(world: World) -> None:
    await world.send()
    await world.pipeline.intake.step()
    (submission,) = await world.take()
    world.pipeline.journal.outcome(Accepted(submission, world.answers(submission)))
    world.database.outages += 1
    strays = strays_of(world)
    assert [await strays.look() for _ in range(4)] == [0, 0, 0, 0]
    await world.pipeline.journal.flush()
    assert world.pipeline.lanes.held == set()


async def test_without_an_outage_nobody_looks(world: World) -> None:
    await world.send()
    await world.pipeline.intake.step()
    await claim_without_answer(world)
    world.database.outages = 0
    strays = strays_of(world)
    assert [await strays.look(), await strays.look()] == [0, 0]


async def test_a_callback_that_nobody_knows_of_is_freed(world: World) -> None:
    now = world.clock.now()
    target = {"url": "http://127.0.0.1:9/", "method": "GET"}
    row = NewCallback(new_uuid(), world.account, new_uuid(), 1, "sms_send", target, {}, now, now)
    await insert_callbacks(world.database.pool, [row], world.pipeline.worker_id)
    world.database.outages += 1
    strays = strays_of(world)
    assert [await strays.look(), await strays.look()] == [0, 1]
    assert await world.database.pool.fetchval("SELECT claimed_by FROM callback") is None
