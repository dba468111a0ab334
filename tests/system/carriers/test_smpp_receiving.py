"""Receipts and incoming messages over TCP: translated, matched by id, acknowledged only when they are on disk."""

from __future__ import annotations

import asyncio

import pytest
from carrier_kit import Peer, ScriptedSmsc, running, submission

from strowger.channels.sms.carriers.smpp.receiver import MAX_IN_HAND
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.messaging.outcomes import Accepted, Incoming, Receipt
from strowger.messaging.statuses import Status
from strowger.protocols.gsm import udh_concat, udh_concat16
from strowger.protocols.smpp.pdu import DataSm, DeliverSm, DeliverSmResp, SubmitSm
from strowger.protocols.smpp.tlv import (
    TLV_MESSAGE_PAYLOAD,
    TLV_MESSAGE_STATE,
    TLV_RECEIPTED_MESSAGE_ID,
    TLV_SAR_MSG_REF_NUM,
    TLV_SAR_SEGMENT_SEQNUM,
    TLV_SAR_TOTAL_SEGMENTS,
    int_tlv,
    text_tlv,
)
from strowger.simulators.smsc import SimulatedSmsc


def receipt(
    sequence: int, message_id: str = "id-1", stat: str = "DELIVRD", err: str = "000", **fields: object
) -> DeliverSm:
    text = f"id:{message_id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:{stat} err:{err} text:Hello"
    return DeliverSm(
        sequence,
        source_addr="447700900001",
        destination_addr="STROWG",
        esm_class=4,
        short_message=text.encode(),
        **fields,  # type: ignore[arg-type]
    )


def incoming(sequence: int, text: bytes, **fields: object) -> DeliverSm:
    return DeliverSm(
        sequence,
        source_addr="447700900001",
        destination_addr="+447860000000",
        short_message=text,
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("stat", "err", "status", "trace"),
    [
        ("DELIVRD", "000", Status.DELIVERED, "DELIVERED"),
        ("UNDELIV", "051", Status.UNDELIVERED, "ABSENT-SUB"),
        ("UNDELIV", "000", Status.UNDELIVERED, "UN-DELIV"),
        ("EXPIRED", "060", Status.EXPIRED, "EXPIRED"),
        ("REJECTD", "074", Status.NOT_SENT, "DND-NUMB"),
        ("REJECTD", "034", Status.UNDELIVERED, "NET-ERR"),
        ("ACCEPTD", "000", Status.SENT, "ENROUTE"),
        ("UNDELIV", "977", Status.UNDELIVERED, "SERIES-BLK"),
    ],
)
async def test_receipts_are_translated(centre: ScriptedSmsc, stat: str, err: str, status: Status, trace: str) -> None:
    async with running(centre.port, err_traces={"977": "SERIES-BLK"}) as run:
        await centre.until_bound()
        answer = await centre.peer.ask(lambda sequence: receipt(sequence, stat=stat, err=err))
        assert isinstance(answer, DeliverSmResp)
        assert answer.command_status == 0
        report = run.journal.reports[0]
        assert isinstance(report, Receipt)
        assert (report.carrier_id, report.operator_id, report.status, report.trace) == (7, "id-1", status, trace)
        assert report.detail["stat"] == stat


async def test_a_receipt_is_acknowledged_only_when_it_is_on_disk(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        await centre.until_bound()
        run.journal.disk.clear()
        asking = asyncio.create_task(centre.peer.ask(receipt))
        await run.journal.until(lambda: run.journal.pending == 1)
        await centre.peer.settle()
        assert not asking.done()
        run.journal.disk.set()
        assert (await asking).command_status == 0


@pytest.mark.parametrize(
    ("problem", "status"),
    [(Unavailable(), 0x64), (StrowgerError("MO404"), 0x0B), (StrowgerError("E500"), 0x64), (RuntimeError("bug"), 0x64)],
)
async def test_what_cannot_be_stored_is_delivered_again(centre: ScriptedSmsc, problem: Exception, status: int) -> None:
    async with running(centre.port) as run:
        await centre.until_bound()
        run.journal.problem = problem
        answer = await centre.peer.ask(lambda sequence: incoming(sequence, b"Hi"))
        assert answer.command_status == status


async def test_too_many_unacknowledged_reports_stop_the_reading(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        await centre.until_bound()
        run.journal.disk.clear()
        asking = [asyncio.create_task(centre.peer.ask(lambda s: receipt(s, f"id-{s}"))) for _ in range(20_000)]
        await run.journal.until(lambda: run.journal.pending >= MAX_IN_HAND)
        for _ in range(50):
            await asyncio.sleep(0)
        # What one read from the socket had brought already is taken in; nothing beyond it.
        assert run.journal.pending < 5_000
        run.journal.disk.set()
        await asyncio.gather(*asking)
        assert len(run.journal.reports) == 20_000


async def test_receipts_before_the_answer_to_the_submit(centre: ScriptedSmsc) -> None:
    def report_first(peer: Peer, pdu: SubmitSm) -> None:
        peer.send(receipt(1, f"id-{len(centre.submits)}"))
        centre.accept(peer, pdu)

    centre.on_submit = report_first
    async with running(centre.port) as run:
        run.lane.put(submission())
        await run.journal.until_outcomes(1)
        await run.journal.until_reports(1)
        assert run.journal.reports[0].operator_id == run.journal.outcomes[0].parts[0].operator_id  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("misbehaviour", "quirk"),
    [
        ("hex-ids", "hex"),
        ("decimal-ids", "dec"),
        ("hex-submit-dec-receipt", "submit-hex-receipt-dec"),
        ("dec-submit-hex-receipt", "submit-dec-receipt-hex"),
        ("receipts-text-only", "as-is"),
        ("receipts-tlv-only", "as-is"),
        ("answers-after-the-receipt", "as-is"),
        ("receipts-reversed", "as-is"),
    ],
)
async def test_each_part_meets_its_receipt(misbehaviour: str, quirk: str) -> None:
    async with SimulatedSmsc() as smsc:
        smsc.misbehave(misbehaviour)
        async with running(smsc.port, id_quirk=quirk) as run:
            run.lane.put(*(submission("x" * 400, f"4477009{i:05d}") for i in range(100)))
            await run.journal.until_outcomes(100)
            await run.journal.until_reports(300)
            ids = [p.operator_id for o in run.journal.outcomes if isinstance(o, Accepted) for p in o.parts]
            assert len(set(ids)) == 300
            assert sorted(r.operator_id for r in run.journal.reports if isinstance(r, Receipt)) == sorted(map(str, ids))
            await smsc.until_acknowledged(300)


@pytest.mark.parametrize("source", ["auto", "text", "tlv"])
async def test_where_the_id_of_a_receipt_is_read(centre: ScriptedSmsc, source: str) -> None:
    async with running(centre.port, receipt_source=source) as run:
        await centre.until_bound()
        tlvs = (text_tlv(TLV_RECEIPTED_MESSAGE_ID, "from-tlv"), int_tlv(TLV_MESSAGE_STATE, 2))
        await centre.peer.ask(lambda sequence: receipt(sequence, "from-text", tlvs=tlvs))
        assert run.journal.reports[0].operator_id == ("from-text" if source == "text" else "from-tlv")  # type: ignore[union-attr]


async def test_a_receipt_that_is_not_marked_is_known_by_its_text_only_when_configured(centre: ScriptedSmsc) -> None:
    for source, kind in (("text", Receipt), ("auto", Incoming)):
        async with running(centre.port, receipt_source=source) as run:
            await centre.until_bound()
            text = receipt(0).short_message
            await centre.peer.ask(lambda sequence, text=text: incoming(sequence, text))  # type: ignore[misc]
            assert isinstance(run.journal.reports[0], kind)


async def test_a_receipt_by_data_sm(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        await centre.until_bound()
        tlvs = (text_tlv(TLV_RECEIPTED_MESSAGE_ID, "id-9"), int_tlv(TLV_MESSAGE_STATE, 2))
        answer = await centre.peer.ask(lambda sequence: DataSm(sequence, esm_class=4, tlvs=tlvs))
        assert (answer.command_id, answer.command_status) == (0x80000103, 0)
        assert run.journal.reports[0].operator_id == "id-9"  # type: ignore[union-attr]


async def test_a_receipt_without_an_id_is_acknowledged_and_counted(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        await centre.until_bound()
        answer = await centre.peer.ask(lambda sequence: DeliverSm(sequence, esm_class=4, short_message=b"stat:DELIVRD"))
        assert answer.command_status == 0
        assert not run.journal.reports


async def test_an_incoming_message_is_decoded(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        await centre.until_bound()
        await centre.peer.ask(lambda sequence: incoming(sequence, "Grüße 🙂".encode("utf-16-be"), data_coding=8))
        message = run.journal.reports[0]
        assert isinstance(message, Incoming)
        assert (message.source, message.destination, message.text) == ("447700900001", "447860000000", "Grüße 🙂")
        assert message.reference is None


async def test_parts_of_incoming_messages_by_header_and_by_parameters(centre: ScriptedSmsc) -> None:
    sar = (int_tlv(TLV_SAR_MSG_REF_NUM, 777), int_tlv(TLV_SAR_TOTAL_SEGMENTS, 2), int_tlv(TLV_SAR_SEGMENT_SEQNUM, 1))
    async with running(centre.port) as run:
        await centre.until_bound()
        peer = centre.peer
        await peer.ask(lambda sequence: incoming(sequence, udh_concat(9, 2, 2) + b"tail", esm_class=0x40))
        await peer.ask(lambda sequence: incoming(sequence, udh_concat16(3000, 3, 1) + b"head", esm_class=0x40))
        await peer.ask(lambda sequence: incoming(sequence, b"sar", tlvs=sar))
        await peer.ask(lambda sequence: incoming(sequence, b"", tlvs=((TLV_MESSAGE_PAYLOAD, b"whole"),)))
        found = [(m.text, m.reference, m.part, m.total) for m in run.journal.reports if isinstance(m, Incoming)]
        assert found == [("tail", 9, 2, 2), ("head", 3000, 1, 3), ("sar", 777, 1, 2), ("whole", None, 1, 1)]


async def test_an_unreadable_delivery_is_refused_and_the_link_stays(centre: ScriptedSmsc) -> None:
    async with running(centre.port):
        await centre.until_bound()
        body = b"\0\1\1447700900001\0\1\1447860000000\0\0\0\0\0\0\0\0\0\0\xfeshort"
        frame = (16 + len(body)).to_bytes(4, "big") + b"\0\0\0\5" + bytes(4) + (77).to_bytes(4, "big") + body
        centre.peer.transport.write(frame)
        answers = lambda: [p for p in centre.received if isinstance(p, DeliverSmResp) and p.sequence_number == 77]  # noqa: E731
        await centre.until(lambda: bool(answers()))
        assert answers()[0].command_status != 0
        assert len(centre.binds) == 1
