"""Rows of the console's lists of callbacks: the queue with what failed, and every attempt that was made."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    SmallInteger,
    TableClause,
    Text,
    Uuid,
    and_,
    column,
    false,
    func,
    select,
    table,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSON

from strowger.foundation.ids import parse_message_id, uuid_floor
from strowger.messaging.repository.reading import DOOMSDAY, EPOCH

Moment = DateTime(timezone=True)
DAY = timedelta(days=1)
REPLAYABLE = timedelta(days=8)  # a callback is tried and replayed within so long after it was made
callback = table(
    "callback",
    column("id", Uuid),
    column("account_id", BigInteger),
    column("request_id", Uuid),
    column("n", SmallInteger),
    column("event", Text),
    column("endpoint", Text),
    column("target", JSON),
    column("variables", JSON),
    column("state", SmallInteger),
    column("attempts", SmallInteger),
    column("due_at", Moment),
    column("last_error", Text),
    column("created_at", Moment),
    column("profile_id", Uuid),
)
attempt = table(
    "callback_attempt",
    column("account_id", BigInteger),
    column("request_id", Uuid),
    column("n", SmallInteger),
    column("callback_id", Uuid),
    column("event", Text),
    column("attempt", SmallInteger),
    column("at", Moment),
    column("duration_ms", Integer),
    column("outcome", SmallInteger),
    column("http_status", SmallInteger),
    column("error", Text),
    column("method", Text),
    column("url", Text),
    column("profile_id", Uuid),
)

HOST: ColumnElement[Any] = func.split_part(callback.c.endpoint, " ", 2)
URL: ColumnElement[Any] = callback.c.target["url"].astext


def queued_rows() -> Select[Any]:
    """The callbacks that wait, have failed or were dropped. ``host`` is the receiver without the account."""
    c = callback.c
    earlier = func.coalesce(sql_cast(c.target["earlier"].astext, Integer), 0)
    return select(
        c.id,
        c.request_id,
        c.n,
        c.event,
        HOST.label("host"),
        URL.label("url"),
        c.target["method"].astext.label("method"),
        func.coalesce(c.variables["status"].astext, "").label("status"),
        c.state,
        (c.attempts + earlier).label("attempts"),
        c.due_at,
        c.last_error,
        c.created_at,
        c.profile_id,
    )


def of_profile(rows: TableClause, text: str) -> ColumnElement[bool]:
    """Callbacks of a profile, by its public id or uuid; none when it is neither."""
    try:
        profile_id = UUID(text.strip().rpartition("_")[2])
    except ValueError:
        return false()
    return rows.c.profile_id == profile_id


def search_queue(text: str) -> ColumnElement[bool]:
    """Callbacks of a message or request, or to an address that contains the text."""
    return _of_message(callback, text) if parse_message_id(text) else URL.icontains(text, autoescape=True)


def search_attempts(text: str) -> ColumnElement[bool]:
    """Attempts for a message or request, or to an address that contains the text."""
    return _of_message(attempt, text) if parse_message_id(text) else attempt.c.url.icontains(text, autoescape=True)


def _of_message(rows: TableClause, text: str) -> ColumnElement[bool]:
    found = parse_message_id(text)
    assert found is not None
    request_id, n = found
    same = rows.c.request_id == request_id
    return same if n is None else and_(same, rows.c.n == n)


# scope: the list that shows them adds the tenant
def attempt_rows() -> Select[Any]:
    """Every attempt, without its texts."""
    return select(*(item for item in attempt.c if item.key != "account_id"))


def attempts_within(start: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    """Attempts of a period. Callbacks are made before they are tried: the key's bound reaches a week further back."""
    found: list[ColumnElement[bool]] = []
    if start is not None:
        found += [attempt.c.at >= start, attempt.c.callback_id >= uuid_floor(max(start, EPOCH) - REPLAYABLE)]
    if end is not None:
        found += [attempt.c.at < end, attempt.c.callback_id < uuid_floor(min(end, DOOMSDAY) + DAY)]
    return and_(true(), *found)
