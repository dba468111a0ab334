"""The work that every product under test is given, and what is measured of it."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from bench.machine import Surroundings, cpu_seconds, load, memory_mb, spent, until

PATIENCE = 120.0


class Product(Protocol):
    """A product under test."""

    name: str

    async def start(self) -> None: ...

    def request(self, recipients: int = 1, callback: bool = True) -> dict[str, str]: ...

    def pids(self) -> list[int]: ...

    async def stop(self) -> None: ...


@dataclass
class Figures:
    """One run. Rates per second, latencies in ms, CPU in seconds per 1,000 messages, memory in MB."""

    product: str
    messages: int
    accept_rate: float
    accept_p50: float
    accept_p99: float
    end_to_end_rate: float = 0.0
    cpu: float = 0.0
    cpu_by_process: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    lost: int = 0
    duplicates: int = 0
    callbacks_missing: int = 0
    callbacks_double: int = 0

    def row(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


async def run(
    product: Product, around: Surroundings, requests: int, recipients: int = 1, connections: int = 16, start: int = 0
) -> Figures:
    """Send ``requests`` requests and wait until the last receipt is called back.

    With several recipients each message is called back with the request's number, so callbacks are counted in all.
    """
    await around.reset()
    messages = requests * recipients
    before = cpu_seconds(product.pids())
    sent = await load(connections=connections, count=requests, start=str(start), **product.request(recipients))
    expected = len(sent["numbers"]) * recipients

    async def all_called() -> bool:
        stats = await around.sink.stats("/_stats")
        return stats["final_uniq"] >= len(sent["numbers"]) and stats["final"] >= expected

    await until(all_called, PATIENCE)
    memory = memory_mb(product.pids())
    after = spent(before, cpu_seconds(product.pids()))
    sink, smsc = await around.sink.stats("/_stats"), await around.smsc.stats("/stats")
    last = sink["last_final"] or time.time()
    return Figures(
        product.name, messages, sent["rate"] * recipients, sent["p50"], sent["p99"],
        round(expected / (last - sent["t_first"]), 1), round(sum(after.values()) / messages * 1000, 3), after,
        round(memory), max(0, expected - smsc["uniq"]), smsc["dup"], max(0, expected - sink["final"]),
        max(0, sink["final"] - expected),
    )  # fmt: skip
