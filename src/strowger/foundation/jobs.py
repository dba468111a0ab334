"""Work that every process of a kind repeats at its pace: upkeep, mails, reports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from strowger.foundation.database import CLASHES, OUTAGES
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Its name, the seconds between two runs, and what it does. Several processes may run it at the same time."""

    name: str
    every: float
    work: Callable[[], Awaitable[object]]


async def run_jobs(jobs: Iterable[Job]) -> None:
    """Run each job at its pace, for ever; one that fails is logged and runs again at its time."""
    await asyncio.gather(*(_repeat(job) for job in jobs))


async def _repeat(job: Job) -> None:
    while True:
        try:
            await job.work()
        except (Unavailable, *OUTAGES, *CLASHES) as problem:
            log.warning("job_postponed", job=job.name, problem=repr(problem))
        except Exception:
            log.exception("job_failed", job=job.name)
        await asyncio.sleep(job.every)
