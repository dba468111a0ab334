"""Queries of members and custom roles."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.platform.accounts.models import User
from strowger.platform.team.models import CustomRole


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
