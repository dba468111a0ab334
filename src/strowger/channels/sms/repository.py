"""Queries of the SMS API: statuses and logs, always of one account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection

TIME_ZONE = "SELECT time_zone FROM account WHERE id = $1"
STATUSES = """
SELECT request_id, n, status, trace FROM message
WHERE account_id = $1 AND request_id = ANY($2::uuid[]) AND request_id BETWEEN $3 AND $4 AND channel = $5
ORDER BY request_id, n
"""
LOG_COLUMNS = """request_id, n, direction, sender, recipient, type, body, status, trace, units, length, country, network,
    source, campaign_name, options, created_at, sent_at, final_at"""


@dataclass(slots=True)
class LogFilter:
    """What a logs pull asks for. ``statuses`` None means all; ``low`` and ``high`` bound request ids, that is time."""

    low: UUID
    high: UUID
    channel: int
    type: str | None = None
    statuses: list[int] | None = None
    trace: str | None = None
    sender: str | None = None
    recipient: str | None = None
    campaign_name: str | None = None
    request_id: UUID | None = None
    n: int | None = None
    direction: int | None = None


async def time_zone(connection: Connection, account_id: int) -> str:
    """The time zone of an account; UTC for one that is not there."""
    return await connection.fetchval(TIME_ZONE, account_id) or "UTC"


async def statuses(
    connection: Connection, account_id: int, channel: int, requests: Sequence[UUID]
) -> dict[UUID, list[tuple[int, int, str]]]:
    """For each known request its messages: number, status, trace."""
    found: dict[UUID, list[tuple[int, int, str]]] = {}
    rows = await connection.fetch(STATUSES, account_id, list(requests), min(requests), max(requests), channel)
    for row in rows:
        found.setdefault(row["request_id"], []).append((row["n"], row["status"], row["trace"]))
    return found


def _conditions(account_id: int, wanted: LogFilter) -> tuple[str, list[Any]]:
    values: list[Any] = [account_id, wanted.low, wanted.high, wanted.channel]
    terms = ["account_id = $1", "request_id >= $2", "request_id < $3", "channel = $4"]
    equal = {
        "type": wanted.type, "trace": wanted.trace, "sender": wanted.sender, "recipient": wanted.recipient,
        "campaign_name": wanted.campaign_name, "request_id": wanted.request_id, "n": wanted.n,
        "direction": wanted.direction,
    }  # fmt: skip
    for column, value in equal.items():
        if value is not None:
            values.append(value)
            terms.append(f"{column} = ${len(values)}")
    if wanted.statuses is not None:
        values.append(wanted.statuses)
        terms.append(f"status = ANY(${len(values)}::smallint[])")
    return " AND ".join(terms), values


async def count_log(connection: Connection, account_id: int, wanted: LogFilter) -> int:
    """How many messages fit."""
    where, values = _conditions(account_id, wanted)
    # scope: _conditions begins with account_id
    total: int = await connection.fetchval(f"SELECT count(*) FROM message WHERE {where}", *values)  # noqa: S608
    return total


async def read_log(
    connection: Connection, account_id: int, wanted: LogFilter, limit: int, offset: int
) -> list[Mapping[str, Any]]:
    """Messages that fit, newest first."""
    where, values = _conditions(account_id, wanted)
    # scope: _conditions begins with account_id
    query = (
        f"SELECT {LOG_COLUMNS} FROM message WHERE {where} ORDER BY request_id DESC, n LIMIT {limit:d} OFFSET {offset:d}"  # noqa: S608
    )
    return await connection.fetch(query, *values)
