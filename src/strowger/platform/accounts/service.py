"""What accounts and their people do: make accounts and users, sign in and out, keep a profile."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.ids import new_sid, new_token
from strowger.foundation.tenancy import across_accounts
from strowger.platform.accounts import repository
from strowger.platform.accounts.errors import AccountProblem, EmailTaken, Locked, WrongPassword
from strowger.platform.accounts.models import Account, User, UserSession
from strowger.platform.accounts.passwords import hash_password, verify_password, weakness

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
TOUCH = timedelta(seconds=60)
LOCK_WINDOW, LOCK_AFTER = timedelta(minutes=15), 10
NEWS = "news"  # in User.preferences: when the user agreed that the operator mails news
THEMES = ("light", "dark", "auto")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: ``token`` goes into the cookie and is kept nowhere else."""

    token: str
    user_id: int


def token_hash(token: str) -> bytes:
    """How a session's token is stored."""
    return hashlib.sha256(token.encode()).digest()


def check_time_zone(name: str) -> None:
    """Raise AccountProblem for a name that is no time zone."""
    if name not in available_timezones():
        raise AccountProblem(f"There is no time zone {name!r}.")


async def create_account(
    context: Context,
    name: str,
    country: str,
    currency: str,
    *,
    time_zone: str = "UTC",
    state: str = "active",
    settings: Mapping[str, Any] | None = None,
) -> Account:
    """Make an account with an SID of its own."""
    check_time_zone(time_zone)
    account = Account(
        sid=new_sid(context.settings.pod, country),
        name=name,
        country=country.upper(),
        currency=currency.upper(),
        time_zone=time_zone,
        state=state,
        settings=dict(settings or {}),
    )
    async with context.database.session() as session:
        session.add(account)
    return account


async def create_user(
    context: Context, account_id: int, email: str, name: str, password: str, *, role: str = "owner"
) -> User:
    """Make a user of an account. Raises EmailTaken, and AccountProblem for a weak password."""
    if problem := weakness(password, email):
        raise AccountProblem(problem)
    user = User(
        account_id=account_id,
        email=email.strip().lower(),
        name=name.strip(),
        role=role,
        password_hash=await hash_password(password),
        theme="auto",
        preferences={},
    )
    try:
        async with context.database.session() as session:
            session.add(user)
    except IntegrityError as clash:
        raise EmailTaken(f"There is already a user {email}.") from clash
    return user


async def find_account(context: Context, sid: str | None = None) -> Account | None:
    """An account by SID, or the installation's first one."""
    with across_accounts():
        async with context.database.session() as session:
            return await (repository.account_by_sid(session, sid) if sid else repository.first_account(session))


async def is_operator(context: Context, account_id: int) -> bool:
    """Whether the account is the one whose people run the installation."""
    with across_accounts():
        async with context.database.session() as session:
            return await repository.operator_account(session) == account_id


async def list_accounts(context: Context) -> Sequence[Account]:
    """All accounts of the installation."""
    with across_accounts():
        async with context.database.session() as session:
            return await repository.list_accounts(session)


async def user_of(context: Context, email: str) -> User | None:
    """The user of an e-mail address."""
    with across_accounts():
        async with context.database.session() as session:
            return await repository.user_by_email(session, email.strip())


async def check_credentials(context: Context, email: str, password: str) -> User:
    """The user of an e-mail address and password. Raises WrongPassword, and Locked after ten failures in 15 minutes."""
    user = await user_of(context, email)
    if user is None:
        await verify_password(None, password)
        raise WrongPassword("E-mail address or password is wrong.")
    await _check_password(context, user, password, context.clock.now())
    return user


async def open_session(
    session: AsyncSession, context: Context, user: User, ip: str | None, agent: str | None, method: str = "password"
) -> str:
    """Begin a session for somebody who proved who they are; returns the cookie's token, which is kept nowhere else."""
    now = context.clock.now()
    token = new_token()
    await repository.forget_attempts(session, user.id, now)
    await repository.drop_dead_sessions(session, now, now - IDLE)
    session.add(
        UserSession(
            token_hash=token_hash(token),
            user_id=user.id,
            csrf=new_token(),
            ip=ip,
            user_agent=(agent or "")[:300],
            method=method,
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE,
        )
    )
    return token


async def sign_in(context: Context, email: str, password: str, ip: str | None, agent: str | None) -> SignedIn:
    """Begin a session by the password alone; the console goes by ``access.sign_in``, which knows second factors.

    Raises WrongPassword and Locked.
    """
    user = await check_credentials(context, email, password)
    async with context.database.session() as session:
        return SignedIn(await open_session(session, context, user, ip, agent), user.id)


async def _check_password(context: Context, user: User, password: str, now: datetime) -> None:
    async with context.database.session() as session:
        allowed, until = await repository.count_attempt(session, user.id, now, LOCK_WINDOW, LOCK_AFTER)
    if not allowed:
        raise Locked(max(1, math.ceil((until - now).total_seconds() / 60)) if until else 15)
    if not await verify_password(user.password_hash, password):
        raise WrongPassword("E-mail address or password is wrong.")


async def confirm_password(context: Context, account_id: int, user_id: int, password: str) -> User:
    """Check the password of a signed-in user again. Raises WrongPassword or Locked; the attempts are those of sign-in."""
    now = context.clock.now()
    async with context.database.session() as session:
        user = await repository.user(session, account_id, user_id)
    if user is None:
        raise WrongPassword("The password is wrong.")
    try:
        await _check_password(context, user, password, now)
    except WrongPassword:
        raise WrongPassword("The password is wrong.") from None
    async with context.database.session() as session:
        await repository.change_user(session, account_id, user_id, failed_logins=0, locked_until=None)
    return user


async def session_of(context: Context, token: str) -> tuple[UserSession, User, Account] | None:
    """The live session of a cookie; notes that it was used, at most once a minute."""
    now = context.clock.now()
    digest = token_hash(token)
    async with context.database.session() as session:
        found = await repository.session_with_user(session, digest, now, now - IDLE)
        if found is not None and found[0].seen_at < now - TOUCH:
            await repository.touch_session(session, digest, now)
    return found


async def sign_out(context: Context, token: str) -> None:
    """End the session of a cookie."""
    with across_accounts():  # a parent's user who looks into a sub-account has a session of the parent's
        async with context.database.session() as session:
            await repository.end_session(session, token_hash(token))


async def sign_out_others(context: Context, user_id: int, token: str) -> int:
    """End all other sessions of a user; returns how many."""
    async with context.database.session() as session:
        return await repository.end_other_sessions(session, user_id, token_hash(token))


async def sessions_of(context: Context, user_id: int) -> Sequence[UserSession]:
    """The live sessions of a user."""
    now = context.clock.now()
    async with context.database.session() as session:
        return await repository.list_sessions(session, user_id, now, now - IDLE)


async def change_password(context: Context, account_id: int, user_id: int, old: str, new: str, token: str) -> None:
    """Replace the password and end the other sessions. Raises WrongPassword, Locked, AccountProblem."""
    user = await confirm_password(context, account_id, user_id, old)
    if problem := weakness(new, user.email):
        raise AccountProblem(problem)
    if await verify_password(user.password_hash, new):
        raise AccountProblem("Use a password other than the present one.")
    hashed = await hash_password(new)
    async with context.database.session() as session:
        await repository.change_user(session, account_id, user_id, password_hash=hashed)
        await repository.end_other_sessions(session, user_id, token_hash(token))


async def set_theme(context: Context, account_id: int, user_id: int, theme: str) -> None:
    """Keep the user's theme: light, dark or auto. Raises AccountProblem for another one."""
    if theme not in THEMES:
        raise AccountProblem(f"There is no theme {theme!r}.")
    async with context.database.session() as session:
        await repository.change_user(session, account_id, user_id, theme=theme)


async def save_profile(context: Context, account_id: int, user_id: int, name: str, time_zone: str, news: bool) -> None:
    """Keep name and time zone of a user (empty zone: the account's), and whether the operator may mail news."""
    async with context.database.session() as session:
        user = await repository.user(session, account_id, user_id)
        if user is not None:
            user.name = name
            kept = {key: value for key, value in user.preferences.items() if key != NEWS}
            agreed = (
                {NEWS: user.preferences.get(NEWS) or context.clock.now().isoformat(timespec="seconds")} if news else {}
            )
            user.preferences = {**kept, "time_zone": time_zone, **agreed}


async def wants_news(context: Context, account_id: int, user_id: int) -> bool:
    """Whether a user agreed to news by mail."""
    async with context.database.session() as session:
        user = await repository.user(session, account_id, user_id)
    return user is not None and NEWS in user.preferences


async def list_people(context: Context, account_id: int | None, only_news: bool) -> list[dict[str, Any]]:
    """Users of an account, or of all; ``only_news``: those who agreed to news. ``news`` is since when, None: not."""
    async with context.database.session() as session:
        rows = await repository.people(session, account_id)
    found = [
        {
            "email": user.email, "name": user.name, "sid": sid, "role": user.role, "state": user.state,
            "news": user.preferences.get(NEWS),
        }
        for user, sid in rows
    ]  # fmt: skip
    return [person for person in found if person["news"] and person["state"] == "active"] if only_news else found


async def list_time_zones() -> list[str]:
    """The names of all time zones, UTC first."""
    names = await asyncio.to_thread(available_timezones)
    return ["UTC", *sorted(name for name in names if "/" in name and not name.startswith(("Etc/", "posix", "right")))]
