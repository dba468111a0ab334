"""The agenda: order, skipped time, and one timer."""

from __future__ import annotations

import asyncio

from strowger.simulators.agenda import Agenda


async def test_runs_what_is_due_in_order_when_time_is_skipped() -> None:
    agenda, ran = Agenda(), []
    for seconds in (30, 10, 20, 10):
        agenda.after(seconds, ran.append, (seconds, len(agenda)))
    agenda.skip(9)
    assert ran == []
    agenda.skip(11)
    assert ran == [(10, 1), (10, 3), (20, 2)]
    assert len(agenda) == 1
    agenda.clear()
    agenda.skip(100)
    assert len(ran) == 3


async def test_an_earlier_entry_does_not_wait_for_a_later_one() -> None:
    agenda, done = Agenda(), asyncio.Event()
    agenda.after(3600, done.clear)
    agenda.after(0.01, done.set)
    await asyncio.wait_for(done.wait(), 5)


async def test_an_entry_after_a_skip_is_due_in_real_time() -> None:
    agenda, done = Agenda(), asyncio.Event()
    agenda.after(3600, done.clear)
    agenda.skip(1000)
    agenda.after(0.01, done.set)
    await asyncio.wait_for(done.wait(), 5)
    agenda.clear()


async def test_entries_added_while_running_are_kept() -> None:
    agenda, ran = Agenda(), []
    agenda.after(1, lambda: agenda.after(1, ran.append, "second"))
    agenda.skip(1.5)
    agenda.skip(1.5)
    assert ran == ["second"]
