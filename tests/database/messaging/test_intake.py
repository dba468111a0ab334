"""Intake: screen, price and route, and what each refusal does to log, status, ledger and queue."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from strowger.messaging.schemas import Priority
from strowger.messaging.statuses import Status
from tests.database.messaging.conftest import World


async def test_a_good_message_moves_to_the_lane_of_its_carrier_with_its_price_reserved(world: World) -> None:
    request_id = await world.send(body="x" * 161)
    assert await world.pipeline.intake.step() == 1
    (row,) = await world.queued()
    assert (row["lane"], row["price"]) == (world.carrier, Decimal("0.10"))
    assert await world.balance() == Decimal("999.90")
    assert (await world.message(request_id))["status"] == Status.QUEUED


@pytest.mark.parametrize(
    ("changes", "settings", "trace"),
    [
        ({"recipients": ["12a"]}, {}, "INV-NUMBER"),
        ({"recipients": ["99912345678"]}, {}, "INV-NUMBER"),
        ({"recipients": ["1415555123"]}, {}, "INV-MOB-PATTRN"),
        ({"sender": "NOBODY"}, {}, "SNDRID-NOT-ALLOTED"),
        ({}, {"allowed_countries": ["FR"]}, "NOT-ALLOWED"),
        ({"body": "x" * 1531}, {}, "MAX-LIMIT"),
        ({"body": "x" * 161}, {"single_part_only": True}, "REJECTED-MULTIPART"),
        ({"recipients": ["4911234567"]}, {"strict_numbering": True}, "KLR-INV-NUMBER"),
    ],
)
async def test_a_refused_message_ends_not_sent_with_its_trace(
    world: World, changes: dict[str, Any], settings: dict[str, Any], trace: str
) -> None:
    await world.set_account(**settings)
    recipients = changes.pop("recipients", ["4917012345678"])
    request_id = await world.send(*recipients, **changes)
    await world.pipeline.intake.step()
    row = await world.message(request_id)
    assert row["trace"] == trace
    assert row["status"] in (Status.NOT_SENT, Status.UNDELIVERED)
    assert row["final_at"] is not None
    assert [e["trace"] for e in await world.events(request_id)] == [trace]
    assert await world.queued() == []
    assert await world.balance() == Decimal(1000)


async def test_a_sender_that_is_not_approved_for_the_country(world: World) -> None:
    await world.database.pool.execute("UPDATE sender SET iso_code = 'FR'")
    german, french = await world.send("4917012345678"), await world.send("33612345678")
    await world.pipeline.intake.step()
    assert (await world.message(german))["trace"] == "SENDER-ID-NOT-FOUND"
    assert (await world.message(french))["trace"] == "QUEUED"


async def test_a_suspended_account(world: World) -> None:
    request_id = await world.send()
    await world.database.pool.execute("UPDATE account SET state = 'suspended'")
    world.pipeline.facts.forget()
    await world.pipeline.intake.step()
    assert (await world.message(request_id))["trace"] == "ACCOUNT-SUSPENDED"


async def test_without_a_route(world: World) -> None:
    await world.database.pool.execute("UPDATE route SET country = 'FR'")
    world.pipeline.facts.forget()
    request_id = await world.send()
    await world.pipeline.intake.step()
    assert (await world.message(request_id))["trace"] == "NO-ROUTE"
    assert await world.balance() == Decimal(1000)


async def test_R67_money_for_three_sends_three_of_five(world: World) -> None:
    await world.database.pool.execute("UPDATE wallet SET balance = 0.15")
    request_id = await world.send(*(f"49170123456{i}0" for i in range(5)))
    await world.pipeline.intake.step()
    traces = [(await world.message(request_id, n))["trace"] for n in range(1, 6)]
    assert traces == ["QUEUED"] * 3 + ["NO-CREDITS"] * 2
    assert await world.balance() == 0


async def test_R67_parallel_intakes_never_overdraw(world: World) -> None:
    await world.database.pool.execute("UPDATE wallet SET balance = 10.00")
    for _ in range(20):
        await world.send(*(f"4917{i:09d}" for i in range(100)))
    while any(await asyncio.gather(*(world.pipeline.intake.step() for _ in range(4)))):
        pass
    assert await world.balance() == 0
    count = "SELECT count(*) FROM message WHERE trace = $1"
    assert await world.database.pool.fetchval(count, "QUEUED") == 200
    assert await world.database.pool.fetchval(count, "NO-CREDITS") == 1800
    assert await world.ledger_sum() == Decimal(-10)


async def test_R08_a_message_past_its_validity_is_not_sent_and_says_so(world: World) -> None:
    request_id = await world.send(valid_until=world.clock.now() + timedelta(minutes=10))
    world.clock.advance(601)
    await world.pipeline.intake.step()
    row = await world.message(request_id)
    assert (row["status"], row["trace"]) == (Status.EXPIRED, "EXPIRED")
    assert await world.queued() == []


async def test_R08_a_message_that_waits_for_its_carrier_expires_and_its_reservation_is_released(world: World) -> None:
    await world.set_link(world.carrier, "down")
    request_id = await world.send(valid_until=world.clock.now() + timedelta(minutes=10))
    await world.pipeline.intake.step()
    assert await world.balance() == Decimal("999.95")
    world.clock.advance(601)
    assert await world.upkeep.expire() == 1
    assert (await world.message(request_id))["trace"] == "EXPIRED"
    assert await world.balance() == Decimal(1000)


async def test_R10_urgent_messages_overtake_a_queue_of_others(world: World) -> None:
    for _ in range(10):
        await world.send(*(f"4917{i:09d}" for i in range(100)), priority=Priority.LOW)
    urgent = await world.send(priority=Priority.HIGH)
    await world.pipeline.intake.step()
    taken = await world.take(10)
    assert taken[0].request_id == urgent


async def test_a_carrier_that_is_down_fails_over_to_one_that_is_up(world: World) -> None:
    await world.set_link(world.carrier, "down")
    request_id = await world.send()
    await world.pipeline.intake.step()
    assert (await world.queued())[0]["lane"] == world.carrier
    other = await world.add_carrier("two", 200)
    assert await world.upkeep.fail_over() == 1
    await world.pipeline.intake.step()
    assert (await world.queued())[0]["lane"] == other
    assert await world.balance() == Decimal("999.95")
    assert (await world.message(request_id))["status"] == Status.QUEUED


async def test_R05_what_a_dead_worker_held_is_taken_over(world: World) -> None:
    await world.send()
    await world.pipeline.intake.step()
    assert len(await world.take()) == 1
    assert (await world.queued())[0]["claimed_by"] == 1
    assert await world.take() == []
    await world.database.pool.execute("UPDATE submission SET claimed_by = 99")
    assert await world.upkeep.release_dead_workers() == 1
    world.pipeline.lanes.wake()
    assert len(await world.take()) == 1


async def test_a_change_told_while_a_batch_is_read_refuses_nobody(world: World) -> None:
    """Facts are forgotten at any moment: when an account changes, and whenever the listener connects again."""
    forget, stop = world.pipeline.facts.forget, asyncio.Event()

    async def forget_all_the_time() -> None:
        while not stop.is_set():
            forget()
            await asyncio.sleep(0)

    forgetting = asyncio.create_task(forget_all_the_time())
    requests = []
    for _ in range(10):
        requests.append(await world.send())
        await world.pipeline.intake.step()
    stop.set()
    await forgetting
    assert {(await world.message(request))["trace"] for request in requests} == {"QUEUED"}
