"""What a receiver gets, what is kept of it, and what follows from its answer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from strowger.platform.callbacks.schemas import AttemptOutcome, CallbackState, Target
from tests.database.platform.callbacks.conftest import ACCOUNT, OTHER_ACCOUNT, answer

URL = "/dlr?id=<id>&st={status}"


async def test_R37_a_delivered_callback_leaves_the_queue_and_its_attempt_stays(world, receiver):
    receiver.script = lambda _: answer(201, b"thanks", "X-Node: 3\r\nSet-Cookie: s=1\r\n")
    row = world.row(receiver.url(URL), target={"headers": (("x-api-key", "topsecret"),)})
    await world.queue(row)
    assert await world.engine().step() == 1
    [request] = receiver.received
    assert (request.method, request.target) == ("POST", "/dlr?id=m&st=DELIVERED")
    assert request.headers["x-api-key"] == "topsecret"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "strowger-callback/1"
    assert request.headers["x-callback-id"] == request.headers["webhook-id"] == str(row.id)
    assert request.headers["x-callback-attempt"] == "1"
    assert json.loads(request.body)["recipient"] == "+919876543210"
    assert await world.states() == []
    [attempt] = await world.attempts(row)
    assert (attempt.outcome, attempt.http_status, attempt.error) == (AttemptOutcome.DELIVERED, 201, None)
    assert (attempt.response_body, attempt.response_headers["x-node"]) == ("thanks", "3")
    assert attempt.response_headers["set-cookie"] == "***"
    assert attempt.request_headers["x-api-key"] == "***"
    assert "topsecret" not in repr(attempt)
    assert json.loads(attempt.request_body) == json.loads(request.body)
    assert attempt.url == receiver.url("/dlr?id=m&st=DELIVERED")
    assert attempt.duration_ms >= 0
    assert attempt.at == world.clock.now()


async def test_R37_two_kilobytes_of_request_and_answer_are_kept(world, receiver):
    receiver.script = lambda _: answer(200, b"\x00" + "ü".encode() * 5000)
    row = world.row(receiver.url(), target={"payload": {"m": "<message>"}}, variables={"message": "\0" + "y" * 5000})
    await world.queue(row)
    await world.engine().step()
    [attempt] = await world.attempts(row)
    assert len(attempt.request_body) == 2048
    assert 1000 < len(attempt.response_body) < 1030


async def test_R30_the_request_verifies_with_the_reference_library(world, receiver):
    world.clock.advance(__import__("time").time() - world.clock.time())
    await world.queue(world.row(receiver.url()))
    await world.engine().step()
    [secret] = await world.service.signing.shown(ACCOUNT)
    [request] = receiver.received
    assert Webhook(secret).verify(request.body, request.headers)["status"] == "DELIVERED"


async def test_R31_two_secrets_are_valid_for_a_day_after_rotation(world, receiver):
    signing = world.service.signing
    [old] = await signing.shown(ACCOUNT)
    new = await signing.rotate(ACCOUNT)
    assert await signing.shown(ACCOUNT) == (new, old)
    world.clock.advance(24 * 3600 - 1)
    assert await signing.shown(ACCOUNT) == (new, old)
    world.clock.advance(2)
    assert await signing.shown(ACCOUNT) == (new,)
    assert (await signing.shown(OTHER_ACCOUNT))[0] not in (old, new)
    stored = await world.database.pool.fetchval("SELECT secret_sealed FROM callback_secret WHERE account_id = 1")
    assert new.encode() not in stored


async def test_R09_retries_follow_the_series_in_virtual_time_and_end_as_a_dead_letter(world, receiver):
    receiver.script = lambda _: answer(503)
    row, engine = world.row(receiver.url()), world.engine()
    await world.queue(row)
    assert await engine.step() == 1
    for number, wait in ((2, 10), (3, 60), (4, 300)):
        world.clock.advance(wait * 0.79)
        assert await engine.step() == 0
        world.clock.advance(wait * 0.42)
        assert await engine.step() == 1
        assert receiver.received[-1].headers["x-callback-attempt"] == str(number)
    world.clock.advance(3600)
    assert await engine.step() == 0
    assert set(receiver.ids) == {str(row.id)}
    [dead] = await world.service.failed(ACCOUNT)
    assert (dead.id, dead.state, dead.attempts, dead.last_error) == (row.id, CallbackState.FAILED, 4, "http_503")
    outcomes = [attempt.outcome for attempt in await world.attempts(row)]
    assert outcomes == [AttemptOutcome.RETRY] * 3 + [AttemptOutcome.FAILED]


@pytest.mark.parametrize(
    ("status", "headers", "waits"),
    [
        (410, "", []),
        (404, "", [30]),
        (302, "Location: /elsewhere\r\n", [30]),
        (429, "Retry-After: 1000\r\n", [1000, 1000, 1000]),
        (503, "Retry-After: 86400\r\n", [3600, 3600, 3600]),
    ],
)
async def test_R35_answers_decide_about_the_next_attempt(world, receiver, status, headers, waits):
    receiver.script = lambda _: answer(status, b"", headers)
    engine = world.engine()
    await world.queue(world.row(receiver.url()))
    assert await engine.step() == 1
    for wait in waits:
        world.clock.advance(wait - 1)
        assert await engine.step() == 0
        world.clock.advance(2)
        assert await engine.step() == 1
    world.clock.advance(7200)
    assert await engine.step() == 0
    assert [state for state, *_ in await world.states()] == [CallbackState.FAILED]
    assert {request.target for request in receiver.received} == {"/dlr"}


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://127.0.0.1:22/", "http://[::ffff:192.168.0.1]/"])
async def test_R45_a_callback_to_an_internal_address_is_not_sent_and_says_why(world, url):
    row, engine = world.row(url), world.engine()
    await world.queue(row)
    assert await engine.step() == 1
    world.clock.advance(31)
    assert await engine.step() == 1
    assert [a.error.split(":")[0] for a in await world.attempts(row)] == ["refused", "refused"]
    assert (await world.service.counts(ACCOUNT))[CallbackState.FAILED] == 1


async def test_a_receiver_that_is_down_is_tried_again(world, receiver):
    row = world.row("http://127.0.0.1:1024/")
    engine = world.engine()
    await world.queue(row)
    await engine.step()
    [attempt] = await world.attempts(row)
    assert (attempt.outcome, attempt.http_status) == (AttemptOutcome.RETRY, None)
    assert attempt.error.startswith("connection_refused")
    assert await world.states() == [(0, 1, None)]


async def test_sealed_headers_reach_the_receiver_and_nobody_else(world, receiver):
    row = world.row(receiver.url())
    target = Target(receiver.url(), headers=(("authorization", "Bearer t0p"),))
    row.target = target.to_json(world.context.secrets, ACCOUNT)
    moved = world.row(receiver.url(), OTHER_ACCOUNT)
    moved.target = row.target
    await world.queue(row, moved)
    await world.engine().step()
    [request] = receiver.received
    assert request.headers["authorization"] == "Bearer t0p"
    assert "t0p" not in str(await world.database.pool.fetch("SELECT * FROM callback_attempt"))
    [unusable] = await world.attempts(moved)
    assert (unusable.outcome, unusable.error.split(":")[0]) == (AttemptOutcome.FAILED, "unusable")


async def test_R09_R38_a_failed_callback_is_replayed_under_its_id(world, receiver):
    receiver.script = lambda _: answer(410)
    row, engine = world.row(receiver.url()), world.engine()
    await world.queue(row)
    await engine.step()
    assert await world.service.replay(OTHER_ACCOUNT, [row.id]) == 0
    assert await world.service.replay(ACCOUNT, [row.id]) == 1
    assert await world.service.replay(ACCOUNT, [row.id]) == 0
    receiver.script = lambda _: answer()
    assert await engine.step() == 1
    again = receiver.received[-1].headers
    assert (again["x-callback-id"], again["x-callback-attempt"], again["x-callback-retrigger"]) == (
        str(row.id),
        "2",
        "1",
    )
    assert await world.states() == []
    assert [a.attempt for a in await world.attempts(row)] == [1, 2]


async def test_R09_R38_all_failed_since_a_moment_are_replayed_in_order_of_creation(world, receiver):
    receiver.script = lambda _: answer(410)
    engine, rows = world.engine(), []
    for _ in range(5):
        world.clock.advance(60)
        rows.append(world.row(receiver.url()))
        await world.queue(rows[-1])
        await engine.step()
    receiver.received.clear()
    assert await world.service.replay_failed_since(OTHER_ACCOUNT, rows[0].created_at) == 0
    assert await world.service.replay_failed_since(ACCOUNT, rows[1].created_at) == 4
    await engine.step()
    assert receiver.ids == [str(row.id) for row in rows[1:]]


async def test_a_test_event_is_sent_at_once_and_only_once(world, receiver):
    receiver.script = lambda _: answer(500, b"oh")
    attempt = await world.service.test_event(ACCOUNT, Target(receiver.url(), payload={"id": "<id>", "s": "<status>"}))
    assert (attempt.http_status, attempt.response_body, attempt.outcome) == (500, "oh", AttemptOutcome.FAILED)
    assert json.loads(receiver.received[0].body)["s"] == "DELIVERED"
    assert await world.states() == []
    assert await world.service.attempts_of_message(ACCOUNT, attempt.request_id, 0) == [attempt]


async def test_what_an_account_sees_is_its_own(world, receiver):
    receiver.script = lambda _: answer(410)
    row = world.row(receiver.url(URL))
    await world.queue(row)
    await world.engine().step()
    [dead] = await world.service.queued_of_message(ACCOUNT, row.request_id, 1)
    assert (dead.url, dead.method, dead.status) == (receiver.url(URL), "POST", "DELIVERED")
    assert await world.service.queued_of_message(OTHER_ACCOUNT, row.request_id, 1) == []
    assert await world.service.attempts_of_message(OTHER_ACCOUNT, row.request_id, 1) == []
    assert await world.service.failed(OTHER_ACCOUNT) == []
    assert await world.service.drop(OTHER_ACCOUNT, [row.id]) == 0


async def test_the_list_of_failed_is_read_page_by_page_and_purged_after_a_week(world, receiver):
    receiver.script = lambda _: answer(410)
    rows = [world.row(receiver.url()) for _ in range(5)]
    await world.queue(*rows)
    await world.engine().step()
    first = await world.service.failed(ACCOUNT, limit=3)
    rest = await world.service.failed(ACCOUNT, limit=3, before=first[-1].id)
    assert [dead.id for dead in first + rest] == [row.id for row in reversed(rows)]
    world.clock.advance(timedelta(days=7, seconds=-5).total_seconds())
    assert await world.service.purge() == 0
    world.clock.advance(10)
    assert await world.service.purge() == 5


async def test_waiting_callbacks_are_dropped_by_hand_and_can_be_replayed(world, receiver):
    row, engine = world.row(receiver.url()), world.engine()
    await world.queue(row)
    assert await world.service.drop(ACCOUNT, [row.id], "customer left") == 1
    assert await engine.step() == 0
    assert (await world.service.counts(ACCOUNT))[CallbackState.DROPPED] == 1
    assert await world.service.replay(ACCOUNT, [row.id]) == 1
    assert await engine.step() == 1
    (request,) = receiver.received
    assert (request.headers["x-callback-attempt"], request.headers["x-callback-retrigger"]) == ("1", "1")
