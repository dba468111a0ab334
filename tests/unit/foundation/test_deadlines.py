"""Time limits that are looked at together."""

from __future__ import annotations

import asyncio

import pytest

from strowger.foundation.deadlines import Deadlines


async def _answer(deadlines: Deadlines, work: asyncio.Event, seconds: float) -> str:
    task = deadlines.begin(seconds)
    try:
        await work.wait()
    except asyncio.CancelledError:
        if not deadlines.is_over(task):
            raise
        await asyncio.sleep(0)  # it may go on and wait for other things
        return "too late"
    finally:
        deadlines.end(task)
    return "in time"


async def test_a_task_over_its_time_hears_of_it_and_goes_on() -> None:
    deadlines, never, done = Deadlines(), asyncio.Event(), asyncio.Event()
    late = asyncio.create_task(_answer(deadlines, never, -1))
    early = asyncio.create_task(_answer(deadlines, done, 60))
    await asyncio.sleep(0)
    deadlines._look()
    done.set()
    assert await late == "too late"
    assert await early == "in time"
    assert not late.cancelled()
    assert not deadlines._until
    assert not deadlines._over


async def test_who_begins_again_has_that_long_from_then_on() -> None:
    deadlines, done = Deadlines(), asyncio.Event()

    async def twice() -> str:
        deadlines.begin(-1)
        return await _answer(deadlines, done, 60)

    task = asyncio.create_task(twice())
    await asyncio.sleep(0)
    deadlines._look()
    done.set()
    assert await task == "in time"


async def test_a_task_that_others_cancel_is_cancelled() -> None:
    deadlines, never = Deadlines(), asyncio.Event()
    task = asyncio.create_task(_answer(deadlines, never, 60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not deadlines._until


async def test_who_is_cancelled_by_others_too_is_cancelled() -> None:
    deadlines, never = Deadlines(), asyncio.Event()
    task = asyncio.create_task(_answer(deadlines, never, -1))
    await asyncio.sleep(0)
    deadlines._look()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not deadlines._over


async def test_a_cancel_that_became_another_error_is_taken_back() -> None:
    deadlines = Deadlines()

    async def work() -> int:
        task = deadlines.begin(-1)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
        finally:
            deadlines.end(task)
        return task.cancelling()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    deadlines._look()
    assert await task == 0


async def test_an_end_in_the_same_moment_leaves_nothing_behind() -> None:
    deadlines, done = Deadlines(), asyncio.Event()
    task = asyncio.create_task(_answer(deadlines, done, -1))
    await asyncio.sleep(0)
    done.set()
    deadlines._look()
    assert await task in ("in time", "too late")
    assert not deadlines._over
