"""Queries of the fraud guard and of limits by country."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.console.sql_source import SqlSource
from strowger.foundation.database import Connection, Database, columns
from strowger.platform.guard.models import BlockedPrefix
from strowger.platform.guard.watch import NewBlock

TRAFFIC = """
SELECT p.account_id, p.prefix, sum(p.sends)::integer AS sends, sum(p.conversions)::integer AS conversions FROM prefix_traffic p
JOIN unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS t(account_id, prefix, since)
  ON p.account_id = t.account_id AND p.prefix = t.prefix AND p.minute > t.since
GROUP BY p.account_id, p.prefix
"""
ADD_TRAFFIC = """
INSERT INTO prefix_traffic AS p (account_id, prefix, minute, sends, conversions)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::integer[], $5::integer[])
    AS t(account_id, prefix, minute, sends, conversions) ORDER BY 1, 2, 3
ON CONFLICT (account_id, prefix, minute)
DO UPDATE SET sends = p.sends + excluded.sends, conversions = p.conversions + excluded.conversions
"""
BLOCK = """
INSERT INTO blocked_prefix (account_id, prefix, source, reason, sends, conversions, added_by, created_at, until)
SELECT account_id, prefix, source, reason, sends, conversions, added_by, $9, until
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::integer[], $7::text[], $8::timestamptz[])
    AS t(account_id, prefix, source, reason, sends, conversions, added_by, until)
RETURNING id
"""
LIFT = """
UPDATE blocked_prefix SET lifted_at = $3, lifted_by = $4
WHERE account_id = $1 AND id = $2 AND lifted_at IS NULL AND (until IS NULL OR until > $3) RETURNING prefix
"""
# Lifting starts the prefix's count anew, else the next message would block it again.
CLEAR_TRAFFIC = "DELETE FROM prefix_traffic WHERE account_id = $1 AND prefix = $2"
SET_LIMITS = """
INSERT INTO country_limit (account_id, country, daily, monthly)
SELECT $1, country, daily, monthly FROM unnest($2::text[], $3::integer[], $4::integer[]) AS t(country, daily, monthly)
ON CONFLICT (account_id, country) DO UPDATE SET daily = excluded.daily, monthly = excluded.monthly
"""
REMOVE_LIMIT = "DELETE FROM country_limit WHERE account_id = $1 AND country = $2 RETURNING country"
LIMITS = """
SELECT l.country, l.daily, l.monthly, coalesce(d.count, 0) AS used_today, coalesce(m.count, 0) AS used_month
FROM country_limit l
LEFT JOIN usage_counter d ON d.account_id = l.account_id AND d.name = 'day:' || l.country AND d.period = $2
LEFT JOIN usage_counter m ON m.account_id = l.account_id AND m.name = 'month:' || l.country AND m.period = $3
WHERE l.account_id = $1 ORDER BY l.country
"""
PURGE = (
    # scope: upkeep of all accounts; the count of a trial has no period
    "DELETE FROM usage_counter WHERE period < $1::timestamptz - interval '70 days' AND name <> 'trial'",
    "DELETE FROM prefix_traffic WHERE minute < $1::timestamptz - interval '2 hours'",  # scope: upkeep of all accounts
    "DELETE FROM recent_send WHERE at < $1::timestamptz - interval '25 hours'",  # scope: upkeep of all accounts
)
# A mark that was told is a counter of its own: of two workers one writes it. Of two marks at once the higher is told.
# scope: the limits of all accounts
MARKS = text("""
WITH used AS (
    SELECT c.account_id, l.country, split_part(c.name, ':', 1) AS span, c.period, c.count AS used,
        CASE WHEN c.name LIKE 'day:%' THEN l.daily ELSE l.monthly END AS most
    FROM country_limit l JOIN usage_counter c ON c.account_id = l.account_id AND (
        (c.name = 'day:' || l.country AND c.period > CAST(:now AS timestamptz) - interval '25 hours')
        OR (c.name = 'month:' || l.country AND c.period > CAST(:now AS timestamptz) - interval '32 days'))
), reached AS (
    SELECT u.*, v.mark FROM used u CROSS JOIN (VALUES (80), (100)) v(mark)
    WHERE u.most > 0 AND u.used::bigint * 100 >= u.most::bigint * v.mark
), told AS (
    INSERT INTO usage_counter (account_id, name, period, count)
    SELECT account_id, 'told' || mark || ':' || span || ':' || country, period, 1 FROM reached ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING RETURNING account_id, name, period
)
SELECT DISTINCT ON (r.account_id, r.span, r.country, r.period) r.account_id, r.span, r.country, r.mark, r.used, r.most,
    a.name AS account, ARRAY(SELECT u.email FROM app_user u
        WHERE u.account_id = r.account_id AND u.role = 'owner' AND u.state = 'active') AS owners
FROM reached r JOIN told t ON t.account_id = r.account_id AND t.period = r.period
    AND t.name = 'told' || r.mark || ':' || r.span || ':' || r.country
JOIN account a ON a.id = r.account_id ORDER BY r.account_id, r.span, r.country, r.period, r.mark DESC
""")
Key = tuple[int, str]


async def traffic(connection: Connection, wanted: Collection[tuple[int, str, datetime]]) -> dict[Key, tuple[int, int]]:
    """Sends and conversions of prefixes, for (account, prefix, since)."""
    rows = await connection.fetch(TRAFFIC, *columns(list(wanted), 3))
    return {(r["account_id"], r["prefix"]): (r["sends"], r["conversions"]) for r in rows}


async def add_traffic(connection: Connection, rows: Sequence[tuple[int, str, datetime, int, int]]) -> None:
    """Count (account, prefix, minute, sends, conversions); each key at most once."""
    await connection.execute(ADD_TRAFFIC, *columns(list(rows), 5))


async def block(connection: Connection, blocks: Sequence[NewBlock], now: datetime) -> None:
    """Block prefixes that the watch found."""
    rows: list[tuple[Any, ...]] = [
        (b.account_id, b.prefix, "watch", b.reason, b.sends, b.conversions, "", b.until) for b in blocks
    ]
    await connection.execute(BLOCK, *columns(rows, 8), now)


async def block_by_hand(
    connection: Connection, account_id: int, prefix: str, reason: str, by: str, until: datetime | None, now: datetime
) -> int:
    """Block a prefix; returns the block's id."""
    row: tuple[Any, ...] = (account_id, prefix, "manual", reason, 0, 0, by, until)
    made: int = await connection.fetchval(BLOCK, *columns([row], 8), now)
    return made


async def lift(connection: Connection, account_id: int, block_id: int, by: str, now: datetime) -> str | None:
    """End a block; returns its prefix, None when the account has no such block in force."""
    prefix: str | None = await connection.fetchval(LIFT, account_id, block_id, now, by)
    if prefix is not None:
        await connection.execute(CLEAR_TRAFFIC, account_id, prefix)
    return prefix


async def set_limits(
    connection: Connection, account_id: int, rows: Sequence[tuple[str, int | None, int | None]]
) -> None:
    """Set daily and monthly limits of countries; the others keep theirs."""
    await connection.execute(SET_LIMITS, account_id, *columns(list(rows), 3))


async def remove_limit(connection: Connection, account_id: int, country: str) -> bool:
    """Take the limit of a country away; False when there was none."""
    return await connection.fetchval(REMOVE_LIMIT, account_id, country) is not None


async def limits(connection: Connection, account_id: int, day: datetime, month: datetime) -> list[Any]:
    """Limits of an account with what is used of them in the periods that began then."""
    return await connection.fetch(LIMITS, account_id, day, month)


async def purge(connection: Connection, now: datetime) -> None:
    """Remove counts that no rule looks at any more."""
    for statement in PURGE:
        await connection.execute(statement, now)


def blocked_source(database: Database, now: datetime) -> SqlSource:
    """The prefixes that an account blocks or blocked, for a table."""
    b = BlockedPrefix.__table__.c
    over = b.until.is_not(None) & (b.until <= now)
    state = case((b.lifted_at.is_not(None), "lifted"), (over, "over"), else_="blocked").label("state")
    chosen: Select[Any] = select(
        b.id, b.prefix, b.source, b.reason, b.sends, b.conversions, b.added_by, b.created_at, b.until, b.lifted_at,
        b.lifted_by, state,
    )  # fmt: skip
    return SqlSource(
        database, chosen, b.account_id, ("id",), {"state": state},
        lambda text: b.prefix.startswith(text.lstrip("+"), autoescape=True), nullable=frozenset({"until"}),
    )  # fmt: skip


async def reached_marks(session: AsyncSession, now: datetime) -> Sequence[Any]:
    """Limits that reached 80 or 100 per cent and were not told yet; noted as told within the caller's transaction."""
    return (await session.execute(MARKS, {"now": now})).mappings().all()
