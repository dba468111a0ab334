"""Queries of members and custom roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.platform.access.models import OneTimeLink
from strowger.platform.accounts.models import User
from strowger.platform.audit.models import AuditEntry
from strowger.platform.team.models import CustomRole, OwnershipTransfer


async def custom_role(session: AsyncSession, account_id: int, role_id: int) -> CustomRole | None:
    """A custom role of an account."""
    return await session.scalar(select(CustomRole).where(CustomRole.account_id == account_id, CustomRole.id == role_id))


async def custom_roles(session: AsyncSession, account_id: int) -> Sequence[CustomRole]:
    """The custom roles of an account, by name."""
    wanted = select(CustomRole).where(CustomRole.account_id == account_id).order_by(CustomRole.name)
    return (await session.scalars(wanted)).all()


async def drop_custom_role(session: AsyncSession, account_id: int, role_id: int) -> None:
    """Remove a custom role."""
    await session.execute(delete(CustomRole).where(CustomRole.account_id == account_id, CustomRole.id == role_id))


async def lock_members(session: AsyncSession, account_id: int) -> Sequence[User]:
    """The members of an account, locked, so that two changes cannot together remove the last owner."""
    wanted = select(User).where(User.account_id == account_id).order_by(User.id)
    return (await session.scalars(wanted.with_for_update())).all()


async def members(session: AsyncSession, account_id: int) -> Sequence[User]:
    """The members of an account."""
    return (await session.scalars(select(User).where(User.account_id == account_id).order_by(User.id))).all()


async def count_with_role(session: AsyncSession, account_id: int, role: str) -> int:
    """How many members have a role."""
    return await session.scalar(select(func.count()).where(User.account_id == account_id, User.role == role)) or 0


async def drop_member(session: AsyncSession, account_id: int, user_id: int) -> None:
    """Remove a member with everything that is theirs alone."""
    await session.execute(delete(User).where(User.account_id == account_id, User.id == user_id))


async def open_invitations(session: AsyncSession, account_id: int) -> dict[int, datetime]:
    """Until when the invitation of each invited member works."""
    wanted = (
        select(OneTimeLink.user_id, func.max(OneTimeLink.expires_at))
        .join(User, User.id == OneTimeLink.user_id)
        .where(User.account_id == account_id, OneTimeLink.purpose == "invitation", OneTimeLink.used_at.is_(None))
        .group_by(OneTimeLink.user_id)
    )
    return {row[0]: row[1] for row in await session.execute(wanted)}


# scope: upkeep of the whole installation
async def overdue_experts(session: AsyncSession, now: datetime) -> Sequence[User]:
    """Experts whose time is over and whose end was not told yet; of parallel callers one gets them."""
    wanted = select(User).where(User.access_until <= now, User.state != "disabled")
    return (await session.scalars(wanted.with_for_update(skip_locked=True).limit(50))).all()


async def acts_of(
    session: AsyncSession, account_id: int, user_id: int
) -> Sequence[tuple[datetime, str, str, str | None, list[Any]]]:
    """What a member changed, oldest first."""
    e = AuditEntry
    wanted = select(e.at, e.action, e.path, e.ip, e.changes).where(e.account_id == account_id, e.user_id == user_id)
    return [tuple(row) for row in await session.execute(wanted.order_by(e.number).limit(5000))]


async def open_transfer(
    session: AsyncSession, account_id: int, now: datetime, lock: bool = False
) -> OwnershipTransfer | None:
    """The offer to hand an account over that waits for its answer."""
    t = OwnershipTransfer
    wanted = select(t).where(t.account_id == account_id, t.state == "open", t.expires_at > now)
    return await session.scalar(wanted.with_for_update() if lock else wanted)


async def end_overdue_transfers(session: AsyncSession, account_id: int, now: datetime) -> None:
    """Close an offer that is past its time and that the worker has not closed yet."""
    t = OwnershipTransfer
    overdue = update(t).where(t.account_id == account_id, t.state == "open", t.expires_at <= now)
    await session.execute(overdue.values(state="expired", ended_at=now))


# scope: upkeep of the whole installation
async def overdue_transfers(session: AsyncSession, now: datetime) -> Sequence[OwnershipTransfer]:
    """Offers past their time; of parallel callers one gets them."""
    t = OwnershipTransfer
    wanted = select(t).where(t.state == "open", t.expires_at <= now).with_for_update(skip_locked=True)
    return (await session.scalars(wanted.limit(50))).all()
