"""Claims, bounds, order, and what happens when a worker or the database goes away."""

from __future__ import annotations

import asyncio
import time

import pytest

from strowger.foundation.errors import Unavailable
from strowger.foundation.ids import new_uuid
from strowger.platform.callbacks import engine as engine_module
from strowger.platform.callbacks import repository
from strowger.platform.callbacks.endpoints import Endpoint
from tests.database.platform.callbacks.conftest import Receiver, answer
from tests.installation import PATIENCE


async def until(condition, seconds: float = 30.0) -> None:
    """Wait for something that happens by itself."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


async def running(engine):
    task = asyncio.create_task(engine.run())
    await asyncio.sleep(0)
    return task


async def finish(engine, task) -> None:
    await engine.stop()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def slow() -> Receiver:
    """A receiver that takes requests and never answers while the test runs."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "0.0.0.0", 0, backlog=500)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    receiver.hold.set()
    server.close()


async def test_offered_callbacks_are_sent_without_another_look_at_the_table(world, receiver):
    engine = world.engine(7)
    task = await running(engine)
    rows = [world.row(receiver.url()) for _ in range(200)]
    await world.queue(*rows, claimed_by=7)
    engine.offer(rows)
    await until(lambda: len(receiver.received) == 200)
    assert sorted(receiver.ids) == sorted(str(row.id) for row in rows)
    await finish(engine, task)
    assert await world.states() == []


async def test_R39_a_slow_receiver_with_a_long_queue_delays_no_other(world, receiver, slow):
    for _ in range(10):
        await world.queue(*[world.row(slow.url("/slow")) for _ in range(1000)])
    engine = world.engine()
    task = await running(engine)
    await until(lambda: len(slow.received) == 5)
    rows = [world.row(receiver.url()) for _ in range(300)]
    started = time.monotonic()
    await world.queue(*rows)
    engine.wake()
    await until(lambda: len(receiver.received) == 300, 2.0 * PATIENCE)
    assert time.monotonic() - started < 2.0 * PATIENCE
    assert len(slow.received) == 5  # no more at once than the bound of a receiver that has proved nothing
    slow.hold.set()
    await finish(engine, task)


async def test_R39_many_slow_receivers_leave_a_slot_to_each_other_one(world, receiver, slow, monkeypatch):
    monkeypatch.setattr("strowger.platform.callbacks.endpoints.BUSY", 10)
    monkeypatch.setattr("strowger.platform.callbacks.endpoints.FULL", 20)
    hosts = [f"127.0.0.{n}" for n in range(2, 12)]
    await world.queue(*[world.row(slow.url(host=host)) for host in hosts for _ in range(5)])
    engine = world.engine()
    task = await running(engine)
    await until(lambda: len(slow.received) >= 20)
    await world.queue(*[world.row(receiver.url()) for _ in range(20)])
    engine.wake()
    await until(lambda: len(receiver.received) == 20, 2.0 * PATIENCE)
    slow.hold.set()
    await finish(engine, task)


async def test_what_there_is_no_room_for_waits_in_the_table_and_is_sent_later(world, receiver, monkeypatch):
    monkeypatch.setattr(engine_module, "QUEUE_LIMIT", 10)
    engine = world.engine(7)
    rows = [world.row(receiver.url()) for _ in range(100)]
    await world.queue(*rows, claimed_by=7)
    receiver.hold.clear()
    engine.offer(rows)
    task = await running(engine)
    await until(lambda: len(receiver.received) == 5)
    receiver.hold.set()
    await until(lambda: len(receiver.received) == 100)
    await finish(engine, task)
    assert len(set(receiver.ids)) == 100
    assert await world.states() == []


async def test_two_workers_share_the_queue_and_send_each_callback_once(world, receiver):
    await world.queue(*[world.row(receiver.url()) for _ in range(500)])
    engines = [world.engine(1), world.engine(2)]
    tasks = [await running(engine) for engine in engines]
    await until(lambda: len(receiver.received) >= 500)
    for engine, task in zip(engines, tasks, strict=True):
        await finish(engine, task)
    assert len(receiver.ids) == len(set(receiver.ids)) == 500


async def test_R05_what_a_killed_worker_had_sent_but_not_recorded_is_sent_again_under_the_same_id(world, receiver):
    row, killed = world.row(receiver.url()), world.engine(1)
    await world.queue(row)
    await killed.claim()
    await until(lambda: len(receiver.received) == 1)
    assert await world.states() == [(0, 0, 1)]
    assert await world.engine(2).step() == 0
    assert await repository.release_dead(world.database.pool, [2]) == 1
    assert await world.engine(2).step() == 1
    assert receiver.ids == [str(row.id)] * 2
    assert await world.states() == []


async def test_a_late_record_of_a_worker_believed_dead_does_not_disturb_the_other(world, receiver):
    receiver.script = lambda _: answer(500)
    row, late = world.row(receiver.url()), world.engine(1)
    await world.queue(row)
    await late.claim()
    await until(lambda: len(receiver.received) == 1)
    await repository.release_dead(world.database.pool, [2])
    await world.engine(2).claim()
    await late.step()
    assert await world.states() == [(0, 0, 2)]


async def test_R01_results_are_kept_while_the_database_is_away(world, receiver, monkeypatch):
    engine, run, away = world.engine(7), world.database.run, True

    async def refusing(*words, **options):
        if away:
            raise Unavailable
        return await run(*words, **options)

    rows = [world.row(receiver.url()) for _ in range(20)]
    await world.queue(*rows, claimed_by=7)
    monkeypatch.setattr(engine_module, "AWAY_SECONDS", 0.01)
    monkeypatch.setattr(world.database, "run", refusing)
    task = await running(engine)
    engine.offer(rows)
    await until(lambda: len(receiver.received) == 20)
    await asyncio.sleep(0.15)
    assert len(await world.states()) == 20
    away = False
    await finish(engine, task)
    assert await world.states() == []
    assert len(receiver.received) == 20


async def test_a_stopping_worker_gives_back_what_it_has_not_sent(world, slow, monkeypatch):
    monkeypatch.setattr(engine_module, "STOP_SECONDS", 0.2)
    engine = world.engine(7)
    rows = [world.row(slow.url()) for _ in range(50)]
    await world.queue(*rows, claimed_by=7)
    task = await running(engine)
    engine.offer(rows)
    await until(lambda: len(slow.received) == 5)
    await finish(engine, task)
    assert await world.states() == [(0, 0, None)] * 50


async def test_events_of_one_message_go_in_order(world, receiver):
    events = {"target": {"events": ("SENT", "DELIVERED")}}
    request_id = new_uuid()
    sent = world.row(receiver.url("/<status>"), request_id=request_id, variables={"status": "SENT"}, **events)
    delivered = world.row(
        receiver.url("/<status>"), request_id=request_id, **{**events, "target": {**events["target"]}}
    )
    engine = world.engine(7)
    receiver.hold.clear()
    await world.queue(sent, delivered, claimed_by=7)
    task = await running(engine)
    engine.offer([sent, delivered])
    await until(lambda: len(receiver.received) == 1)
    await asyncio.sleep(0.2)
    assert [request.target for request in receiver.received] == ["/SENT"]
    receiver.hold.set()
    await until(lambda: len(receiver.received) == 2)
    assert [request.target for request in receiver.received] == ["/SENT", "/DELIVERED"]
    await finish(engine, task)


async def test_an_event_waits_for_an_older_one_no_longer_than_its_first_attempt_or_30_seconds(world, receiver):
    request_id = new_uuid()
    first = world.row(receiver.url("/first"), request_id=request_id)
    second = world.row(receiver.url("/second"), request_id=request_id)
    await world.queue(first, claimed_by=99)  # a worker that takes its time
    await world.queue(second)
    engine = world.engine(7)
    assert await engine.step() == 0
    world.clock.advance(29)
    assert await engine.step() == 0
    world.clock.advance(2)
    assert await engine.step() == 1
    assert [request.target for request in receiver.received] == ["/second"]
    third = world.row(receiver.url("/third"), request_id=request_id)
    await world.queue(third)
    await world.database.pool.execute("UPDATE callback SET attempts = 1 WHERE id = $1", first.id)
    assert await engine.step() == 1


async def test_a_result_that_cannot_be_stored_does_not_hold_up_the_others(world, receiver):
    good, bad = world.row(receiver.url()), world.row(receiver.url())
    await world.queue(good, bad)
    await world.database.pool.execute(
        f"ALTER TABLE callback_attempt ADD CONSTRAINT no CHECK (callback_id <> '{bad.id}')"
    )
    await world.engine().step()
    assert await world.states() == []
    assert len(await world.attempts(good)) == 1
    assert await world.attempts(bad) == []


async def test_a_callback_of_an_account_that_is_gone_ends_as_failed(world, receiver):
    row = world.row(receiver.url(), account_id=99)
    await world.queue(row)
    assert await world.engine().step() == 1
    assert [state for state, *_ in await world.states()] == [2]
    assert (await world.attempts(row))[0].error == "unusable: account 99 does not exist"
    assert receiver.received == []


async def test_every_endpoint_is_reached_however_many_there_are(world, receiver, monkeypatch):
    monkeypatch.setattr(repository, "PAGE", 7)
    await world.queue(*[world.row(receiver.url(host=f"127.0.1.{n}"), account_id=1) for n in range(1, 60)])
    assert await world.engine().step() == 59


async def test_a_notification_wakes_the_engine(world, receiver, monkeypatch):
    monkeypatch.setattr(engine_module, "POLL_SECONDS", 60.0)
    receiver.script = lambda _: answer(410)
    row, engine = world.row(receiver.url()), world.engine()
    await world.queue(row)
    task = await running(engine)
    await until(lambda: len(receiver.received) == 1)
    await until(lambda: engine._recorder.is_empty)
    assert await world.service.replay(1, [row.id]) == 1
    await until(lambda: len(receiver.received) == 2)
    await finish(engine, task)


def test_the_bound_of_a_receiver_grows_with_success_and_halves_with_failure():
    endpoint = Endpoint("1 http://e.net:80")
    assert endpoint.allowed(0) == 5
    for _ in range(5000):
        endpoint.succeeded()
    assert endpoint.allowed(0) == 50
    endpoint.failed()
    assert endpoint.allowed(0) == 25
    for _ in range(20):
        endpoint.failed()
    assert endpoint.allowed(0) == 1
