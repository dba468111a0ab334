"""Queries of announcements: they are the installation's, dismissals are of the signed-in user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.platform.announcements.models import Announcement, Dismissal

A = Announcement


async def latest(session: AsyncSession, limit: int) -> Sequence[Announcement]:
    """All announcements, the newest first."""
    return (await session.scalars(select(A).order_by(A.starts_at.desc(), A.id.desc()).limit(limit))).all()


async def begun(session: AsyncSession, now: datetime, limit: int) -> Sequence[Announcement]:
    """What has been announced so far, the newest first."""
    wanted = select(A).where(A.starts_at <= now).order_by(A.starts_at.desc(), A.id.desc())
    return (await session.scalars(wanted.limit(limit))).all()


# scope: of the signed-in visitor
async def unread(session: AsyncSession, user_id: int, now: datetime, limit: int) -> Sequence[Announcement]:
    """What is announced now and a user has not dismissed, the newest first."""
    seen = exists().where(Dismissal.user_id == user_id, Dismissal.announcement_id == A.id)
    wanted = select(A).where(A.starts_at <= now, A.ends_at > now, ~seen).order_by(A.starts_at.desc(), A.id.desc())
    return (await session.scalars(wanted.limit(limit))).all()


async def one(session: AsyncSession, number: int) -> Announcement | None:
    """An announcement."""
    return await session.get(A, number)


async def remove(session: AsyncSession, number: int) -> None:
    """Take an announcement away, as if it had never been."""
    await session.execute(delete(A).where(A.id == number))


async def dismiss(session: AsyncSession, user_id: int, number: int, now: datetime) -> None:
    """A user has read it; twice is as once."""
    row = insert(Dismissal).values(user_id=user_id, announcement_id=number, at=now)
    await session.execute(row.on_conflict_do_nothing())
