"""The life of a bind over TCP: binding, silence, breaks, reconnects, pausing, changing, draining."""

from __future__ import annotations

import asyncio

from carrier_kit import Peer, ScriptedSmsc, configured, running, submission

from strowger.messaging.outcomes import Accepted, Unknown
from strowger.protocols.smpp.pdu import BindReceiver, BindTransceiver, BindTransmitter, EnquireLink, SubmitSm, Unbind


async def test_binds_with_its_credentials(centre: ScriptedSmsc) -> None:
    async with running(centre.port, system_type="smpp") as run:
        await run.until_state("bound")
        bind = centre.binds[0]
        assert isinstance(bind, BindTransceiver)
        assert (bind.system_id, bind.password, bind.system_type) == ("me", "secret", "smpp")


async def test_several_binds_and_separate_transmitters_and_receivers(centre: ScriptedSmsc) -> None:
    async with running(centre.port, binds=2, bind_mode="tx+rx") as run:
        await centre.until_bound(4)
        kinds = sorted(type(bind).__name__ for bind in centre.binds)
        assert kinds == [BindReceiver.__name__] * 2 + [BindTransmitter.__name__] * 2
        run.lane.put(*(submission() for _ in range(20)))
        await run.journal.until_outcomes(20)
        next(peer for peer in centre.peers if peer.role == 1).transport.abort()
        await centre.until(lambda: len(centre.binds) == 6)


async def test_a_refused_bind_says_why_and_is_tried_again(centre: ScriptedSmsc) -> None:
    centre.bind_status = 0x0E
    async with running(centre.port) as run:
        await centre.until(lambda: len(centre.binds) >= 2)
        centre.bind_status = 0
        await run.until_state("bound")
        details = [detail for _, state, detail in run.states if state == "down"]
        assert any("ESME_RINVPASWD" in (detail or "") for detail in details)


async def test_nobody_listens_then_somebody_does() -> None:
    async with ScriptedSmsc() as closed:
        port = closed.port
    async with running(port) as run:
        await run.watch.until(lambda: any("no connection" in (detail or "") for _, _, detail in run.states))
        again = ScriptedSmsc()
        again.port = port
        async with again:
            await run.until_state("bound")


async def test_a_link_lost_mid_window_reports_unknown_and_gives_back_the_rest(centre: ScriptedSmsc) -> None:
    centre.on_submit = centre.hold
    async with running(centre.port, window=2) as run:
        messages = [submission(str(i)) for i in range(4)]
        run.lane.put(*messages)
        await centre.until_submits(2)
        await run.lane.until(lambda: not run.lane.waiting)
        centre.on_submit = centre.accept
        centre.peer.transport.abort()
        await run.journal.until_outcomes(4)
        unknown = [o.submission.body for o in run.journal.outcomes if isinstance(o, Unknown)]
        accepted = [o.submission.body for o in run.journal.outcomes if isinstance(o, Accepted)]
        assert unknown == ["0", "1"]
        assert accepted == ["2", "3"]
        assert [s.body for s in run.lane.released] == ["2", "3"]


async def test_R13_the_window_starts_anew_after_a_reconnect(centre: ScriptedSmsc) -> None:
    async with running(centre.port, window=64) as run:
        run.lane.put(*(submission() for _ in range(300)))
        await run.journal.until_outcomes(300)
        centre.on_submit = centre.hold
        centre.peer.transport.abort()
        await centre.until(lambda: len(centre.binds) == 2)
        run.lane.put(*(submission() for _ in range(50)))
        await centre.until_submits(302)
        await centre.peer.settle()
        assert len(centre.submits) == 302


async def test_silence_is_asked_after_and_a_dead_link_is_dropped(centre: ScriptedSmsc) -> None:
    async with running(centre.port, enquire_link=0.02, response_timeout=0.05) as run:
        await centre.until(lambda: sum(isinstance(pdu, EnquireLink) for pdu in centre.received) >= 2)
        assert len(centre.binds) == 1
        centre.answers_enquire_link = False
        await centre.until(lambda: len(centre.binds) >= 2)
        assert any("enquire_link" in (detail or "") for _, _, detail in run.states)


async def test_an_unbind_of_the_carrier_is_answered_and_bound_again(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        await centre.until_bound()
        answer = await centre.peer.ask(Unbind)
        assert answer.command_id == 0x80000006
        await centre.until(lambda: len(centre.binds) == 2)
        await run.until_state("bound")


async def test_octets_that_are_not_smpp_break_the_link(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        await run.until_state("bound")
        centre.peer.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await centre.until(lambda: len(centre.binds) == 2)


async def test_paused_stays_bound_and_sends_nothing(centre: ScriptedSmsc) -> None:
    async with running(centre.port) as run:
        await run.until_state("bound")
        run.carrier.pause()
        await run.until_state("paused")
        run.lane.put(submission())
        await centre.peer.settle()
        assert not centre.submits
        run.carrier.resume()
        await run.journal.until_outcomes(1)
        assert len(centre.binds) == 1


async def test_stopping_waits_for_open_answers_and_gives_back_the_rest(centre: ScriptedSmsc) -> None:
    centre.on_submit = centre.hold
    async with running(centre.port, window=2) as run:
        run.lane.put(*(submission(str(i)) for i in range(4)))
        await centre.until_submits(2)
        stopping = asyncio.create_task(run.carrier.stop(5))
        await run.lane.until(lambda: len(run.lane.released) == 2)
        for pdu in centre.submits:
            centre.accept(centre.peer, pdu)
        await stopping
        assert all(isinstance(o, Accepted) for o in run.journal.outcomes)
        assert len(run.journal.outcomes) == 2
        assert len(centre.submits) == 2
        assert centre.unbinds == 1


async def test_stopping_sends_the_remaining_parts_of_a_begun_message(centre: ScriptedSmsc) -> None:
    centre.on_submit = centre.hold
    async with running(centre.port, window=2) as run:
        run.lane.put(submission("x" * 400))
        await centre.until_submits(2)
        stopping = asyncio.create_task(run.carrier.stop(5))
        centre.on_submit = centre.accept
        for pdu in centre.submits[:2]:
            centre.accept(centre.peer, pdu)
        await stopping
        assert isinstance(run.journal.outcomes[0], Accepted)
        assert len(run.journal.outcomes[0].parts) == 3


async def test_what_is_unanswered_at_the_end_of_the_drain_is_unknown(centre: ScriptedSmsc) -> None:
    centre.on_submit = centre.hold
    async with running(centre.port) as run:
        run.lane.put(submission())
        await centre.until_submits(1)
        await run.carrier.stop(0.05)
        assert isinstance(run.journal.outcomes[0], Unknown)


async def test_a_new_window_needs_no_new_session_but_another_port_does(centre: ScriptedSmsc) -> None:
    async with running(centre.port, window=1) as run, ScriptedSmsc() as other:
        await run.until_state("bound")
        run.carrier.apply(configured(centre.port, window=5), "secret")
        run.lane.put(*(submission() for _ in range(20)))
        await run.journal.until_outcomes(20)
        assert len(centre.binds) == 1
        run.carrier.apply(configured(other.port, window=5), "other")
        await other.until_bound()
        assert other.binds[0].password == "other"
        assert centre.unbinds == 1


async def test_no_message_is_lost_or_forgotten_over_many_breaks(centre: ScriptedSmsc) -> None:
    def drop_often(peer: Peer, pdu: SubmitSm) -> None:
        if len(centre.submits) % 37 == 0:
            peer.transport.abort()
        else:
            centre.accept(peer, pdu)

    centre.on_submit = drop_often
    async with running(centre.port, window=16, binds=2, reconnect_max=0.02) as run:
        messages = [submission(str(i)) for i in range(600)]
        run.lane.put(*messages)
        seen = 0
        accepted: set[str] = set()
        while len(accepted) < 600:
            await run.journal.until_outcomes(seen + 1)
            for outcome in run.journal.outcomes[seen:]:
                if isinstance(outcome, Accepted):
                    accepted.add(outcome.submission.body)
                else:
                    run.lane.put(outcome.submission)
                seen += 1
        assert accepted == {str(i) for i in range(600)}
