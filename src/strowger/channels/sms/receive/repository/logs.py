"""The log of received messages: which came, and what became of what was done for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Select, or_, select

from strowger.channels.sms.receive.models import ReceiveLog
from strowger.console.sql_source import SqlSource, contains, equals
from strowger.console.table_query import TimeRange
from strowger.foundation.database import Connection, Database
from strowger.foundation.ids import uuid_floor, uuid_time

DELAY = timedelta(
    days=1
)  # between the ids of a message and of what it caused, at most; they are made within one commit
RECEIVED = """
SELECT request_id, body, units, country, network FROM message
WHERE account_id = $1 AND request_id = ANY($2::uuid[]) AND n = 1 AND request_id BETWEEN $3 AND $4
"""
SENT = """
SELECT request_id, n, status FROM message
WHERE account_id = $1 AND request_id = ANY($2::uuid[]) AND direction = 0 AND request_id BETWEEN $3 AND $4 ORDER BY request_id, n
"""
MAILS = "SELECT id, state FROM mail WHERE account_id = $1 AND id = ANY($2::uuid[])"
WAITING = (
    "SELECT DISTINCT request_id FROM smpp_delivery WHERE account_id = $1 AND kind = 1 AND request_id = ANY($2::uuid[])"
)
FIND = """
SELECT l.request_id, l.configuration_id, l.keyword, l.captured, l.done, l.source, l.number, l.at FROM receive_log l
WHERE l.account_id = $1 AND l.request_id = $2
"""
# By the log's own key, not by the sender: what comes in is little beside what goes out.
LATEST_FROM = """
SELECT m.* FROM receive_log l JOIN message m ON m.account_id = $1 AND m.request_id = l.request_id AND m.n = 1
WHERE l.account_id = $1 AND l.source = $2 AND l.request_id >= $3 AND m.request_id >= $3 ORDER BY l.request_id DESC LIMIT $4
"""
NUMBER_CALLBACK = "SELECT callback FROM number WHERE account_id = $1 AND msisdn = $2"


def _span(ids: Sequence[UUID]) -> tuple[UUID, UUID]:
    """Between which ids to look, so that only the days in question are read."""
    return uuid_floor(uuid_time(min(ids)) - DELAY), uuid_floor(uuid_time(max(ids)) + DELAY)


async def latest_from(connection: Connection, account_id: int, number: str, since: datetime, limit: int) -> list[Any]:
    """The newest messages that came from a number."""
    return await connection.fetch(LATEST_FROM, account_id, number, uuid_floor(since), limit)


async def received(connection: Connection, account_id: int, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Received messages by id."""
    rows = await connection.fetch(RECEIVED, account_id, list(ids), *_span(ids)) if ids else []
    return {row["request_id"]: row for row in rows}


async def statuses(connection: Connection, account_id: int, ids: Sequence[UUID]) -> dict[UUID, list[int]]:
    """The statuses of what was sent, by request."""
    found: dict[UUID, list[int]] = {}
    for row in await connection.fetch(SENT, account_id, list(ids), *_span(ids)) if ids else []:
        found.setdefault(row["request_id"], []).append(row["status"])
    return found


async def mails(connection: Connection, account_id: int, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The states of mails; those that are not kept any more are missing."""
    return {row["id"]: row["state"] for row in await connection.fetch(MAILS, account_id, list(ids))} if ids else {}


async def waiting_for_smpp(connection: Connection, account_id: int, ids: Sequence[UUID]) -> set[UUID]:
    """The received messages that an SMPP client has not taken yet."""
    return {row["request_id"] for row in await connection.fetch(WAITING, account_id, list(ids))} if ids else set()


async def find(connection: Connection, account_id: int, request_id: UUID) -> asyncpg.Record | None:
    """One entry of the account's log."""
    return await connection.fetchrow(FIND, account_id, request_id)


async def number_callback(connection: Connection, account_id: int, msisdn: str) -> dict[str, Any] | None:
    """Where the number itself reports; None for nowhere, or when it is not the account's any more."""
    found: dict[str, Any] | None = await connection.fetchval(NUMBER_CALLBACK, account_id, msisdn)
    return found


def log_source(database: Database) -> SqlSource:
    """The log of an account, newest first, for a table."""
    c = ReceiveLog.__table__.c
    chosen: Select[Any] = select(ReceiveLog.__table__)

    def search(text: str) -> ColumnElement[bool]:
        return or_(contains(c.source, text.lstrip("+")), contains(c.keyword, text))

    def within(span: TimeRange) -> ColumnElement[bool]:
        low = c.request_id >= uuid_floor(span.start) if span.start else c.request_id.is_not(None)
        return low & (c.request_id < uuid_floor(span.end)) if span.end else low

    return SqlSource(
        database, chosen, c.account_id, ("request_id",), search=search,
        filters={"at": within, "number": equals(c.number), "source": lambda text: contains(c.source, text.lstrip("+"))},
    )  # fmt: skip
