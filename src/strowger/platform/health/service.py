"""Readiness, read from the database at the moment of asking."""

from __future__ import annotations

from dataclasses import dataclass

from strowger.foundation.database import Database
from strowger.platform.health import repository

QUEUE_AGE_ALERT_SECONDS = 60
LINK_UP = ("bound", "throttled", "paused")


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the installation can do its work, and why not."""

    ready: bool
    checks: dict[str, str]


async def readiness(database: Database) -> Readiness:
    """Database reachable and a worker alive make it ready; links and queue age are told, not required."""
    async with database.pool.acquire(timeout=3) as connection:
        workers = await repository.live_workers(connection)
        links = await repository.links(connection)
        queue = await repository.queue(connection)
    up = sum(link["state"] in LINK_UP for link in links)
    age = round(queue["oldest"])
    checks = {
        "database": "ok",
        "workers": "ok" if workers else "none alive",
        "carrier_links": f"{up} of {len(links)} up",
        "queue_age": "ok" if age <= QUEUE_AGE_ALERT_SECONDS else f"oldest message waits {age} s",
    }
    return Readiness(bool(workers), checks)
