"""How the installation fares, for its operator's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strowger.foundation.database import Database
from strowger.platform.health import repository
from strowger.platform.health.service import LINK_UP, QUEUE_AGE_ALERT_SECONDS

MAIL_ALERT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is well or not: its name, its state in words, its tone, and what it means."""

    name: str
    words: str
    tone: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the page shows."""

    checks: list[Check]
    processes: list[Any]
    lanes: list[Any]
    links: list[Any]
    tables: list[Any]


async def figures(database: Database, now: datetime) -> Figures:
    """Read them all."""
    async with database.acquire() as connection:
        workers = await repository.live_workers(connection)
        queue = await repository.queue(connection)
        callbacks = await repository.callbacks(connection)
        links = await repository.links(connection)
        mail = await repository.mail(connection, now)
        stored = await repository.storage(connection)
        return Figures(
            _checks(workers, queue, callbacks, links, mail, stored),
            await repository.processes(connection),
            await repository.lanes(connection),
            links,
            await repository.tables(connection),
        )


def _checks(
    workers: int, queue: Any, callbacks: dict[int, int], links: list[Any], mail: Any, stored: Any
) -> list[Check]:
    age, up = round(queue["oldest"]), sum(link["state"] in LINK_UP for link in links)
    bound = [link for link in links if link["bind"] is not None]
    late = mail["oldest"] > MAIL_ALERT_SECONDS
    ways = "success" if bound and up == len(bound) else "warning" if up else "danger"
    share = stored["connections"] / max(1, stored["allowed"])
    late_words = f"oldest waits {age} s" if queue["depth"] else "none waits"
    return [
        Check("Workers", f"{workers} alive" if workers else "none alive", "success" if workers else "danger",
              "They send what was accepted."),
        Check("Queue", f"{queue['depth']:,}", "warning" if age > QUEUE_AGE_ALERT_SECONDS else "success",
              f"Messages that are due and not yet sent; {late_words}."),
        Check("Carriers", f"{up} of {len(bound)} up", ways, "Binds, the ways out."),
        Check("Callbacks", f"{callbacks.get(0, 0):,}", "warning" if callbacks.get(2, 0) else "success",
              f"Waiting; {callbacks.get(2, 0):,} failed, which can be sent again for seven days."),
        Check("Mail", f"{mail['waiting']:,}", "warning" if late or mail["failed"] else "success",
              f"Waiting; {mail['failed']:,} failed within 24 hours."),
        Check("Database", stored["size"], "warning" if share > 0.8 else "success",
              f"PostgreSQL {stored['version']}, {stored['connections']} of {stored['allowed']} connections."),
    ]  # fmt: skip
