"""query_sm and cancel_sm, about one's own messages only."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.system.simulators.raw_smpp_client import Frame, RawClient, cstring
from tests.system.smpp_access.conftest import PHONE, Access

from strowger.messaging.statuses import Status

QUERY_RESP, CANCEL_RESP = 0x80000003, 0x80000008


async def query(client: RawClient, message_id: str) -> Frame:
    return await client.call(0x03, cstring(message_id) + b"\x05\0" + cstring("ACME"))


async def cancel(client: RawClient, message_id: str) -> Frame:
    body = b"\0" + cstring(message_id) + b"\x05\0" + cstring("ACME") + b"\x01\x01" + cstring(PHONE)
    return await client.call(0x08, body)


def state(frame: Frame) -> tuple[int, str, int, int]:
    """Status, final date, message_state and error_code of a query_sm_resp."""
    _, date, rest = frame.body.split(b"\0", 2)
    return frame.status, date.decode(), rest[0], rest[1]


async def test_query_sm_tells_the_state(access: Access) -> None:
    client = await access.bind(await access.user())
    message_id = (await client.submitted(PHONE, source="ACME")).message_id
    answer = await query(client, message_id)
    assert (answer.command, answer.message_id, state(answer)) == (QUERY_RESP, message_id, (0, "", 1, 0))
    (outcome,) = await access.world.submit()
    assert state(await query(client, message_id.upper())) == (0, "", 6, 0)
    await access.world.report(access.world.receipt(outcome.parts[0].operator_id, Status.UNDELIVERED, "ABSENT-SUB"))
    assert state(await query(client, message_id)) == (0, "260101000000000+", 5, 51)


async def test_many_queries_are_one_statement(access: Access) -> None:
    client = await access.bind(await access.user())
    ids = [(await client.submitted(PHONE, source="ACME")).message_id for _ in range(20)]
    for message_id in ids:
        client.send(0x03, cstring(message_id) + b"\x05\0" + cstring("ACME"))
    answers = [await client.next() for _ in ids]
    assert [answer.message_id for answer in answers] == ids


async def test_a_waiting_message_is_cancelled(access: Access) -> None:
    client = await access.bind(await access.user())
    message_id = (await client.submitted(PHONE, source="ACME")).message_id
    answer = await cancel(client, message_id)
    assert (answer.command, answer.status) == (CANCEL_RESP, 0)
    (row,) = await access.messages()
    assert (row["status"], row["trace"]) == (Status.CANCELLED, "CALL-CANCELLED")
    assert await access.world.queued() == []
    assert await access.world.balance() == Decimal(1000)
    assert (await client.next_delivery()).fields["stat"] == "DELETED"
    assert (await cancel(client, message_id)).status == 0x11


async def test_a_priced_message_that_is_cancelled_costs_nothing(access: Access) -> None:
    client = await access.bind(await access.user())
    await access.world.set_link(access.world.carrier, "down")
    message_id = (await client.submitted(PHONE, source="ACME")).message_id
    await access.world.pipeline.intake.step()
    await access.world.pipeline.lanes.close()
    assert (await cancel(client, message_id)).status == 0
    assert await access.world.balance() == Decimal(1000)
    assert await access.world.balance() - Decimal(1000) == await access.world.ledger_sum()


async def test_what_was_handed_over_cannot_be_cancelled(access: Access) -> None:
    client = await access.bind(await access.user())
    message_id = (await client.submitted(PHONE, source="ACME")).message_id
    await access.world.submit()
    assert (await cancel(client, message_id)).status == 0x11
    assert (await access.messages())[0]["status"] == Status.SENT


async def test_a_scheduled_message_waits_is_asked_for_and_cancelled(access: Access) -> None:
    user = await access.user()
    client = await access.bind(user)
    first = (
        await client.submitted(PHONE, source="ACME", schedule="000000010000000R", validity="000000000500000R")
    ).message_id
    second = (await client.submitted(PHONE, source="ACME", schedule="260101060000004+")).message_id
    rows = await access.messages()
    assert [(row["status"], row["trace"]) for row in rows] == [(Status.SCHEDULED, "SCHEDULED")] * 2
    listed = await access.database.pool.fetch("SELECT total, due_at, source FROM scheduled_request ORDER BY due_at")
    assert [(row["total"], f"{row['due_at']:%d %H:%M}", row["source"]) for row in listed] == [
        (1, "01 01:00", "SMPP"), (1, "01 05:00", "SMPP"),
    ]  # fmt: skip
    assert state(await query(client, first)) == (0, "", 1, 0)
    await access.world.submit()
    assert [row["status"] for row in await access.messages()] == [Status.SCHEDULED] * 2
    assert (await cancel(client, second)).status == 0
    assert (await client.next_delivery()).fields["stat"] == "DELETED"
    assert state(await query(client, second))[2] == 4
    changed = "SELECT changed_at FROM scheduled_request ORDER BY due_at"
    assert [row["changed_at"] is not None for row in await access.database.pool.fetch(changed)] == [False, True]
    access.world.clock.advance(3600)
    (outcome,) = await access.world.submit()
    assert outcome.submission.expires_at - access.world.clock.now() == timedelta(minutes=5)
    client = await access.bind(user)  # the first one has been silent for an hour
    assert (await cancel(client, first)).status == 0x11


async def test_messages_of_others_do_not_exist(access: Access) -> None:
    mine = await access.bind(await access.user())
    stranger = await access.bind(await access.user("stranger", account=await access.another_account()))
    message_id = (await mine.submitted(PHONE, source="ACME")).message_id
    for ask in (query, cancel):
        for wrong in (message_id, "019b0000-0000-7000-8000-000000000000:1", "nonsense", "", message_id[:-1] + "2"):
            assert (await ask(stranger, wrong)).status == 0x0C, (ask, wrong)
    assert (await access.messages())[0]["status"] == Status.QUEUED
