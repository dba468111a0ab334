"""All queries of lookups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, literal, select

from strowger.console.sql_source import SqlSource
from strowger.foundation.database import Connection, Database, columns
from strowger.platform.lookup.models import LookupItem, LookupProvider, LookupRequest
from strowger.platform.lookup.schemas import FACTS, Asked, Finding, Waiting

NAMES = ", ".join(FACTS)
RATES = """
SELECT account_id, channel, country, network, type, sender, currency, unit_price, fee, refund_undelivered, valid_from, valid_until
FROM tariff WHERE channel = 'lookup' AND valid_from <= $1 AND (valid_until IS NULL OR valid_until > $1)
"""
CACHED = f"""
SELECT DISTINCT ON (number) number, {NAMES} FROM lookup_item
WHERE account_id = $1 AND number = ANY($2::text[]) AND finished_at > $3 AND state = 1 AND source = 'hlr' AND error_code = ''
  AND NOT cached
ORDER BY number, finished_at DESC
"""  # noqa: S608
ADD = """
INSERT INTO lookup_request (account_id, id, source, name, by_user, total, done, failed, currency, profile_id, created_at,
                            finished_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
ITEM_COLUMNS = (
    "account_id", "request_id", "n", "state", "given", "number", "price", "cached", "due_at", "attempts", "finished_at", *FACTS,
)  # fmt: skip
# scope: a worker takes the work of every account; the first numbers of each request come first, so that a long list holds up nobody
CLAIM = """
UPDATE lookup_item i SET due_at = $3, attempts = attempts + 1
FROM (SELECT account_id, request_id, n FROM lookup_item WHERE state = 0 AND due_at <= $1 ORDER BY n, due_at LIMIT $2
      FOR UPDATE SKIP LOCKED) AS c
WHERE i.account_id = c.account_id AND i.request_id = c.request_id AND i.n = c.n
RETURNING i.account_id, i.request_id, i.n, i.number, i.price, i.attempts
"""
FINISH = f"""
UPDATE lookup_item i SET state = 1, finished_at = $21, price = CASE WHEN t.paid THEN i.price ELSE 0 END,
    {", ".join(f"{name} = t.{name}" for name in FACTS)}
FROM unnest($1::bigint[], $2::uuid[], $3::integer[], $4::boolean[], $5::text[], $6::integer[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::boolean[], $15::boolean[], $16::text[], $17::text[], $18::text[],
    $19::text[], $20::text[]) AS t(account_id, request_id, n, paid, {NAMES})
WHERE i.account_id = t.account_id AND i.request_id = t.request_id AND i.n = t.n AND i.state = 0
RETURNING i.account_id, i.request_id, i.n
"""  # noqa: S608
COUNT = """
UPDATE lookup_request r SET done = r.done + t.done, failed = r.failed + t.failed, price = r.price + t.price,
    finished_at = CASE WHEN r.done + t.done >= r.total THEN $6::timestamptz END
FROM unnest($1::bigint[], $2::uuid[], $3::integer[], $4::integer[], $5::numeric[]) AS t(account_id, id, done, failed, price)
WHERE r.account_id = t.account_id AND r.id = t.id
RETURNING r.account_id, r.id, r.total, r.failed, r.price, r.currency, r.profile_id, r.finished_at
"""
LATER = """
UPDATE lookup_item i SET due_at = $4 FROM unnest($1::bigint[], $2::uuid[], $3::integer[]) AS t(account_id, request_id, n)
WHERE i.account_id = t.account_id AND i.request_id = t.request_id AND i.n = t.n AND i.state = 0
"""
REQUEST = "SELECT * FROM lookup_request WHERE account_id = $1 AND id = $2"
ITEMS = """
SELECT * FROM lookup_item WHERE account_id = $1 AND request_id = $2 AND ($3::integer IS NULL OR n = $3) ORDER BY n LIMIT $4
"""
FORGET = """
DELETE FROM lookup_request WHERE (account_id, id) IN
    (SELECT account_id, id FROM lookup_request WHERE finished_at < $1 LIMIT 100) RETURNING id
"""
PROVIDERS = """
SELECT id, name, kind, config, secret, countries FROM lookup_provider WHERE active ORDER BY simulated, priority, id
"""
PROVIDER = "SELECT * FROM lookup_provider WHERE id = $1"
NAMED = "SELECT * FROM lookup_provider WHERE name = $1"
SAVE = """
UPDATE lookup_provider SET name = $2, config = $3, secret = $4, countries = $5, priority = $6, active = $7, last_error = NULL
WHERE id = $1
"""
ADD_PROVIDER = """
INSERT INTO lookup_provider (name, kind, config, secret, countries, priority, active, simulated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
DROP = "DELETE FROM lookup_provider WHERE id = $1 RETURNING name"
ANSWERED = "UPDATE lookup_provider SET last_answer_at = $2 WHERE id = ANY($1::integer[])"
FAILED = """
UPDATE lookup_provider p SET last_error = t.error, last_error_at = $3 FROM unnest($1::integer[], $2::text[]) AS t(id, error)
WHERE p.id = t.id
"""


async def rates(connection: Connection, now: datetime) -> list[Mapping[str, Any]]:
    """The prices of lookups that are valid now."""
    return await connection.fetch(RATES, now)


async def cached(
    connection: Connection, account_id: int, numbers: Sequence[str], since: datetime
) -> dict[str, Mapping[str, Any]]:
    """What the account was told of numbers since a moment."""
    return {row["number"]: row for row in await connection.fetch(CACHED, account_id, list(numbers), since)}


async def add(
    connection: Connection, account_id: int, request_id: UUID, asked: Sequence[Asked], *, source: str, name: str, by: str,
    currency: str, profile: UUID | None, now: datetime, due_at: datetime,
) -> None:  # fmt: skip
    """Store a request with its numbers; those with a finding are done."""
    done = sum(one.finding is not None for one in asked)
    failed = sum(one.finding is not None and bool(one.finding.error_code) for one in asked)
    await connection.execute(
        ADD, account_id, request_id, source, name, by, len(asked), done, failed, currency, profile, now,
        now if done == len(asked) else None,
    )  # fmt: skip
    rows = [
        (
            account_id, request_id, one.n, int(one.finding is not None), one.given, one.number, one.price, one.cached, due_at, 0,
            now if one.finding else None, *(one.finding or Finding()).row(),
        )
        for one in asked
    ]  # fmt: skip
    await connection.copy_records_to_table("lookup_item", records=rows, columns=ITEM_COLUMNS)


async def claim(connection: Connection, now: datetime, limit: int, lease: timedelta) -> list[Waiting]:
    """Take numbers that wait, for as long as ``lease``."""
    rows = await connection.fetch(CLAIM, now, limit, now + lease)
    return [Waiting(**row) for row in rows]


async def finish(
    connection: Connection, results: Sequence[tuple[Waiting, Finding]], now: datetime
) -> set[tuple[int, UUID, int]]:
    """Store what was found; returns those that had not been answered before."""
    rows = [(w.account_id, w.request_id, w.n, f.is_paid, *f.row()) for w, f in results]
    return {tuple(row) for row in await connection.fetch(FINISH, *columns(rows, 20), now)}


async def count(
    connection: Connection, rows: Sequence[tuple[int, UUID, int, int, Decimal]], now: datetime
) -> list[Mapping[str, Any]]:
    """Add (account, request, done, failed, price) to requests; returns them as they are now."""
    return await connection.fetch(COUNT, *columns(sorted(rows), 5), now)


async def put_off(connection: Connection, waiting: Sequence[Waiting], due_at: datetime) -> None:
    """Let numbers wait until a moment."""
    rows: list[tuple[Any, ...]] = [(w.account_id, w.request_id, w.n) for w in waiting]
    await connection.execute(LATER, *columns(rows, 3), due_at)


async def request(connection: Connection, account_id: int, request_id: UUID) -> Mapping[str, Any] | None:
    """A request of an account."""
    return await connection.fetchrow(REQUEST, account_id, request_id)


async def items(
    connection: Connection, account_id: int, request_id: UUID, n: int | None = None, limit: int = 1000
) -> list[Mapping[str, Any]]:
    """The numbers of a request in order, or one of them."""
    return await connection.fetch(ITEMS, account_id, request_id, n, limit)


async def forget(connection: Connection, before: datetime) -> int:
    """Delete some requests that ended before a moment; returns how many."""
    return len(await connection.fetch(FORGET, before))


async def providers(connection: Connection) -> list[Mapping[str, Any]]:
    """The providers that are switched on, in the order in which they are asked; simulated ones last."""
    return await connection.fetch(PROVIDERS)


async def provider(connection: Connection, provider_id: int) -> Mapping[str, Any] | None:
    """One provider."""
    return await connection.fetchrow(PROVIDER, provider_id)


async def provider_named(connection: Connection, name: str) -> Mapping[str, Any] | None:
    """A provider by its name."""
    return await connection.fetchrow(NAMED, name)


async def save_provider(connection: Connection, provider_id: int, *values: Any) -> None:
    """Change a provider: name, config, secret, countries, priority, active."""
    await connection.execute(SAVE, provider_id, *values)


async def add_provider(
    connection: Connection, name: str, kind: str, config: Mapping[str, str], secret: bytes | None,
    countries: Sequence[str] = (), priority: int = 100, active: bool = True, simulated: bool = False,
) -> int:  # fmt: skip
    """Add a provider. Raises asyncpg.UniqueViolationError when the name is taken."""
    values = (name, kind, dict(config), secret, list(countries), priority, active, simulated)
    return int(await connection.fetchval(ADD_PROVIDER, *values))


async def drop_provider(connection: Connection, provider_id: int) -> str | None:
    """Remove a provider; returns its name."""
    found: str | None = await connection.fetchval(DROP, provider_id)
    return found


async def note_answers(
    connection: Connection, answered: Sequence[int], failed: Mapping[int, str], now: datetime
) -> None:
    """Note which providers answered and which did not."""
    await connection.execute(ANSWERED, list(answered), now)
    if failed:
        await connection.execute(FAILED, list(failed), [text[:300] for text in failed.values()], now)


def request_source(database: Database) -> SqlSource:
    """The requests of an account, for a table."""
    r = LookupRequest.__table__.c
    state = case((r.finished_at.is_(None), literal("running")), else_=literal("done")).label("state")
    chosen: Select[Any] = select(*r, state)
    return SqlSource(
        database, chosen, r.account_id, ("id",), columns={"state": state},
        search=lambda text: r.name.icontains(text.strip(), autoescape=True) | r.by_user.icontains(text.strip(), autoescape=True),
    )  # fmt: skip


def item_source(database: Database, request_id: UUID) -> SqlSource:
    """The numbers of a request, for a table; the source adds the account."""
    i = LookupItem.__table__.c

    def search(text: str) -> ColumnElement[bool]:
        found: ColumnElement[bool] = i.number.contains(text.strip().lstrip("+"), autoescape=True)
        return found

    chosen: Select[Any] = select(*i).where(i.request_id == request_id)
    return SqlSource(database, chosen, i.account_id, ("n",), search=search)  # account_id by the source


async def all_providers(connection: Connection) -> list[Mapping[str, Any]]:
    """Every provider, for the operator."""
    return await connection.fetch(f"SELECT * FROM {LookupProvider.__tablename__} ORDER BY simulated, priority, id")  # noqa: S608
