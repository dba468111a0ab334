"""Numbers that fail time after time go on the blocklist by themselves, where the account wants it (sms.md 7.7).

It looks at the log of messages, not at counters, so that nothing is missed when a process ends between two looks: the next
failure of the number leads here again. A delivery in between ends the run by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from strowger.channels.sms.screening.batch import screens_of
from strowger.foundation.database import Connection
from strowger.foundation.ids import uuid_floor
from strowger.messaging.facts import Facts
from strowger.messaging.statuses import TRACES, Status
from strowger.platform.blocklist import repository, service

CHANNEL = "sms"


def _counts(code: str) -> bool:
    """Whether a trace can count as a failure of the number."""
    trace = TRACES.get(code)
    return trace is not None and trace.blacklistable


def failing(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, str, str]]:
    """(account, number, trace) of changed messages that ended with a trace which can count as a failure."""
    return [
        (row["account_id"], row["recipient"], row["trace"])
        for row in rows
        if _counts(row["trace"]) and row["status"] != Status.RECEIVED
    ]


async def look(connection: Connection, failed: Sequence[tuple[int, str, str]], facts: Facts) -> int:
    """Block the numbers whose run of failures is complete; returns how many."""
    screens = await screens_of(connection, {account for account, _, _ in failed}, facts)
    numbers: dict[int, dict[str, str]] = defaultdict(dict)
    for account_id, number, trace in failed:
        screen = screens.get(account_id)
        rule = screen.options.auto_block if screen else None
        if rule and trace in rule.traces and number.isascii() and number.isdigit():
            numbers[account_id][number] = trace
    blocked = 0
    now = facts.now()
    for account_id, found in numbers.items():
        screen = screens[account_id]
        assert screen is not None
        rule = screen.options.auto_block
        assert rule is not None
        since = uuid_floor(now - timedelta(days=rule.days))
        complete = await repository.failed_in_a_row(
            connection, account_id, list(found), sorted(rule.traces), since, rule.failures
        )
        by_trace: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for number in complete:
            by_trace[found[number]].append((CHANNEL, number))
        for trace, pairs in by_trace.items():
            blocked += await service.block(connection, account_id, pairs, "auto", now, reason=f"auto:{trace}")
    return blocked
