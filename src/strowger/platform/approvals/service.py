"""The queue over all kinds, and decisions about several things at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.platform.approvals.registry import ApprovalKind, Connection, Decision, Waiting, kind_of, kinds
from strowger.platform.gateway.errors import entry_of

MOST = 200  # shown of each kind
MAX_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Queued:
    """Something that waits, with its kind."""

    kind: ApprovalKind
    item: Waiting

    @property
    def name(self) -> str:
        """What names it in forms."""
        return f"{self.kind.key}:{self.item.id}"


@dataclass(slots=True)
class Result:
    """What became of decisions: how many were taken, how many came too late, and refusals in words."""

    done: int = 0
    late: int = 0
    refused: list[str] = field(default_factory=list)


async def queue(context: Context, key: str = "") -> tuple[list[Queued], dict[str, int]]:
    """What waits, oldest first (of one kind when ``key`` names it), and how many wait of each kind, up to 1,000."""
    found: list[Queued] = []
    counts: dict[str, int] = {}
    async with context.database.acquire() as connection:
        for kind in kinds():
            rows = await kind.waiting(connection, MAX_COUNTED)
            counts[kind.key] = len(rows)
            if key in ("", kind.key):
                found += [Queued(kind, row) for row in rows[:MOST]]
    return sorted(found, key=lambda one: one.item.since)[:MOST], counts


async def decide(context: Context, names: Sequence[str], decision: Decision) -> Result:
    """Decide about several things, each in a transaction of its own: one that cannot be decided hinders no other."""
    result = Result()
    for name in names:
        key, _, number = name.partition(":")
        kind = kind_of(key)
        if kind is None or not (number.isascii() and number.isdigit() and len(number) < 19):
            result.late += 1
            continue
        await _one(context, kind, int(number), decision, result)
    return result


async def _one(context: Context, kind: ApprovalKind, number: int, decision: Decision, result: Result) -> None:
    async def work(connection: Connection) -> int | None:
        return await kind.decide(connection, number, decision)

    try:
        account_id = await context.database.run(work)
    except StrowgerError as problem:
        result.refused.append(problem.detail or entry_of(problem.code).text)
        return
    if account_id is None:
        result.late += 1
    else:
        result.done += 1
