"""Scheduled messages in the pipeline: they wait, leave in time, and their late receipts find them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from strowger.foundation.ids import uuid_floor
from strowger.messaging.jobs import NO_DLR_HOURS
from strowger.messaging.scheduling import Schedules
from strowger.messaging.schemas import Priority, Variant
from strowger.messaging.statuses import Status
from tests.database.messaging.conftest import World


async def schedule(world: World, after: timedelta, *recipients: str) -> UUID:
    due = world.clock.now() + after
    return await world.send(*recipients, due_at=due, valid_until=due + timedelta(hours=48))


async def test_it_waits_for_its_time_and_is_priced_then(world: World) -> None:
    request = await schedule(world, timedelta(hours=1))
    before = await world.balance()
    assert await world.submit() == []
    assert (await world.message(request))["status"] == Status.SCHEDULED
    world.clock.advance(3_600)
    (outcome,) = await world.submit()
    assert outcome.submission.request_id == request
    row = await world.message(request)
    assert (row["status"], row["sent_at"]) == (Status.SENT, world.clock.now())
    assert await world.balance() < before
    assert {"QUEUED", "SUBMITTED"} == {event["trace"] for event in await world.events(request)}
    await world.report(world.receipt(outcome.parts[0].operator_id))
    assert (await world.message(request))["status"] == Status.DELIVERED


async def test_what_waits_for_a_carrier_after_its_time_is_queued(world: World) -> None:
    request = await schedule(world, timedelta(hours=1))
    world.clock.advance(3_600)
    await world.pipeline.intake.step()
    assert (await world.message(request))["status"] == Status.QUEUED


async def test_what_was_cancelled_never_leaves_and_costs_nothing(world: World) -> None:
    request = await schedule(world, timedelta(hours=1))
    before: Decimal = await world.balance()
    changed, written = await Schedules(world.database, world.clock).cancel(world.account, request)
    assert (changed, len(written.rows)) == (1, 1)
    world.clock.advance(7_200)
    assert await world.submit() == []
    row = await world.message(request)
    assert (row["status"], row["trace"], row["final_at"] is not None) == (Status.CANCELLED, "CALL-CANCELLED", True)
    assert await world.balance() == before


async def test_what_a_worker_has_taken_cannot_be_changed(world: World) -> None:
    request = await schedule(world, timedelta(hours=1))
    await world.database.pool.execute("UPDATE submission SET claimed_by = 1")
    schedules = Schedules(world.database, world.clock)
    assert (await schedules.cancel(world.account, request))[0] == 0
    assert await schedules.move(world.account, request, world.clock.now() + timedelta(days=1)) == 0
    assert await schedules.move(world.account + 1, request, world.clock.now() + timedelta(days=1)) is None


async def test_messages_of_one_request_may_differ(world: World) -> None:
    now = world.clock.now()
    own = Variant(
        "OTP", "ACME", "Own", now + timedelta(hours=2), Priority.HIGH, {"ref": "x"}, None, now + timedelta(hours=1)
    )
    request = await world.send("4917012345678", "4917012345679", "4917012345670", each=[None, own, None])
    first, second, third = [await world.message(request, n) for n in (1, 2, 3)]
    assert [first["body"], second["body"], third["body"]] == ["Hello", "Own", "Hello"]
    assert (second["type"], second["status"], second["options"]) == ("OTP", Status.SCHEDULED, {"ref": "x"})
    row = await world.database.pool.fetchrow("SELECT * FROM scheduled_request")
    assert (row["total"], row["due_at"]) == (1, now + timedelta(hours=1))
    assert len(await world.submit()) == 2


async def test_a_refused_node_ends_with_its_trace(world: World) -> None:
    request = await world.send(options={"refused": "ROUTE-NOT-ENABLED"})
    assert await world.submit() == []
    assert (await world.message(request))["trace"] == "ROUTE-NOT-ENABLED"


async def long_ago(world: World, request: UUID, days: int) -> UUID:
    """Pretend that a request was accepted days ago: its id, and with it the place of its rows, is old."""
    old = UUID(int=uuid_floor(world.clock.now() - timedelta(days=days)).int | 7)
    for table in ("message", "submission", "scheduled_request", "message_event"):
        await world.database.pool.execute(f"UPDATE {table} SET request_id = $2 WHERE request_id = $1", request, old)
    return old


async def test_a_receipt_finds_a_message_that_was_accepted_long_before_it_left(world: World) -> None:
    request = await long_ago(world, await schedule(world, timedelta(minutes=20)), 60)
    world.clock.advance(1_200)
    (outcome,) = await world.submit()
    world.pipeline.journal._matcher._places.clear()  # as after a restart
    await world.report(world.receipt(outcome.parts[0].operator_id))
    assert (await world.message(request))["status"] == Status.SENT
    world.clock.advance(10)
    await world.upkeep.match_early_receipts()
    assert (await world.message(request))["status"] == Status.DELIVERED


async def test_without_a_receipt_it_is_closed_like_any_other(world: World) -> None:
    request = await long_ago(world, await schedule(world, timedelta(minutes=20)), 30)
    world.clock.advance(1_200)
    await world.submit()
    assert await world.upkeep.close_without_receipt() == 0
    world.clock.advance(NO_DLR_HOURS * 3_600 + 60)
    assert await world.upkeep.close_without_receipt() == 1
    assert (await world.message(request))["trace"] == "SENT - NO DLR"
