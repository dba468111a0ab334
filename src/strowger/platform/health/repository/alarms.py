"""Queries of alarms; they concern the whole installation, not one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.platform.health.models import Alarm

# One process looks at a time; the others leave it to that one.
TURN = text("SELECT pg_try_advisory_xact_lock(hashtextextended('strowger alarms', 0))")
# A carrier is down when it should send and none of its binds is up, or when the process that held them has died.
DOWN = text("""
SELECT c.name, (SELECT string_agg(DISTINCT coalesce(nullif(l.detail, ''), l.state), '; ') FROM carrier_link l
                WHERE l.carrier_id = c.id) AS detail
FROM carrier c WHERE c.state = 'active' AND c.created_at < CAST(:since AS timestamptz) AND NOT EXISTS (
    SELECT FROM carrier_link l WHERE l.carrier_id = c.id AND l.state = ANY(CAST(:up AS text[])))
ORDER BY c.name
""")
IS_USED = text("SELECT EXISTS (SELECT FROM carrier WHERE name = :name AND state = 'active')")
LATE = text("""
SELECT coalesce(c.name, '') AS lane, count(*) AS depth, extract(epoch FROM now() - min(s.due_at))::float AS age
FROM submission s LEFT JOIN carrier c ON c.id = s.lane WHERE s.due_at <= now() GROUP BY 1
HAVING min(s.due_at) < now() - make_interval(secs => CAST(:most AS float8)) ORDER BY 1
""")


async def my_turn(session: AsyncSession) -> bool:
    """Whether no other process is looking."""
    return bool(await session.scalar(TURN))


async def down(session: AsyncSession, up: Sequence[str], since: datetime) -> Sequence[Mapping[str, Any]]:
    """Carriers, made before ``since``, that should be up and are not: name and detail."""
    rows = await session.execute(DOWN, {"up": list(up), "since": since})
    return [dict(row) for row in rows.mappings()]


async def is_used(session: AsyncSession, name: str) -> bool:
    """Whether a carrier is there and should send."""
    return bool(await session.scalar(IS_USED, {"name": name}))


async def late(session: AsyncSession, most: float) -> Sequence[Mapping[str, Any]]:
    """Lanes whose oldest due message waits longer than ``most`` seconds: carrier ("" before routing), depth, age."""
    return [dict(row) for row in (await session.execute(LATE, {"most": float(most)})).mappings()]


async def open_alarms(session: AsyncSession) -> Sequence[Alarm]:
    """Alarms that are not over."""
    return (await session.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.id))).all()


async def latest(session: AsyncSession, limit: int) -> Sequence[Alarm]:
    """Alarms of which somebody was told, the latest first."""
    wanted = select(Alarm).where(Alarm.told_at.is_not(None)).order_by(Alarm.since.desc()).limit(limit)
    return (await session.scalars(wanted)).all()


async def forget(session: AsyncSession, before: datetime) -> None:
    """Delete what ended long ago."""
    await session.execute(delete(Alarm).where(Alarm.ended_at < before))
