"""The journal: what answers and reports do to log, status, ledger and queue, in every order."""

import asyncio
import contextlib
import itertools
from decimal import Decimal

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strowger.foundation.database import driver_url
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.messaging.journal import PATIENCE_SECONDS
from strowger.messaging.outcomes import Accepted, Incoming, PartAnswer, Rejected, Retry, Unknown
from strowger.messaging.statuses import EventKind, Status
from tests.database.messaging.conftest import World

CUT_WHO_WAITS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'
"""


async def test_accepted_then_delivered(world: World) -> None:
    request_id = await world.send()
    (outcome,) = await world.submit()
    row = await world.message(request_id)
    assert (row["status"], row["trace"], row["units"], row["price"]) == (Status.SENT, "SUBMITTED", 1, Decimal("0.05"))
    assert (row["country"], row["encoding"], row["carrier_id"]) == ("DE", "GSM7", world.carrier)
    assert await world.queued() == []
    assert await world.report(world.receipt(outcome.parts[0].operator_id)) == [None]
    row = await world.message(request_id)
    assert (row["status"], row["trace"]) == (Status.DELIVERED, "DELIVERED")
    assert row["final_at"] is not None
    assert [e["kind"] for e in await world.events(request_id)] == [EventKind.SUBMITTED, EventKind.RECEIPT]


async def test_R14_a_receipt_in_the_same_flush_as_the_answer(world: World) -> None:
    request_id = await world.send()
    await world.pipeline.intake.step()
    (submission,) = await world.take()
    outcome = Accepted(submission, world.answers(submission))
    world.pipeline.journal.outcome(outcome)
    await world.report(world.receipt(outcome.parts[0].operator_id))
    row = await world.message(request_id)
    assert row["status"] == Status.DELIVERED
    assert row["sent_at"] is not None
    assert row["price"] == Decimal("0.05")


async def test_R14_a_receipt_before_the_answer(world: World) -> None:
    request_id = await world.send()
    await world.pipeline.intake.step()
    (submission,) = await world.take()
    answers = world.answers(submission)
    assert await world.report(world.receipt(answers[0].operator_id)) == [None]
    assert (await world.message(request_id))["status"] == Status.QUEUED
    world.pipeline.journal.outcome(Accepted(submission, answers))
    await world.pipeline.journal.flush()
    assert (await world.message(request_id))["status"] == Status.DELIVERED


async def test_R14_a_receipt_after_the_worker_has_forgotten_the_submit(world: World) -> None:
    request_id = await world.send()
    (outcome,) = await world.submit()
    world.pipeline.journal._matcher._places.clear()
    await world.report(world.receipt(outcome.parts[0].operator_id))
    assert (await world.message(request_id))["status"] == Status.DELIVERED


async def test_R14_three_parts_in_every_order_of_receipts(world: World) -> None:
    for order in itertools.permutations(range(3)):
        request_id = await world.send(body="x" * 400)
        (outcome,) = await world.submit(parts=3)
        for step, i in enumerate(order):
            assert (await world.message(request_id))["status"] == Status.SENT, step
            await world.report(world.receipt(outcome.parts[i].operator_id))
        assert (await world.message(request_id))["status"] == Status.DELIVERED


async def test_R14_more_parts_than_were_counted_are_all_waited_for_after_a_restart(world: World) -> None:
    """A carrier whose parts hold less, as with references of 16 bits."""
    request_id = await world.send(body="x" * 306)
    (outcome,) = await world.submit(parts=3)
    world.pipeline.journal._matcher._places.clear()
    for status, part in zip((Status.SENT, Status.SENT, Status.DELIVERED), outcome.parts, strict=True):
        await world.report(world.receipt(part.operator_id))
        assert (await world.message(request_id))["status"] == status
    assert (await world.message(request_id))["units"] == 2


async def test_R14_the_worst_part_decides(world: World) -> None:
    request_id = await world.send(body="x" * 400)
    (outcome,) = await world.submit(parts=3)
    one, two, three = (p.operator_id for p in outcome.parts)
    await world.report(world.receipt(one), world.receipt(two, Status.UNDELIVERED, "ABSENT-SUB"))
    assert (await world.message(request_id))["status"] == Status.SENT
    await world.report(world.receipt(three))
    row = await world.message(request_id)
    assert (row["status"], row["trace"]) == (Status.UNDELIVERED, "ABSENT-SUB")


async def test_R14_parts_whose_receipts_come_before_the_answers(world: World) -> None:
    request_id = await world.send(body="x" * 400)
    await world.pipeline.intake.step()
    (submission,) = await world.take()
    answers = world.answers(submission, 3)
    await world.report(*(world.receipt(a.operator_id) for a in answers))
    world.pipeline.journal.outcome(Accepted(submission, answers))
    await world.pipeline.journal.flush()
    assert (await world.message(request_id))["status"] == Status.DELIVERED


async def test_R15_late_and_double_reports_are_kept_as_events_only(world: World) -> None:
    request_id = await world.send()
    (outcome,) = await world.submit()
    operator_id = outcome.parts[0].operator_id
    await world.report(world.receipt(operator_id))
    await world.report(world.receipt(operator_id, Status.UNDELIVERED, "ABSENT-SUB"), world.receipt(operator_id))
    await world.report(world.receipt(operator_id, Status.SENT, "ENROUTE"))
    row = await world.message(request_id)
    assert (row["status"], row["trace"]) == (Status.DELIVERED, "DELIVERED")
    assert len(await world.events(request_id)) == 5


async def test_a_rejected_message_ends_and_is_not_charged(world: World) -> None:
    request_id = await world.send()
    await world.pipeline.intake.step()
    (submission,) = await world.take()
    answer = PartAnswer(1, world.clock.now(), None, {"command_status": "0x0000000B", "name": "ESME_RINVDSTADR"})
    world.pipeline.journal.outcome(Rejected(submission, "INV-NUMBER", [answer]))
    await world.pipeline.journal.flush()
    row = await world.message(request_id)
    assert (row["status"], row["trace"]) == (Status.NOT_SENT, "INV-NUMBER")
    assert await world.balance() == Decimal(1000)
    (event,) = await world.events(request_id)
    assert event["detail"]["answers"][0]["name"] == "ESME_RINVDSTADR"


async def test_R06_a_throttled_message_waits_and_is_tried_again(world: World) -> None:
    request_id = await world.send()
    await world.pipeline.intake.step()
    (submission,) = await world.take()
    world.pipeline.journal.outcome(Retry(submission, 5, "throttled"))
    await world.pipeline.journal.flush()
    (row,) = await world.queued()
    assert (row["claimed_by"], row["attempts"], row["reason"], row["lane"]) == (None, 1, "throttled", world.carrier)
    world.pipeline.lanes.wake()
    assert await world.take() == []
    world.clock.advance(5)
    world.pipeline.lanes.wake()
    (again,) = await world.take()
    assert again.request_id == request_id


async def test_a_carrier_that_cannot_is_left_for_the_next_one(world: World) -> None:
    other = await world.add_carrier("two", 200)
    request_id = await world.send()
    await world.pipeline.intake.step()
    (submission,) = await world.take()
    world.pipeline.journal.outcome(Retry(submission, 0, "ESME_RSYSERR", elsewhere=True))
    await world.pipeline.journal.flush()
    await world.pipeline.intake.step()
    (row,) = await world.queued()
    assert (row["lane"], row["tried"]) == (other, [world.carrier])
    (submission,) = await world.take(carrier=other)
    world.pipeline.journal.outcome(Retry(submission, 0, "ESME_RSYSERR", elsewhere=True))
    await world.pipeline.journal.flush()
    await world.pipeline.intake.step()
    row = await world.message(request_id)
    assert (row["status"], row["trace"]) == (Status.NOT_SENT, "SUBMIT-FAIL")
    assert await world.balance() == Decimal(1000)


async def test_R02_a_submit_without_an_answer_is_sent_again(world: World) -> None:
    request_id = await world.send()
    await world.pipeline.intake.step()
    (submission,) = await world.take()
    world.pipeline.journal.outcome(Unknown(submission, "link lost"))
    await world.pipeline.journal.flush()
    world.pipeline.lanes.wake()
    assert len(await world.take()) == 1
    assert (await world.events(request_id))[0]["kind"] == EventKind.DEFERRED


FATES = st.tuples(st.sampled_from(["accept", "reject", "elsewhere", "retry"]), st.sampled_from([1, 161]))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FATES, min_size=1, max_size=12))
async def test_R68_the_ledger_sums_to_the_balance_and_only_handed_over_messages_are_charged(
    world: World, fates: list[tuple[str, int]]
) -> None:
    before, ledger_before = await world.balance(), await world.ledger_sum()
    requests = [await world.send(body="x" * length) for _, length in fates]
    await world.pipeline.intake.step()
    taken = {s.request_id: s for s in await world.take(500)}
    assert set(taken) == set(requests)
    for request_id, (fate, _) in zip(requests, fates, strict=True):
        submission = taken[request_id]
        match fate:
            case "accept":
                world.pipeline.journal.outcome(Accepted(submission, world.answers(submission)))
            case "reject":
                world.pipeline.journal.outcome(Rejected(submission, "SUBMIT-FAIL", []))
            case "elsewhere":
                world.pipeline.journal.outcome(Retry(submission, 0, "x", elsewhere=True))
            case _:
                world.pipeline.journal.outcome(Retry(submission, 10**6, "x"))
    await world.pipeline.journal.flush()
    assert [row["claimed_by"] for row in await world.queued() if row["claimed_by"]] == []
    await world.pipeline.intake.step()
    world.clock.advance(10**6)
    await world.upkeep.expire()
    charged = await world.database.pool.fetchval(
        "SELECT coalesce(sum(price), 0) FROM message WHERE request_id = ANY($1) AND status = 40", requests
    )
    assert before - await world.balance() == charged
    assert await world.ledger_sum() - ledger_before == await world.balance() - before
    assert await world.queued() == []


async def test_an_incoming_message_is_stored_on_its_number(world: World) -> None:
    assert await world.report(Incoming(world.carrier, "4917099", "4915550001", "Hi there", world.clock.now())) == [None]
    row = await world.database.pool.fetchrow("SELECT * FROM message")
    assert (row["account_id"], row["sender"], row["recipient"], row["body"]) == (
        world.account,
        "4917099",
        "4915550001",
        "Hi there",
    )
    assert (row["direction"], row["status"]) == (1, Status.RECEIVED)


async def test_parts_of_an_incoming_message_are_joined_in_any_order(world: World) -> None:
    def part(n: int, text: str) -> Incoming:
        return Incoming(world.carrier, "4917099", "4915550001", text, world.clock.now(), reference=7, part=n, total=3)

    await world.report(part(3, "c"), part(1, "a"))
    assert await world.database.pool.fetchval("SELECT count(*) FROM message") == 0
    await world.report(part(1, "a"), part(2, "b"))
    assert await world.database.pool.fetchval("SELECT body FROM message") == "abc"
    assert await world.database.pool.fetchval("SELECT count(*) FROM mo_part") == 0


async def test_a_number_that_nobody_owns_is_refused_and_the_others_are_kept(world: World) -> None:
    now = world.clock.now()
    results = await world.report(
        Incoming(world.carrier, "491", "4999", "x", now), Incoming(world.carrier, "491", "4915550001", "y", now)
    )
    assert isinstance(results[0], StrowgerError)
    assert results[0].code == "MO404"
    assert results[1] is None
    assert await world.database.pool.fetchval("SELECT count(*) FROM message") == 1


@pytest.mark.parametrize(
    ("events", "statuses"),
    [(None, ["DELIVERED"]), (["SENT", "DELIVERED"], ["SENT", "DELIVERED"]), (["UNDELIVERED"], [])],
)
async def test_callbacks_are_written_with_the_status_that_they_tell(
    world: World, events: list[str] | None, statuses: list[str]
) -> None:
    target = {"url": "https://a.example/", "method": "GET", **({"events": events} if events else {})}
    await world.send(callback=target)
    (outcome,) = await world.submit()
    await world.report(world.receipt(outcome.parts[0].operator_id))
    rows = await world.database.pool.fetch("SELECT variables FROM callback ORDER BY id")
    assert [row["variables"]["status"] for row in rows] == statuses


async def test_a_message_without_receipts_is_called_back_when_it_is_sent(world: World) -> None:
    await world.send(callback={"url": "https://a.example/", "method": "GET"}, options={"dlr": 0})
    await world.submit()
    assert await world.database.pool.fetchval("SELECT count(*) FROM callback") == 1


async def test_a_report_waits_when_the_store_breaks_off_and_is_stored_when_it_is_back(
    world: World, postgres: str
) -> None:
    request_id = await world.send()
    (outcome,) = await world.submit()
    name = world.database.url.partition("?")[0].rsplit("/", 1)[1]
    other = await asyncpg.connect(driver_url(postgres))
    holder = await world.database.connect()
    journal = world.pipeline.journal
    async with holder.transaction():  # the statement is under way, and waits, when it is cut
        await holder.execute("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
        reporting = asyncio.create_task(journal.report(world.receipt(outcome.parts[0].operator_id)))
        await asyncio.sleep(0)
        writing = asyncio.create_task(journal.flush())
        while not await other.fetchval(CUT_WHO_WAITS, name):
            assert not writing.done()
        with pytest.raises(Unavailable):
            await writing
    assert not reporting.done(), "the carrier has no answer yet, so it keeps the receipt too"
    await other.close()
    await holder.close()
    while not reporting.done():  # each connection of the pool notices once that it was cut
        with contextlib.suppress(Unavailable):
            await journal.flush()
        await asyncio.sleep(0)
    await reporting
    assert (await world.message(request_id))["status"] == Status.DELIVERED


async def test_a_report_that_waited_too_long_is_refused(world: World) -> None:
    await world.send()
    (outcome,) = await world.submit()
    await world.database.close()
    reporting = asyncio.create_task(world.pipeline.journal.report(world.receipt(outcome.parts[0].operator_id)))
    await asyncio.sleep(0)
    world.clock.advance(PATIENCE_SECONDS + 1)
    with pytest.raises(Unavailable):
        await world.pipeline.journal.flush()
    with pytest.raises(Unavailable):
        await reporting


async def test_R15_a_receipt_waits_while_the_answer_that_it_belongs_to_is_being_written(world: World) -> None:
    request_id = await world.send()
    await world.pipeline.intake.step()
    (submission,) = await world.take()
    outcome = Accepted(submission, world.answers(submission))
    journal = world.pipeline.journal
    journal.outcome(outcome)
    writing = asyncio.create_task(journal.flush())
    await asyncio.sleep(0)
    reporting = asyncio.create_task(journal.report(world.receipt(outcome.parts[0].operator_id)))
    await asyncio.sleep(0)
    await journal.flush()
    assert not reporting.done()
    await writing
    await journal.flush()
    await reporting
    row = await world.message(request_id)
    assert (row["status"], row["sent_at"] is not None) == (Status.DELIVERED, True)
