"""kill -9 of each process in turn under full load: what is lost, what comes twice, and how soon the rate is back."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from bench.machine import Surroundings, load, until
from bench.ours import WINDOW, Strowger
from bench.report import keep, table

VICTIMS = ("web", "worker", "postmaster")
BACK = 0.8  # of the rate before the kill


async def _submits(around: Surroundings) -> int:
    return int((await around.smsc.stats("/stats"))["submits"])


async def _rate(around: Surroundings, seconds: float = 1.0) -> float:
    before, began = await _submits(around), time.monotonic()
    await asyncio.sleep(seconds)
    return (await _submits(around) - before) / (time.monotonic() - began)


async def _load(messages: int, start: int, request: dict[str, str]) -> dict[str, Any]:
    """A client that waits for a killed process: 50 ms for each connection that is refused, 20 s in all."""
    return await load(count=messages, start=str(start), busy_pause="0.1", max_conn_errors="400", **request)


async def _kill_one(strowger: Strowger, around: Surroundings, victim: str, messages: int, start: int) -> dict[str, Any]:
    await around.reset()
    sending = asyncio.create_task(_load(messages, start, strowger.request()))
    await asyncio.sleep(3)
    before = await _rate(around)
    await strowger.place.kill(victim)
    began = time.monotonic()
    back = None
    while back is None and time.monotonic() - began < 30:
        if await _rate(around, 0.5) >= before * BACK:
            back = round(time.monotonic() - began, 1)
    sent = await sending
    numbers = set(sent["numbers"])

    async def all_called() -> bool:
        return numbers <= await called()

    async def called() -> set[str]:
        return {line.split()[0] for line in (await around.sink.ask("/_final")).splitlines()}

    await until(all_called, 90, 0.5)
    seen = {line.split()[0][-8:]: int(line.split()[1]) for line in (await around.smsc.ask("/dests")).splitlines()}
    missing = [n for n in numbers if f"{int(n):08d}" not in seen]
    doubles = sum(seen.get(f"{int(n):08d}", 1) - 1 for n in numbers)
    return {
        "killed": victim, "accepted": len(numbers), "rate_before": round(before), "lost": len(missing),
        "callbacks_lost": len(numbers - await called()), "duplicates": doubles, "window": WINDOW, "back_after_s": back,
    }  # fmt: skip


async def kill(messages: int) -> None:
    """Run all three."""
    around = Surroundings()
    strowger = Strowger(around)
    rows = []
    try:
        await strowger.start()
        for i, victim in enumerate(VICTIMS, 1):
            rows.append(await _kill_one(strowger, around, victim, messages, i * 1_000_000))
            await around.bound()
    finally:
        await strowger.stop()
        around.stop()
    print(table(rows, tuple(rows[0])))
    keep("kill", rows)
