"""Receipts and incoming messages to customers' clients: when, to whom, in which words, and that none is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.installation import until
from tests.system.simulators.raw_smpp_client import RawClient
from tests.system.smpp_access.conftest import PHONE, Access

from strowger.channels.sms.receive import service as receive
from strowger.channels.sms.receive.schemas import Draft
from strowger.channels.sms.smpp_access import service
from strowger.messaging.outcomes import Accepted, Incoming
from strowger.messaging.statuses import Status

MINE = "4915550001"  # the number of the world's account


async def submit(client: RawClient, *, registered: int = 1, text: bytes = b"Hello", to: str = PHONE) -> str:
    answer = await client.submitted(to, text, source="ACME", registered=registered)
    assert answer.status == 0
    return answer.message_id


async def report(access: Access, outcomes: list[Accepted], status: Status, trace: str) -> None:
    reports = [access.world.receipt(o.parts[0].operator_id, status, trace) for o in outcomes]
    await access.world.report(*reports)


async def nothing_waits(access: Access) -> None:
    async def empty() -> bool:
        return not await access.waiting()

    await until(empty, 5, "an empty queue")


async def test_a_receipt_says_what_happened(access: Access) -> None:
    client = await access.bind(await access.user())
    message_id = await submit(client, text=b"Hello you, how are things?")
    outcomes = await access.world.submit()
    access.world.clock.advance(90)
    await report(access, outcomes, Status.DELIVERED, "DELIVERED")
    got = await client.next_delivery()
    assert (got.source, got.source_ton, got.destination, got.dest_ton) == (PHONE, 1, "ACME", 5)
    assert (got.esm_class, got.data_coding) == (0x04, 0)
    assert (
        got.text
        == (
            f"id:{message_id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 "
            "stat:DELIVRD err:000 text:Hello you, how are t"
        ).encode()
    )
    assert got.tlvs == {0x001E: message_id.encode() + b"\0", 0x0427: b"\x02"}
    await nothing_waits(access)


OUTCOMES = {
    "ABSENT-SUB": (Status.UNDELIVERED, "UNDELIV", "051", 5),
    "EXPIRED": (Status.EXPIRED, "EXPIRED", "060", 3),
    "DLT-REJECT-634": (Status.UNDELIVERED, "UNDELIV", "634", 5),
    "SOMETHING-ELSE": (Status.UNDELIVERED, "UNDELIV", "099", 5),
    "FAILED": (Status.FAILED, "FAILED", "056", 5),
}


@pytest.mark.parametrize("trace", OUTCOMES)
async def test_the_words_and_numbers_of_failures(access: Access, trace: str) -> None:
    status, stat, err, state = OUTCOMES[trace]
    client = await access.bind(await access.user())
    await submit(client)
    await report(access, await access.world.submit(), status, trace)
    got = await client.next_delivery()
    assert (got.fields["stat"], got.fields["err"], got.tlvs[0x0427]) == (stat, err, bytes((state,)))


async def test_a_message_that_the_platform_refuses_is_told_as_rejectd(access: Access) -> None:
    await access.world.set_account(allowed_countries=["DE"])
    client = await access.bind(await access.user())
    await submit(client)
    await access.world.pipeline.intake.step()
    got = await client.next_delivery()
    assert (got.fields["stat"], got.fields["err"], got.fields["dlvrd"]) == ("REJECTD", "009", "000")


async def test_only_what_was_asked_for_is_told(access: Access) -> None:
    client = await access.bind(await access.user())
    asked = {0: [], 1: ["DELIVRD"], 2: [], 0x11: ["ACCEPTD", "DELIVRD"]}
    wanted = {await submit(client, registered=bits): words for bits, words in asked.items()}
    failing = await submit(client, registered=2, to="4917012345678")
    outcomes = await access.world.submit()
    bad = [o for o in outcomes if o.submission.recipient != PHONE]
    await report(access, [o for o in outcomes if o not in bad], Status.DELIVERED, "DELIVERED")
    await report(access, bad, Status.UNDELIVERED, "ABSENT-SUB")
    told: dict[str, list[str]] = {message_id: [] for message_id in wanted} | {failing: []}
    for _ in range(4):
        got = await client.next_delivery()
        told[got.fields["id"]].append(got.fields["stat"])
        assert got.esm_class == (0x20 if got.fields["stat"] == "ACCEPTD" else 0x04)
    assert told == wanted | {failing: ["UNDELIV"]}
    await nothing_waits(access)
    assert client.drained()


async def test_messages_of_the_http_api_have_no_receipts(access: Access) -> None:
    client = await access.bind(await access.user())
    await access.world.send()
    await report(access, await access.world.submit(), Status.DELIVERED, "DELIVERED")
    assert await access.waiting() == []
    assert client.drained()


async def test_absent_clients_get_everything_in_order_when_they_come(access: Access) -> None:
    user = await access.user(window=5)
    transmitter = await access.bind(user, 2)
    ids = [await submit(transmitter) for _ in range(20)]
    outcomes = await access.world.submit()
    for outcome in sorted(outcomes, key=lambda o: ids.index(f"{o.submission.request_id}:1")):
        await report(access, [outcome], Status.DELIVERED, "DELIVERED")
    assert len(await access.waiting()) == 20
    (live,) = await service.live_users(access.context, access.world.account)
    assert live.waiting == 20
    receiver = await access.bind(user, 1)
    assert [(await receiver.next_delivery()).fields["id"] for _ in range(20)] == ids
    await nothing_waits(access)


async def test_the_window_bounds_what_is_unanswered(access: Access) -> None:
    user = await access.user(window=4)
    transmitter = await access.bind(user, 2)
    for _ in range(10):
        await submit(transmitter)
    await report(access, await access.world.submit(), Status.DELIVERED, "DELIVERED")
    mute = await access.bind(user, 1, ack_status=None)
    got = [await mute.next_delivery() for _ in range(4)]
    assert (await mute.call(0x15)).command == 0x80000015
    assert mute.delivered.empty()
    for delivery in got:
        mute.send(0x80000005, b"\0", sequence=delivery.sequence)
    for _ in range(4):
        await mute.next_delivery()
    assert mute.delivered.empty()


async def test_what_is_not_answered_comes_again_to_the_next_bind(access: Access) -> None:
    user = await access.user()
    client = await access.bind(user, ack_status=None)
    message_id = await submit(client)
    await report(access, await access.world.submit(), Status.DELIVERED, "DELIVERED")
    assert (await client.next_delivery()).fields["id"] == message_id
    client.writer.close()
    again = await access.bind(user)
    assert (await again.next_delivery()).fields["id"] == message_id
    await nothing_waits(access)


async def test_what_a_client_cannot_take_now_is_tried_again_and_what_it_refuses_is_not(access: Access) -> None:
    user = await access.user()
    busy = await access.bind(user, ack_status=0x64)
    await submit(busy)
    await report(access, await access.world.submit(), Status.DELIVERED, "DELIVERED")
    await busy.next_delivery()

    async def postponed() -> Any:
        return [row for row in await access.waiting() if row["attempts"] == 1 and row["claimed_by"] is None]

    (row,) = await until(postponed, 5, "the row put off")
    assert row["due_at"] == access.world.clock.now() + timedelta(seconds=5)
    busy.ack_status = 0x66
    access.world.clock.advance(5)
    access.server.outbox.wake()
    await busy.next_delivery()
    await nothing_waits(access)


async def test_a_client_that_never_answers_is_cut_and_the_receipt_kept(access: Access) -> None:
    client = await access.bind(await access.user(), ack_status=None)
    await submit(client)
    await report(access, await access.world.submit(), Status.DELIVERED, "DELIVERED")
    await client.next_delivery()
    access.world.clock.advance(61)
    await client.call(0x15)
    await access.server.tick()
    await asyncio.wait_for(client.closed.wait(), 30)
    assert len(await access.waiting()) == 1


async def test_each_receipt_goes_to_one_of_several_processes_and_only_to_its_user(access: Access) -> None:
    user, neighbour = await access.user(), await access.user("neighbour")
    other = await access.another_server()
    clients = [await access.bind(user), await access.bind(user, server=other)]
    stranger = await access.bind(neighbour, server=other)
    ids = {await submit(clients[i % 2]) for i in range(30)}
    await report(access, await access.world.submit(), Status.DELIVERED, "DELIVERED")
    await nothing_waits(access)
    got = [c.delivered.get_nowait().fields["id"] for c in clients for _ in range(c.delivered.qsize())]
    assert sorted(got) == sorted(ids)
    assert stranger.drained()


async def test_receipts_are_kept_72_hours(access: Access) -> None:
    user = await access.user()
    await submit(await access.bind(user, 2))
    await report(access, await access.world.submit(), Status.DELIVERED, "DELIVERED")
    access.world.clock.advance(72 * 3600)
    receiver = await access.bind(user, 1)
    access.server._ticks = 59
    await access.server.tick()
    assert await access.waiting() == []
    assert receiver.drained()


async def test_a_message_without_a_receipt_ends_unknown(access: Access) -> None:
    client = await access.bind(await access.user())
    message_id = await submit(client)
    await access.world.submit()
    await access.database.pool.execute("UPDATE message SET created_at = now()")
    access.world.clock._now = (await access.messages())[0]["created_at"]
    access.world.clock.advance(73 * 3600)
    assert await access.world.upkeep.close_without_receipt() == 1
    got = await client.next_delivery()
    assert (got.fields["id"], got.fields["stat"], got.tlvs[0x0427]) == (message_id, "UNKNOWN", b"\x07")


async def test_incoming_messages_go_to_the_client_that_the_number_names(access: Access) -> None:
    user = await access.user()
    await access.database.pool.execute("UPDATE number SET smpp_user_id = $1 WHERE msisdn = $2", user.id, MINE)
    client = await access.bind(user)
    texts = ["Hello {€}", "Привет", "x" * 400]
    for text in texts:
        incoming = Incoming(access.world.carrier, PHONE, MINE, text, access.world.clock.now())
        assert await access.world.report(incoming) == [None]
    plain, wide, long = [await client.next_delivery() for _ in texts]
    assert (plain.source, plain.destination, plain.esm_class, plain.data_coding) == (PHONE, MINE, 0, 0)
    assert plain.text == b"Hello \x1b\x28\x1b\x65\x1b\x29"
    assert (wide.text.decode("utf-16-be"), wide.data_coding) == ("Привет", 8)
    assert (long.text, long.tlvs[0x0424]) == (b"", b"x" * 400)
    await nothing_waits(access)


async def test_a_keyword_names_another_client_than_its_number(access: Access) -> None:
    plain, booking = await access.user(), await access.user("booking")
    await access.database.pool.execute("UPDATE number SET smpp_user_id = $1 WHERE msisdn = $2", plain.id, MINE)
    draft = Draft("BOOK", access.world.clock.now() + timedelta(days=1), smpp_user_id=booking.id)
    now = access.world.clock.now()
    await access.database.run(lambda c: receive.create(c, access.world.account, MINE, draft, now))
    clients = await access.bind(plain), await access.bind(booking)
    for text in ("Hello", "book a table"):
        assert await access.world.report(Incoming(access.world.carrier, PHONE, MINE, text, now)) == [None]
    assert [(await client.next_delivery()).text for client in clients] == [b"Hello", b"book a table"]
    await nothing_waits(access)


async def test_a_client_of_smpp_33_gets_no_optional_parameters(access: Access) -> None:
    user = await access.user()
    await access.database.pool.execute("UPDATE number SET smpp_user_id = $1 WHERE msisdn = $2", user.id, MINE)
    client = await access.client()
    body = b"acme\0" + user.password.encode() + b"\0\0\x33\0\0\0"
    assert (await client.call(9, body)).status == 0
    await submit(client)
    await report(access, await access.world.submit(), Status.DELIVERED, "DELIVERED")
    assert (await client.next_delivery()).tlvs == {}
    long = Incoming(access.world.carrier, PHONE, MINE, "x" * 300, access.world.clock.now())
    await access.world.report(long)
    parts = [await client.next_delivery() for _ in range(2)]
    assert [part.text[:6] for part in parts] == [b"\x05\0\x03" + parts[0].text[3:4] + bytes((2, n)) for n in (1, 2)]
    assert b"".join(part.text[6:] for part in parts) == b"x" * 300
    assert {part.esm_class for part in parts} == {0x40}
    await nothing_waits(access)


async def test_removing_a_user_drops_what_waited_and_never_disturbs_the_journal(access: Access) -> None:
    user = await access.user()
    client = await access.bind(user, 2)
    await submit(client)
    await submit(client)
    first, second = await access.world.submit()
    await report(access, [first], Status.DELIVERED, "DELIVERED")
    assert len(await access.waiting()) == 1
    await service.remove_user(access.context, access.world.account, user.id)
    await report(access, [second], Status.DELIVERED, "DELIVERED")
    assert await access.waiting() == []
    assert {row["status"] for row in await access.messages()} == {Status.DELIVERED}


async def test_a_stopped_server_gives_back_what_it_held(access: Access) -> None:
    other = await access.another_server()
    user = await access.user(window=1)
    client = await access.bind(user, server=other, ack_status=None)
    for _ in range(3):
        await submit(client)
    await report(access, await access.world.submit(), Status.DELIVERED, "DELIVERED")
    got = await client.next_delivery()
    stopping = asyncio.create_task(other.stop())
    client.send(0x80000005, b"\0", sequence=got.sequence)
    await stopping
    rows = await access.waiting()
    assert [row["claimed_by"] for row in rows] == [None, None]
    assert await access.database.pool.fetchval("SELECT count(*) FROM smpp_bind") == 0
