"""Memory of all Python processes under full load over time."""

from __future__ import annotations

import time
from typing import Any

from bench.machine import Surroundings, memory_mb
from bench.ours import Strowger
from bench.report import keep, table
from bench.work import run

ROUND = 10_000


async def soak(minutes: float) -> None:
    """Send without a pause; one row for each round of messages."""
    around = Surroundings()
    strowger = Strowger(around)
    rows: list[dict[str, Any]] = []
    began = time.monotonic()
    try:
        await strowger.start()
        while time.monotonic() - began < minutes * 60:
            figures = await run(strowger, around, ROUND, start=1_000_000 + ROUND * len(rows))
            rows.append({
                "minute": round((time.monotonic() - began) / 60, 1), "messages": ROUND * (len(rows) + 1),
                "memory_mb": round(memory_mb(strowger.pids())), "end_to_end_rate": figures.end_to_end_rate,
                "lost": figures.lost, "callbacks_missing": figures.callbacks_missing,
            })  # fmt: skip
            print(table(rows[-1:], tuple(rows[0])), flush=True)
    finally:
        await strowger.stop()
        around.stop()
    keep("soak", rows)
