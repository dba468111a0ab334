"""Reading the message log for people: lists, one message with its timeline, what it waits for. Always of one account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from strowger.foundation.database import Queryable
from strowger.foundation.ids import parse_message_id, uuid_floor
from strowger.messaging.models import Message
from strowger.messaging.routing.models import Carrier
from strowger.messaging.schemas import Direction, Event
from strowger.messaging.statuses import EventKind, Status
from strowger.platform.accounts.models import Account

# A message's key is made within this time before or after its moment; parts that never came delay an incoming one.
EARLY, LATE = timedelta(minutes=1), timedelta(hours=26)
EPOCH, DOOMSDAY = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
MIN_NUMBER, WHOLE_NUMBER = 3, 8

# scope: completed below, each time with account_id
_MESSAGE = """
SELECT m.*, c.name AS carrier, (SELECT a.settings ->> 'show_codes' = 'true' FROM account a WHERE a.id = m.account_id) AS codes_shown
FROM message m LEFT JOIN carrier c ON c.id = m.carrier_id
"""
ONE = _MESSAGE + "WHERE m.account_id = $1 AND m.request_id = $2 AND m.n = $3"
SOME = f"""
{_MESSAGE} WHERE m.account_id = $1 AND (m.request_id, m.n) IN (SELECT * FROM unnest($2::uuid[], $3::smallint[]))
    AND m.request_id BETWEEN $4 AND $5 ORDER BY m.request_id DESC, m.n DESC
"""  # noqa: S608
LATEST = _MESSAGE + "WHERE m.account_id = $1 AND m.request_id >= $2 ORDER BY m.request_id DESC, m.n DESC LIMIT $3"
TO_NUMBER = (
    _MESSAGE + "WHERE m.account_id = $1 AND m.recipient = $2 AND m.request_id >= $3 ORDER BY m.request_id DESC LIMIT $4"
)
NUMBERS = "SELECT n FROM message WHERE account_id = $1 AND request_id = $2 ORDER BY n LIMIT $3"
ANY = "SELECT EXISTS (SELECT FROM message WHERE account_id = $1)"
EVENTS = """
SELECT at, kind, status, trace, part, carrier_id, operator_id, detail FROM message_event
WHERE account_id = $1 AND request_id = $2 AND n = $3 ORDER BY at, kind, part
"""
WAITING = """
SELECT s.lane, s.priority, s.due_at, s.expires_at, s.attempts, s.reason, s.claimed_by IS NOT NULL AS claimed,
    cardinality(s.tried) AS tried, c.name AS carrier, c.state AS carrier_state
FROM submission s LEFT JOIN carrier c ON c.id = s.lane WHERE s.account_id = $1 AND s.request_id = $2 AND s.n = $3
"""
LINKS = """
SELECT bind, CASE WHEN worker_id IS NULL THEN 'down' ELSE state END AS state, detail, since FROM carrier_link
WHERE carrier_id = $1 ORDER BY bind
"""
CARRIERS = "SELECT id, name FROM carrier WHERE id = ANY($1::integer[])"


@dataclass(frozen=True, slots=True)
class Link:
    """One bind of a carrier: down, connecting, bound or throttled, and why."""

    bind: int
    state: str
    detail: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue's row of a message, with the state of the carrier it waits for (lane 0: none is chosen yet)."""

    lane: int
    priority: int
    due_at: datetime
    expires_at: datetime
    attempts: int
    reason: str | None
    claimed: bool
    tried: int
    carrier: str | None
    carrier_state: str | None
    links: tuple[Link, ...] = ()


def within(start: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    """Messages of a period; the bounds on the key let the database pass over the other days' partitions."""
    found: list[ColumnElement[bool]] = []
    if start is not None:
        found += [Message.created_at >= start, Message.request_id >= uuid_floor(max(start, EPOCH) - EARLY)]
    if end is not None:
        found += [Message.created_at < end, Message.request_id < uuid_floor(min(end, DOOMSDAY) + LATE)]
    return and_(true(), *found)


def message_rows(start: datetime | None) -> Select[Any]:
    """The rows of message lists, from ``start`` on (None: all that are kept)."""
    columns = [column for column in Message.__table__.columns if column.key not in {"callback", "valid_until"}]
    wanted = select(*columns, Carrier.name.label("carrier"), codes_shown().label("codes_shown")).join(
        Carrier, Carrier.id == Message.carrier_id, isouter=True
    )
    return wanted.where(within(start, None))


def codes_shown() -> ColumnElement[bool]:
    """Whether the account of a message shows the digits of one-time passwords in lists and files."""
    chosen = Account.settings["show_codes"].astext == "true"
    return select(chosen).where(Account.id == Message.account_id).correlate(Message).scalar_subquery()


def number_in(text: str) -> str:
    """The digits of a search for a number; empty when it is none."""
    digits = "".join(text.split()).lstrip("+").replace("-", "").replace("(", "").replace(")", "")
    return digits if digits.isascii() and digits.isdigit() and MIN_NUMBER <= len(digits) <= 15 else ""


def search_messages(text: str) -> ColumnElement[bool]:
    """What a search means: an id, a whole number, the end of a number, or words of sender, campaign and text."""
    found = parse_message_id(text)
    if found is not None:
        request_id, n = found
        return Message.request_id == request_id if n is None else and_(Message.request_id == request_id, Message.n == n)
    digits = number_in(text)
    if len(digits) >= WHOLE_NUMBER:
        return or_(Message.recipient == digits, and_(Message.sender == digits, Message.direction == Direction.MO))
    words = [Message.body.icontains(text, autoescape=True), Message.sender.icontains(text, autoescape=True)]
    if digits:
        return or_(Message.recipient.endswith(digits), Message.sender.endswith(digits), *words)
    return or_(*words, Message.campaign_name.icontains(text, autoescape=True))


def to_number(text: str) -> ColumnElement[bool]:
    """Messages to a number, given whole or by its last digits; to a name by some of its letters."""
    digits = number_in(text)
    return Message.recipient.endswith(digits) if digits else Message.recipient.icontains(text.strip(), autoescape=True)


async def find_message(connection: Queryable, account_id: int, request_id: UUID, n: int) -> Any | None:
    """A message with its carrier's name (``carrier``); None when the account has no such message."""
    return await connection.fetchrow(ONE, account_id, request_id, n)


async def find_messages(connection: Queryable, account_id: int, ids: Sequence[tuple[UUID, int]]) -> list[Any]:
    """The account's messages among the ids, newest first."""
    if not ids:
        return []
    keys = [request_id for request_id, _ in ids]
    return await connection.fetch(SOME, account_id, keys, [n for _, n in ids], min(keys), max(keys))


async def latest_messages(connection: Queryable, account_id: int, since: datetime, limit: int) -> list[Any]:
    """The newest messages made since then."""
    return await connection.fetch(LATEST, account_id, uuid_floor(since), limit)


async def messages_to(connection: Queryable, account_id: int, number: str, since: datetime, limit: int) -> list[Any]:
    """The newest messages to a number."""
    return await connection.fetch(TO_NUMBER, account_id, number, uuid_floor(since), limit)


async def numbers_of(connection: Queryable, account_id: int, request_id: UUID, limit: int = 2) -> list[int]:
    """The numbers ``n`` of a request's messages, at most ``limit``."""
    return [row["n"] for row in await connection.fetch(NUMBERS, account_id, request_id, limit)]


async def has_messages(connection: Queryable, account_id: int) -> bool:
    """Whether the account has any message."""
    return bool(await connection.fetchval(ANY, account_id))


async def events_of(connection: Queryable, account_id: int, request_id: UUID, n: int) -> list[Event]:
    """A message's events in order of time."""
    return [
        Event(
            EventKind(row["kind"]), Status(row["status"]), row["trace"], row["at"], row["part"], row["carrier_id"],
            row["operator_id"], row["detail"],
        )
        for row in await connection.fetch(EVENTS, account_id, request_id, n)
    ]  # fmt: skip


async def waiting_of(connection: Queryable, account_id: int, request_id: UUID, n: int) -> Waiting | None:
    """What a message waits for; None when it is not in the queue."""
    row = await connection.fetchrow(WAITING, account_id, request_id, n)
    if row is None:
        return None
    links = await connection.fetch(LINKS, row["lane"]) if row["lane"] else []
    return Waiting(**row, links=tuple(Link(**link) for link in links))


async def carrier_names(connection: Queryable, ids: Sequence[int]) -> dict[int, str]:
    """Names of carriers by id, also of removed ones."""
    return {row["id"]: row["name"] for row in await connection.fetch(CARRIERS, list(ids))}
