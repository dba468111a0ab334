"""What attempts mean for their profiles: figures by the hour, failing for days, gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from strowger.foundation.database import Queryable
from strowger.foundation.logs import get_logger
from strowger.platform.callbacks.profiles import repository

if TYPE_CHECKING:
    from strowger.platform.callbacks.schemas import Result

log = get_logger(__name__)
DELIVERED, DROPPED = 1, 4
GONE = 410
SWITCHED_OFF_AFTER = timedelta(days=5)
# Upper bounds of the classes of duration, in milliseconds.
BOUNDS = (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000)


@dataclass(slots=True)
class _Run:
    """The attempts of one profile within a batch, in order."""

    first: datetime
    last: datetime
    error: str
    number: int = 0
    delivered: bool = False
    gone: bool = False


async def note_results(connection: Queryable, results: Sequence[Result]) -> None:
    """Write what a batch of results means for the profiles in it, within the caller's transaction."""
    own = [result for result in results if "profile" in result.job.target]
    if not own:
        return
    await _count(connection, own)
    runs = _runs(own)
    healthy = sorted(key for key, run in runs.items() if run.delivered)
    if healthy:
        await repository.note_recovered(connection, healthy)
    failing = sorted(((key, run) for key, run in runs.items() if run.number), key=lambda pair: pair[0])
    if failing:
        await _note_failures(connection, failing)


def bucket_of(ms: int) -> int:
    """The class of a duration: its index in BOUNDS, one more for the longest."""
    return next((place for place, bound in enumerate(BOUNDS) if ms <= bound), len(BOUNDS))


async def _count(connection: Queryable, results: Sequence[Result]) -> None:
    numbers: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for result in results:
        attempt = result.attempt
        outcome = int(attempt.outcome) if result.settled is None else DROPPED
        key = (
            result.job.account_id, UUID(result.job.target["profile"]),
            attempt.at.replace(minute=0, second=0, microsecond=0), result.job.endpoint.partition(" ")[2], outcome,
            attempt.http_status or 0, 0 if result.settled else bucket_of(attempt.duration_ms),
        )  # fmt: skip
        number = numbers[key]
        number[0] += 1
        number[1] += attempt.duration_ms
    rows = [(*key, *numbers[key]) for key in sorted(numbers)]
    await repository.add_tally(connection, rows)


def _runs(results: Sequence[Result]) -> dict[tuple[int, UUID], _Run]:
    """By profile, what failed after the last success of the batch."""
    runs: dict[tuple[int, UUID], _Run] = {}
    for result in sorted(results, key=lambda one: one.attempt.at):
        if result.settled is not None:
            continue
        attempt = result.attempt
        key = (result.job.account_id, UUID(result.job.target["profile"]))
        run = runs.setdefault(key, _Run(attempt.at, attempt.at, ""))
        if attempt.outcome == DELIVERED:
            run.delivered, run.number, run.gone = True, 0, False
            continue
        if not run.number:
            run.first = attempt.at
        run.number += 1
        run.last, run.error = attempt.at, attempt.error or ""
        run.gone = run.gone or attempt.http_status == GONE
    return runs


async def _note_failures(connection: Queryable, failing: Sequence[tuple[tuple[int, UUID], _Run]]) -> None:
    rows = [(*key, run.first, run.last, run.number, run.error, run.gone) for key, run in failing]
    for row in await repository.note_failed(connection, rows, SWITCHED_OFF_AFTER):
        if row["is_first"]:
            log.warning("callback_profile_failing", profile_id=str(row["id"]), account_id=row["account_id"])
        if row["is_last"]:
            log.error("callback_profile_switched_off", profile_id=str(row["id"]), account_id=row["account_id"])
            await repository.tell(connection, row["account_id"])
