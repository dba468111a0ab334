"""Each misbehaviour as a client meets it on the wire."""

from __future__ import annotations

import asyncio

import pytest
from raw_smpp_client import RawClient, cstring, udh

from strowger.simulators.smsc import SimulatedSmsc

NUMBER = "447700900123"
BIND = cstring("test") + b"\0\0\x34\0\0\0"


async def test_silent(smsc: SimulatedSmsc) -> None:
    smsc.misbehave("silent", system_id="test")
    async with RawClient(smsc.port) as mute, RawClient(smsc.port) as other:
        mute.send(9, BIND)
        mute.send(0x15)
        assert (await other.bind(system_id="other")).status == 0
        await smsc.until(lambda s: s.counters.binds_refused == 1)
        assert mute.drained()
        assert not mute.closed.is_set()


async def test_bind_refused(smsc: SimulatedSmsc) -> None:
    smsc.misbehave("bind-refused", status=0x0E)
    async with RawClient(smsc.port) as client:
        assert (await client.bind()).status == 0x0E
        smsc.misbehave("bind-refused", on=False)
        assert (await client.bind()).status == 0


async def test_enquire_link_ignored(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        smsc.misbehave("enquire-link-ignored")
        client.send(0x15)
        assert (await client.submitted(NUMBER)).status == 0


async def test_never_answers_submit_whether_it_takes_it_or_not(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        smsc.misbehave("never-answers-submit")
        client.submit(NUMBER, b"lost")
        await smsc.until_submitted(1)
        smsc.misbehave("never-answers-submit", takes=True)
        client.submit(NUMBER, b"kept")
        assert (await client.next_delivery()).fields["text"] == "kept"
        assert (await client.call(0x15)).command == 0x80000015
        assert (smsc.counters.unanswered, smsc.counters.accepted) == (2, 1)


@pytest.mark.parametrize(("name", "named"), [("nack-with-sequence", True), ("nack-without-sequence", False)])
async def test_nacks(smsc: SimulatedSmsc, name: str, named: bool) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        smsc.misbehave(name)
        sequence = client.submit(NUMBER)
        nack = await client.next()
        assert (nack.command, nack.status, nack.sequence) == (0x80000000, 3, sequence if named else 0)


@pytest.mark.parametrize(("name", "status"), [("throttle", 0x58), ("queue-full", 0x14), ("refuses", 0x45)])
async def test_refuses_every_nth(smsc: SimulatedSmsc, name: str, status: int) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        smsc.misbehave(name, every=3)
        assert [(await client.submitted(NUMBER)).status for _ in range(6)] == [0, 0, status] * 2
        assert (smsc.counters.accepted, smsc.counters.refused) == (4, 2)


async def test_drops_the_link_in_mid_window(smsc: SimulatedSmsc) -> None:
    smsc.misbehave("drops-link-mid-window", every=3)
    async with RawClient(smsc.port) as client:
        await client.bind()
        for _ in range(5):
            client.submit(NUMBER)
        await asyncio.wait_for(client.closed.wait(), 30)
    async with RawClient(smsc.port) as client:
        assert (await client.bind()).status == 0
        assert (await client.submitted(NUMBER)).status == 0


async def test_unbinds_after_n(smsc: SimulatedSmsc) -> None:
    smsc.misbehave("unbinds-after", every=2)
    async with RawClient(smsc.port) as client:
        await client.bind()
        await client.submitted(NUMBER)
        await client.submitted(NUMBER)
        unbind = await client.next()
        assert (unbind.command, unbind.status) == (6, 0)
        client.send(0x80000006, sequence=unbind.sequence)
        await asyncio.wait_for(client.closed.wait(), 30)


async def test_slow_answers(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        smsc.misbehave("slow-answers", ms=60_000)
        slow = client.submit(NUMBER)
        await client.next_delivery()
        smsc.misbehave("slow-answers", on=False)
        await client.submitted(NUMBER, b"quick")
        smsc.skip(61)
        assert (await client.next()).sequence == slow


async def test_answers_after_the_receipt(smsc: SimulatedSmsc) -> None:
    smsc.misbehave("answers-after-the-receipt")
    async with RawClient(smsc.port) as client:
        await client.bind()
        client.order.clear()
        answer = await client.submitted(NUMBER)
        assert client.order == ["deliver", "80000004"]
        assert (await client.next_delivery()).fields["id"] == answer.message_id
        assert (await client.submitted(NUMBER, registered=0)).status == 0


async def test_duplicate_and_late_receipts(smsc: SimulatedSmsc) -> None:
    smsc.misbehave("duplicate-receipts", copies=3)
    smsc.misbehave("late-receipts", seconds=3600)
    async with RawClient(smsc.port) as client:
        await client.bind()
        identifier = (await client.submitted(NUMBER)).message_id
        assert smsc.messages(NUMBER)
        assert client.delivered.empty()
        smsc.skip(3601)
        assert {(await client.next_delivery()).fields["id"] for _ in range(3)} == {identifier}


@pytest.mark.parametrize(("name", "bases"), [
    ("hex-ids", (16, 16)), ("decimal-ids", (10, 10)),
    ("hex-submit-dec-receipt", (16, 10)), ("dec-submit-hex-receipt", (10, 16)),
])  # fmt: skip
async def test_spellings_of_ids(smsc: SimulatedSmsc, name: str, bases: tuple[int, int]) -> None:
    smsc.misbehave(name)
    async with RawClient(smsc.port) as client:
        await client.bind()
        answer = (await client.submitted(NUMBER)).message_id
        receipt = await client.next_delivery()
        assert int(answer, bases[0]) == int(receipt.fields["id"], bases[1])
        assert (answer == receipt.fields["id"]) == (bases[0] == bases[1])
        assert receipt.tlvs[0x1E] == receipt.fields["id"].encode() + b"\0"


async def test_part_2_lost(smsc: SimulatedSmsc) -> None:
    smsc.misbehave("part-2-lost")
    async with RawClient(smsc.port) as client:
        await client.bind()
        ids = [(await client.submitted(NUMBER, udh(1, 3, n) + b"x", esm_class=0x40)).message_id for n in (1, 2, 3)]
        assert [(await client.next_delivery()).fields["id"] for _ in range(2)] == [ids[0], ids[2]]
        await client.call(0x15)
        assert client.delivered.empty()
        assert smsc.messages(NUMBER) == []


async def test_receipts_of_parts_reversed(smsc: SimulatedSmsc) -> None:
    smsc.misbehave("receipts-reversed", gap_ms=10_000)
    async with RawClient(smsc.port) as client:
        await client.bind()
        ids = [(await client.submitted(NUMBER, udh(1, 3, n) + b"x", esm_class=0x40)).message_id for n in (1, 2, 3)]
        smsc.skip(21)
        assert [(await client.next_delivery()).fields["id"] for _ in range(3)] == ids[::-1]


@pytest.mark.parametrize(
    ("name", "text", "tlvs"), [("receipts-text-only", True, False), ("receipts-tlv-only", False, True)]
)
async def test_forms_of_receipts(smsc: SimulatedSmsc, name: str, text: bool, tlvs: bool) -> None:
    smsc.misbehave(name)
    async with RawClient(smsc.port) as client:
        await client.bind()
        await client.submitted(NUMBER)
        receipt = await client.next_delivery()
        assert (bool(receipt.text), bool(receipt.tlvs), receipt.esm_class) == (text, tlvs, 4)


async def test_no_receipts(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        smsc.misbehave("no-receipts")
        await client.submitted(NUMBER, b"first")
        smsc.misbehave("no-receipts", on=False)
        await client.submitted(NUMBER, b"second")
        assert (await client.next_delivery()).fields["text"] == "second"
        assert len(smsc.messages(NUMBER)) == 2
