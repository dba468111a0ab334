"""Metrics for Prometheus, read from the database at the moment of asking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from strowger.foundation.database import Database
from strowger.platform.health import repository
from strowger.platform.health.service import LINK_UP

COUNTED = ("submitted", "accepted", "rejected", "receipts")


class _Gathered:
    """A collector of metrics made beforehand."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        return iter(self._metrics)


async def exposition(database: Database) -> bytes:
    """The Prometheus text of the whole installation; every process answers the same."""
    async with database.pool.acquire(timeout=3) as connection:
        gathered = await _gather(connection)
    collectors = CollectorRegistry()
    collectors.register(_Gathered(gathered))
    return generate_latest(collectors)


async def _gather(connection: Any) -> list[Metric]:
    queue = await repository.queue(connection)
    callbacks = await repository.callbacks(connection)
    depth = GaugeMetricFamily(
        "strowger_queue_depth", "Messages waiting, by lane and priority", labels=["lane", "priority"]
    )
    for row in await repository.lanes(connection):
        depth.add_metric([row["lane"], str(row["priority"])], row["depth"])
    up = GaugeMetricFamily("strowger_carrier_link_up", "Whether a bind is up", labels=["carrier", "bind"])
    counted = [
        CounterMetricFamily(
            f"strowger_carrier_{name}", f"PDUs {name} on a bind since it came up", labels=["carrier", "bind"]
        )
        for name in COUNTED
    ]
    for link in await repository.links(connection):
        if link["bind"] is None:
            continue
        labels = [link["name"], str(link["bind"])]
        up.add_metric(labels, float(link["state"] in LINK_UP))
        for name, family in zip(COUNTED, counted, strict=True):
            family.add_metric(labels, float(link["counters"].get(name, 0)))
    waiting = GaugeMetricFamily("strowger_callbacks", "Callbacks by state", labels=["state"])
    waiting.add_metric(["waiting"], callbacks.get(0, 0))
    waiting.add_metric(["failed"], callbacks.get(2, 0))
    workers = await repository.live_workers(connection)
    return [
        GaugeMetricFamily("strowger_queue_claimed", "Messages in the hands of a worker", value=queue["claimed"]),
        GaugeMetricFamily("strowger_queue_oldest_seconds", "Age of the oldest due message", value=float(queue["oldest"])),
        GaugeMetricFamily("strowger_workers", "Workers alive", value=workers),
        depth, waiting, up, *counted,
    ]  # fmt: skip
