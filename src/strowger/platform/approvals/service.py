"""The queue over all kinds, and decisions about several things at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import is_row_id
from strowger.foundation.mail import Letter, post
from strowger.platform.accounts import repository as accounts
from strowger.platform.approvals.registry import ApprovalKind, Decided, Decision, Waiting, kind_of, kinds
from strowger.platform.gateway.errors import entry_of
from strowger.platform.team.roles import OWNER

MOST = 200  # shown of each kind
MAX_COUNTED = 1_000
MAX_NAMED = 20  # in a mail


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
    """What became of decisions: what was decided, how many came too late, and refusals in words."""

    done: list[tuple[ApprovalKind, Decided]] = field(default_factory=list)
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
    """Decide about several things, each in a transaction of its own: one that cannot be decided hinders no other.

    The owners of each account, and who asked, get one mail about all that was theirs.
    """
    result = Result()
    for name in names:
        key, _, number = name.partition(":")
        kind = kind_of(key)
        if kind is None or not is_row_id(number):
            result.late += 1
            continue
        await _one(context, kind, int(number), decision, result)
    for account_id in dict.fromkeys(decided.account_id for _, decided in result.done):
        await _tell(context, account_id, decision, [pair for pair in result.done if pair[1].account_id == account_id])
    return result


async def _one(context: Context, kind: ApprovalKind, number: int, decision: Decision, result: Result) -> None:
    async def work(connection: Connection) -> Decided | None:
        return await kind.decide(connection, number, decision)

    try:
        decided = await context.database.run(work)
    except StrowgerError as problem:
        result.refused.append(problem.detail or entry_of(problem.code).text)
        return
    if decided is None:
        result.late += 1
    else:
        result.done.append((kind, decided))


async def _tell(
    context: Context, account_id: int, decision: Decision, decided: Sequence[tuple[ApprovalKind, Decided]]
) -> None:
    letter = letter_about(context, decision, decided)
    kind = f"{decided[0][0].key}-{'approved' if decision.approved else 'rejected'}"
    async with context.database.session() as session:
        requesters = {item.requester for _, item in decided}
        for user in await accounts.list_users(session, account_id):
            if user.role == OWNER or user.email in requesters:
                await post(session, context, user.email, kind, letter, account_id)


def letter_about(context: Context, decision: Decision, decided: Sequence[tuple[ApprovalKind, Decided]]) -> Letter:
    """What the owners of an account read about decisions."""
    word = "approved" if decision.approved else "rejected"
    titles = [item.title for _, item in decided]
    subject = f"{titles[0]} was {word}" if len(titles) == 1 else f"{len(titles)} of your requests were {word}"
    lines = [f"{kind.label}: {item.title}" for kind, item in decided[:MAX_NAMED]]
    more = len(decided) - MAX_NAMED
    paragraphs = [f"The operator has {word}:", *lines, *([f"and {more} more."] if more > 0 else [])]
    if not decision.approved:
        paragraphs.append(f"The reason: {decision.reason}")
    return Letter(subject, paragraphs, button=("See it", context.settings.base_url + decided[0][0].path))
