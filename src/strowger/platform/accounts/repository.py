"""Queries of accounts, users and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.notify import notify_by
from strowger.platform.accounts.models import Account, ApiKey, User, UserImage, UserSession
from strowger.platform.ip_configs.models import IpConfig
from strowger.platform.subaccounts.models import Subaccount


async def tell_changed(session: AsyncSession, account_id: int) -> None:
    """Make every process forget what it keeps of an account's keys, once this transaction is on disk."""
    await notify_by(session, "accounts", str(account_id))


async def account(session: AsyncSession, account_id: int) -> Account | None:
    """An account by its number."""
    return await session.get(Account, account_id)


async def account_by_sid(session: AsyncSession, sid: str) -> Account | None:
    """An account by its SID."""
    return await session.scalar(select(Account).where(Account.sid == sid))


async def first_account(session: AsyncSession) -> Account | None:
    """The oldest account of the installation."""
    return await session.scalar(select(Account).order_by(Account.id).limit(1))


async def operator_account(session: AsyncSession) -> int | None:
    """The account whose people run the installation: its first one."""
    return await session.scalar(select(func.min(Account.id)))


async def list_accounts(session: AsyncSession) -> Sequence[Account]:
    """All accounts of the installation, for its operator."""
    return (await session.scalars(select(Account).order_by(Account.id))).all()


# scope: sign-in learns the account from the address
async def user_by_email(session: AsyncSession, email: str) -> User | None:
    """A user by e-mail address, without regard to case."""
    return await session.scalar(select(User).where(func.lower(User.email) == email.lower()))


async def user(session: AsyncSession, account_id: int, user_id: int) -> User | None:
    """A user of an account."""
    return await session.scalar(select(User).where(User.account_id == account_id, User.id == user_id))


async def list_users(session: AsyncSession, account_id: int) -> Sequence[User]:
    """The users of an account."""
    return (await session.scalars(select(User).where(User.account_id == account_id).order_by(User.id))).all()


# scope: of every account, for the operator's commands
async def people(session: AsyncSession, account_id: int | None) -> Sequence[tuple[User, str]]:
    """Users with the SIDs of their accounts, by address."""
    found = select(User, Account.sid).join(Account, Account.id == User.account_id).order_by(User.email)
    if account_id is not None:
        found = found.where(User.account_id == account_id)
    return [(row[0], row[1]) for row in await session.execute(found)]


async def change_user(session: AsyncSession, account_id: int, user_id: int, **values: Any) -> None:
    """Set columns of a user."""
    await session.execute(update(User).where(User.account_id == account_id, User.id == user_id).values(**values))


# scope: before sign-in; the id is that of the user just found by address
async def count_attempt(
    session: AsyncSession, user_id: int, now: datetime, window: timedelta, limit: int
) -> tuple[bool, datetime | None]:
    """Take one of the ``limit`` attempts of a window, before the password is compared, so that parallel ones count too.

    Returns whether it may go on, and until when the user is locked otherwise. ``locked_until`` is the end of the window.
    """
    fresh = User.locked_until.is_(None) | (User.locked_until <= now)
    count = case((fresh, 1), else_=User.failed_logins + 1)
    row = (
        await session.execute(
            update(User)
            .where(User.id == user_id)
            .values(failed_logins=count, locked_until=case((fresh, now + window), else_=User.locked_until))
            .returning(User.failed_logins, User.locked_until)
        )
    ).one()
    return row.failed_logins <= limit, row.locked_until


# scope: at sign-in; the id is that of the user just found by address
async def forget_attempts(session: AsyncSession, user_id: int, now: datetime) -> None:
    """The password was right: the count starts anew."""
    await session.execute(
        update(User).where(User.id == user_id).values(failed_logins=0, locked_until=None, last_login_at=now)
    )


async def session_with_user(
    session: AsyncSession, token_hash: bytes, now: datetime, idle_since: datetime
) -> tuple[UserSession, User, Account] | None:
    """A live session with its user and account; ``idle_since`` is the oldest sign of life that still counts."""
    row = (
        await session.execute(
            select(UserSession, User, Account)
            .join(User, User.id == UserSession.user_id)
            .join(Account, Account.id == User.account_id)
            .where(UserSession.token_hash == token_hash, UserSession.expires_at > now, UserSession.seen_at > idle_since)
            .where(User.state == "active", User.access_until.is_(None) | (User.access_until > now))
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def touch_session(session: AsyncSession, token_hash: bytes, now: datetime) -> None:
    """Note that a session was used."""
    await session.execute(update(UserSession).where(UserSession.token_hash == token_hash).values(seen_at=now))


async def list_sessions(
    session: AsyncSession, user_id: int, now: datetime, idle_since: datetime
) -> Sequence[UserSession]:
    """The live sessions of a user, the latest first."""
    wanted = select(UserSession).where(
        UserSession.user_id == user_id, UserSession.expires_at > now, UserSession.seen_at > idle_since
    )
    return (await session.scalars(wanted.order_by(UserSession.seen_at.desc()))).all()


async def end_session(session: AsyncSession, token_hash: bytes) -> None:
    """Remove one session."""
    await session.execute(delete(UserSession).where(UserSession.token_hash == token_hash))


async def end_other_sessions(session: AsyncSession, user_id: int, kept: bytes | None) -> int:
    """Remove all sessions of a user but one; returns how many."""
    wanted = delete(UserSession).where(UserSession.user_id == user_id)
    if kept is not None:
        wanted = wanted.where(UserSession.token_hash != kept)
    return len((await session.scalars(wanted.returning(UserSession.token_hash))).all())


async def drop_dead_sessions(session: AsyncSession, now: datetime, idle_since: datetime) -> None:
    """Remove sessions that have ended by themselves."""
    await session.execute(
        delete(UserSession).where((UserSession.expires_at <= now) | (UserSession.seen_at <= idle_since))
    )


async def list_keys(session: AsyncSession, account_id: int) -> Sequence[ApiKey]:
    """The API keys of an account, the latest first."""
    return (
        await session.scalars(select(ApiKey).where(ApiKey.account_id == account_id).order_by(ApiKey.id.desc()))
    ).all()


async def key(session: AsyncSession, account_id: int, key_id: int) -> ApiKey | None:
    """An API key of an account."""
    return await session.scalar(select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.id == key_id))


async def image(session: AsyncSession, account_id: int, user_id: int) -> UserImage | None:
    """The picture of a user of an account."""
    return await session.scalar(
        select(UserImage).where(UserImage.account_id == account_id, UserImage.user_id == user_id)
    )


async def drop_image(session: AsyncSession, account_id: int, user_id: int) -> None:
    """Forget the picture of a user."""
    await session.execute(delete(UserImage).where(UserImage.account_id == account_id, UserImage.user_id == user_id))


async def config_put(session: AsyncSession, account_id: int) -> int | None:
    """The IP configuration that the main account put on a sub-account's keys: one of its own, or of the sub-account."""
    # scope: the configuration may be the parent's; that it counts here is the sub-account's row
    put = select(Subaccount.ip_config_id).where(Subaccount.account_id == account_id)
    found: int | None = await session.scalar(put)
    return found


async def owns_config(session: AsyncSession, account_id: int, config_id: int) -> bool:
    """Whether an IP configuration is the account's own."""
    wanted = select(IpConfig.id).where(IpConfig.account_id == account_id, IpConfig.id == config_id)
    return await session.scalar(wanted) is not None
