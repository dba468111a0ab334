"""Submitting over TCP: window, slow start, order, pace, answers of every kind, parts."""

from __future__ import annotations

import pytest
from carrier_kit import Peer, ScriptedSmsc, running, submission

from strowger.messaging.outcomes import Accepted, Rejected, Retry, Unknown
from strowger.protocols.gsm import parse_udh
from strowger.protocols.smpp.pdu import GenericNack, SubmitSm, SubmitSmResp

LONG = "x" * 400  # three parts


async def answer_all(centre: ScriptedSmsc, peer: Peer, start: int) -> None:
    for pdu in centre.submits[start:]:
        centre.accept(peer, pdu)
    await peer.settle()


async def test_each_message_ends_accepted_with_the_carriers_id(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        message = submission("Hello")
        run.lane.put(message)
        await run.journal.until_outcomes(1)
        outcome = run.journal.outcomes[0]
        assert isinstance(outcome, Accepted)
        assert outcome.submission is message
        part = outcome.parts[0]
        assert (part.part, part.operator_id) == (1, "id-1")
        assert part.detail["command_status"] == "0x00000000"
        assert part.detail["name"] == "ESME_ROK"
        assert part.detail["sequence"] == centre.submits[0].sequence_number
        pdu = centre.submits[0]
        assert (pdu.source_addr_ton, pdu.source_addr, pdu.destination_addr) == (5, "STROWG", "447700900001")
        assert (pdu.registered_delivery, pdu.data_coding, pdu.short_message) == (1, 0, b"Hello")
        assert pdu.validity_period.endswith("000R")


async def test_R13_the_window_starts_at_two_and_doubles_to_the_configured_one(centre: ScriptedSmsc) -> None:
    centre.on_submit = centre.hold
    async with running(centre.port, window=11) as run:
        run.lane.put(*(submission(str(i)) for i in range(100)))
        sizes, answered = [], 0
        for expected in (2, 4, 8, 11, 11):
            await centre.until_submits(answered + expected)
            await centre.peer.settle()
            sizes.append(len(centre.submits) - answered)
            await answer_all(centre, centre.peer, answered)
            answered = sum(sizes)
        assert sizes == [2, 4, 8, 11, 11]


async def test_no_more_is_taken_than_window_and_prefetch(centre: ScriptedSmsc) -> None:
    centre.on_submit = centre.hold
    async with running(centre.port, window=2) as run:
        run.lane.put(*(submission() for _ in range(100)))
        await centre.until_submits(2)
        await centre.peer.settle()
        assert len(run.lane.waiting) >= 100 - 4


async def test_answers_in_any_order_find_their_message(centre: ScriptedSmsc) -> None:
    centre.on_submit = centre.hold
    async with running(centre.port, window=2) as run:
        run.lane.put(submission("first"), submission("second"))
        await centre.until_submits(2)
        first, second = centre.submits
        centre.peer.send(SubmitSmResp(second.sequence_number, 0, "B"))
        centre.peer.send(SubmitSmResp(first.sequence_number, 0, "A"))
        await run.journal.until_outcomes(2)
        assert [(o.submission.body, o.parts[0].operator_id) for o in run.journal.outcomes] == [
            ("second", "B"),
            ("first", "A"),
        ]


async def test_submits_keep_the_order_of_the_lane_and_high_priority_goes_first(centre: ScriptedSmsc) -> None:
    centre.on_submit = centre.hold
    async with running(centre.port, window=2) as run:
        run.lane.put(*(submission(f"normal {i}") for i in range(6)))
        await centre.until_submits(2)
        run.lane.put(submission("urgent", priority=0))
        centre.on_submit = centre.accept
        await answer_all(centre, centre.peer, 0)
        await run.journal.until_outcomes(7)
        texts = [pdu.short_message.decode() for pdu in centre.submits]
        assert [text for text in texts if text != "urgent"] == [f"normal {i}" for i in range(6)]
        assert texts.index("urgent") < 6


async def test_callers_options_reach_the_wire(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        run.lane.put(submission("plain", dlr=0), submission("flash", flash=1), submission("ucs2", unicode="1"))
        await run.journal.until_outcomes(3)
        plain, flash, ucs2 = centre.submits
        assert plain.registered_delivery == 0
        assert flash.data_coding == 0x10
        assert (ucs2.data_coding, ucs2.short_message) == (8, "ucs2".encode("utf-16-be"))


@pytest.mark.parametrize(
    ("status", "kind", "trace"),
    [(0x0B, Rejected, "INV-NUMBER"), (0x0A, Rejected, "SENDER-REJ"), (0x65, Rejected, "REJECTED")],
)
async def test_R07_final_refusals(centre: ScriptedSmsc, status: int, kind: type, trace: str) -> None:
    centre.refuse(status)
    async with running(centre.port) as run:
        run.lane.put(submission())
        await run.journal.until_outcomes(1)
        outcome = run.journal.outcomes[0]
        assert isinstance(outcome, Rejected)
        assert outcome.trace == trace
        assert outcome.parts[0].detail["command_status"] == f"0x{status:08X}"
        assert outcome.parts[0].operator_id is None


@pytest.mark.parametrize(("status", "elsewhere"), [(0x08, True), (0x45, True), (0x444, True), (0x64, False)])
async def test_passing_refusals(centre: ScriptedSmsc, status: int, elsewhere: bool) -> None:
    centre.refuse(status)
    async with running(centre.port) as run:
        run.lane.put(submission())
        await run.journal.until_outcomes(1)
        outcome = run.journal.outcomes[0]
        assert isinstance(outcome, Retry)
        assert outcome.elsewhere is elsewhere
        assert outcome.parts[0].detail["command_status"] == f"0x{status:08X}"
        assert elsewhere or 4.5 <= outcome.seconds <= 5.5


async def test_a_configured_meaning_wins(centre: ScriptedSmsc) -> None:
    centre.refuse(0x401)
    async with running(centre.port, answers={"0x401": "reject SENDER-REJ"}) as run:
        run.lane.put(submission())
        await run.journal.until_outcomes(1)
        assert isinstance(run.journal.outcomes[0], Rejected)
        assert run.journal.outcomes[0].trace == "SENDER-REJ"


@pytest.mark.parametrize("status", [0x58, 0x14])
async def test_throttling_is_obeyed_and_shown(centre: ScriptedSmsc, status: int) -> None:
    centre.refuse(status, times=1)
    async with running(centre.port) as run:
        run.lane.put(submission())
        await run.journal.until_outcomes(1)
        outcome = run.journal.outcomes[0]
        assert isinstance(outcome, Retry)
        assert not outcome.elsewhere
        assert 0.5 <= outcome.seconds <= 1.3
        run.lane.put(submission("later"))
        await run.until_state("throttled")
        await centre.peer.settle()
        assert len(centre.submits) == 1
        await centre.until_submits(2)
        assert run.counters["throttled"] == 1


async def test_without_an_answer_the_outcome_is_unknown(centre: ScriptedSmsc) -> None:
    centre.on_submit = centre.hold
    async with running(centre.port, response_timeout=0.05) as run:
        run.lane.put(submission())
        await run.journal.until_outcomes(1)
        outcome = run.journal.outcomes[0]
        assert isinstance(outcome, Unknown)
        assert "0.05 s" in outcome.reason
        centre.accept(centre.peer, centre.submits[0])
        await centre.peer.settle()
        run.carrier.pause()
        assert run.counters["late_answers"] == 1
        assert len(run.journal.outcomes) == 1


async def test_a_nack_with_a_sequence_ends_that_submit_only(centre: ScriptedSmsc) -> None:
    def nack_first(peer: Peer, pdu: SubmitSm) -> None:
        if len(centre.submits) == 1:
            peer.send(GenericNack(pdu.sequence_number, 0x03))
        else:
            centre.accept(peer, pdu)

    centre.on_submit = nack_first
    async with running(centre.port) as run:
        run.lane.put(submission("one"), submission("two"))
        await run.journal.until_outcomes(2)
        first, second = run.journal.outcomes
        assert isinstance(first, Retry)
        assert first.elsewhere
        assert first.parts[0].detail["generic_nack"] is True
        assert isinstance(second, Accepted)
        assert len(centre.binds) == 1


async def test_a_nack_without_a_sequence_breaks_the_link(centre: ScriptedSmsc) -> None:
    centre.on_submit = lambda peer, pdu: peer.send(GenericNack(0, 0x02))
    async with running(centre.port) as run:
        run.lane.put(submission())
        await run.journal.until_outcomes(1)
        assert isinstance(run.journal.outcomes[0], Unknown)
        assert "generic_nack" in run.journal.outcomes[0].reason
        await centre.until(lambda: len(centre.binds) == 2)


async def test_a_long_message_is_one_outcome_with_all_its_parts(centre: ScriptedSmsc) -> None:
    async with running(centre.port, window=2) as run:
        run.lane.put(submission(LONG))
        await run.journal.until_outcomes(1)
        outcome = run.journal.outcomes[0]
        assert isinstance(outcome, Accepted)
        assert [(p.part, p.operator_id) for p in outcome.parts] == [(1, "id-1"), (2, "id-2"), (3, "id-3")]
        headers = [parse_udh(pdu.short_message).concat for pdu in centre.submits]
        assert [(h.n, h.total) for h in headers if h] == [(1, 3), (2, 3), (3, 3)]
        assert len({h.ref for h in headers if h}) == 1
        assert all(pdu.esm_class == 0x40 for pdu in centre.submits)


async def test_the_rest_of_a_refused_long_message_is_not_sent(centre: ScriptedSmsc) -> None:
    centre.refuse(0x0B)
    async with running(centre.port, window=1) as run:
        run.lane.put(submission(LONG))
        await run.journal.until_outcomes(1)
        assert isinstance(run.journal.outcomes[0], Rejected)
        assert len(run.journal.outcomes[0].parts) == 1
        await centre.peer.settle()
        assert len(centre.submits) == 1


async def test_only_the_deferred_part_of_a_long_message_is_sent_again(centre: ScriptedSmsc) -> None:
    def throttle_second(peer: Peer, pdu: SubmitSm) -> None:
        if len(centre.submits) == 2:
            peer.send(SubmitSmResp(pdu.sequence_number, 0x58))
        else:
            centre.accept(peer, pdu)

    centre.on_submit = throttle_second
    async with running(centre.port) as run:
        run.lane.put(submission(LONG))
        await run.journal.until_outcomes(1)
        assert isinstance(run.journal.outcomes[0], Accepted)
        order = [header.n for pdu in centre.submits if (header := parse_udh(pdu.short_message).concat)]
        assert sorted(order) == [1, 2, 2, 3]


async def test_a_text_that_cannot_be_written_is_refused_before_it_is_sent(centre: ScriptedSmsc) -> None:
    bad = submission()
    bad.sender = "Überlänge mit 日本"
    async with running(centre.port) as run:
        run.lane.put(bad, submission("good"))
        await run.journal.until_outcomes(2)
        refused = next(o for o in run.journal.outcomes if isinstance(o, Rejected))
        assert refused.trace == "SENDER-REJ"
        assert len(centre.submits) == 1
