"""Queries of single sign-on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.platform.sso.models import IdentityProvider, SsoAttempt, SsoDomain, SsoIdentity


async def provider(session: AsyncSession, account_id: int, lock: bool = False) -> IdentityProvider | None:
    """The provider of an account."""
    wanted = select(IdentityProvider).where(IdentityProvider.account_id == account_id)
    return await session.scalar(wanted.with_for_update() if lock else wanted)


# scope: signing in learns the account from the domain
async def provider_of_domain(session: AsyncSession, domain: str) -> IdentityProvider | None:
    """The provider to which people of a domain go."""
    p = IdentityProvider
    wanted = select(p).join(SsoDomain, SsoDomain.account_id == p.account_id)
    return await session.scalar(wanted.where(SsoDomain.domain == domain, p.is_on))


# scope: the sign-in page asks whether anybody uses it
async def any_on(session: AsyncSession) -> bool:
    """Whether any account of the installation has a provider that is on."""
    wanted = select(IdentityProvider.account_id).where(IdentityProvider.is_on).limit(1)
    return await session.scalar(wanted) is not None


async def domains(session: AsyncSession, account_id: int) -> list[str]:
    """The domains of an account."""
    wanted = select(SsoDomain.domain).where(SsoDomain.account_id == account_id).order_by(SsoDomain.domain)
    return list((await session.scalars(wanted)).all())


async def set_domains(session: AsyncSession, account_id: int, names: Sequence[str]) -> None:
    """Replace the domains of an account. The flush raises IntegrityError when another account has one of them."""
    await session.execute(delete(SsoDomain).where(SsoDomain.account_id == account_id))
    session.add_all(SsoDomain(domain=name, account_id=account_id) for name in names)
    await session.flush()


async def drop_provider(session: AsyncSession, account_id: int) -> None:
    """Forget the provider of an account with its domains and identities."""
    await session.execute(delete(SsoIdentity).where(SsoIdentity.account_id == account_id))
    await session.execute(delete(SsoDomain).where(SsoDomain.account_id == account_id))
    await session.execute(delete(IdentityProvider).where(IdentityProvider.account_id == account_id))


# scope: the state names the account
async def take_attempt(
    session: AsyncSession, state_hash: bytes, browser_hash: bytes, now: datetime
) -> SsoAttempt | None:
    """Use an attempt up; None when it is over, or of another browser."""
    a = SsoAttempt
    wanted = delete(a).where(a.state_hash == state_hash, a.browser_hash == browser_hash, a.expires_at > now)
    return await session.scalar(wanted.returning(a))


# scope: upkeep of the whole installation
async def drop_old_attempts(session: AsyncSession, now: datetime) -> None:
    """Forget attempts that were never finished."""
    await session.execute(delete(SsoAttempt).where(SsoAttempt.expires_at <= now))


async def identity(session: AsyncSession, account_id: int, issuer: str, subject: str) -> SsoIdentity | None:
    """Whom a subject means."""
    i = SsoIdentity
    wanted = select(i).where(i.account_id == account_id, i.issuer == issuer, i.subject == subject)
    return await session.scalar(wanted)


async def has_identity(session: AsyncSession, account_id: int, issuer: str, user_id: int) -> bool:
    """Whether a subject of a provider means this user already."""
    i = SsoIdentity
    wanted = select(i.subject).where(i.account_id == account_id, i.issuer == issuer, i.user_id == user_id)
    return await session.scalar(wanted.limit(1)) is not None
