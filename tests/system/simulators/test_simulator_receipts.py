"""Receipts: windows, reconnects, temporary errors, other sessions."""

from __future__ import annotations

from raw_smpp_client import RawClient

from strowger.simulators.smsc import SimulatedSmsc

NUMBER = "447700900123"


async def test_waits_for_a_receiver_of_the_same_system_id(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port) as sender, RawClient(smsc.port) as stranger, RawClient(smsc.port) as receiver:
        await sender.bind(2, "mine")
        identifier = (await sender.submitted(NUMBER)).message_id
        await stranger.bind(1, "other")
        await stranger.call(0x15)
        assert smsc.describe()["waiting"] == 1
        await receiver.bind(1, "mine")
        assert (await receiver.next_delivery()).fields["id"] == identifier
        assert stranger.drained()
        assert sender.drained()


async def test_unacknowledged_receipts_come_again_after_a_reconnect(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port, ack_status=None) as client:
        await client.bind()
        for n in range(5):
            await client.submitted(f"44770090000{n}")
        first = [(await client.next_delivery()).source for _ in range(5)]
        client.send(0x80000005, b"\0", sequence=2)
        await smsc.until_acknowledged(1)
    await smsc.until(lambda s: not s.sessions)
    assert smsc.counters.requeued == 4
    async with RawClient(smsc.port) as client:
        await client.bind()
        again = [(await client.next_delivery()).source for _ in range(4)]
        await smsc.until_acknowledged(5)
    assert again == [first[0], *first[2:]]


async def test_receipts_survive_an_outage_of_the_link(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind(2)
        await client.submitted(NUMBER)
        port = smsc.port
        await smsc.close_link()
        await client.closed.wait()
    await smsc.open_link()
    assert smsc.port == port
    async with RawClient(port) as client:
        await client.bind()
        assert (await client.next_delivery()).source == NUMBER


async def test_no_more_than_the_window_is_unacknowledged() -> None:
    async with SimulatedSmsc(window=3) as smsc, RawClient(smsc.port, ack_status=None) as client:
        await client.bind()
        for n in range(10):
            await client.submitted(f"44770090000{n}")
        got = [await client.next_delivery() for _ in range(3)]
        await client.call(0x15)
        assert client.drained()
        client.send(0x80000005, b"\0", sequence=got[1].sequence)
        assert (await client.next_delivery()).source == "447700900003"
        assert smsc.describe()["waiting"] == 6


async def test_a_temporary_error_brings_the_receipt_again(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port, ack_status=0x64) as client:
        await client.bind()
        await client.submitted(NUMBER)
        first = await client.next_delivery()
        await smsc.until(lambda s: s.counters.requeued == 1)
        client.ack_status = 0
        smsc.skip(1.1)
        assert (await client.next_delivery()).fields["id"] == first.fields["id"]
        await smsc.until_acknowledged(1)


async def test_a_permanent_error_ends_the_receipt(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port, ack_status=0x0B) as client:
        await client.bind()
        await client.submitted(NUMBER)
        await smsc.until(lambda s: s.counters.receipts_nacked == 1)
        assert smsc.describe()["waiting"] == smsc.describe()["scheduled"] == 0


async def test_two_receivers_share_the_receipts(smsc: SimulatedSmsc) -> None:
    async with RawClient(smsc.port, ack_status=None) as one, RawClient(smsc.port, ack_status=None) as two:
        await one.bind()
        await two.bind()
        for n in range(4):
            await one.submitted(f"44770090000{n}")
        got = [await client.next_delivery() for client in (one, one, two, two)]
        assert sorted(delivery.source[-1] for delivery in got) == ["0", "1", "2", "3"]


async def test_a_full_outbox_drops_the_oldest() -> None:
    async with SimulatedSmsc(outbox_bound=2) as smsc, RawClient(smsc.port) as client:
        await client.bind(2)
        for n in range(3):
            await client.submitted(f"44770090000{n}")
        assert (smsc.counters.dropped, smsc.describe()["waiting"]) == (1, 2)
