"""Changing one's e-mail address: the new mailbox confirms, the old one may take it back for some days (console.md 5.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.ids import new_token
from strowger.foundation.mail import post
from strowger.platform.access import email_letters, letters, links, repository, sign_up
from strowger.platform.access.errors import LinkGone, TooManyCodes
from strowger.platform.access.kept import UNDO_DAYS, is_kept
from strowger.platform.access.models import CodeAttempt, EmailChange
from strowger.platform.access.repository import emails as changes
from strowger.platform.access.sign_in import digest, needs_sso
from strowger.platform.accounts import service as accounts
from strowger.platform.accounts.errors import AccountProblem, EmailTaken
from strowger.platform.accounts.models import User
from strowger.platform.accounts.passwords import NO_PASSWORD

LIVES = timedelta(hours=1)
PER_DAY = 5
KIND = "email-change"
Follow = Callable[[AsyncSession, int, str, str], Awaitable[None]]
_followers: list[Follow] = []


def register_follower(follow: Follow) -> None:
    """Say what else names people by address: ``await follow(session, account_id, old, new)``, in the same transaction."""
    if follow not in _followers:
        _followers.append(follow)


async def ask(context: Context, account_id: int, user_id: int, email: str) -> None:
    """Mail a link to the new address and a notice to the old one. The caller has asked for the password.

    Neither the answer nor the notice tells whether the address has a user: the link to confirm is then mailed to nobody.
    Raises AccountProblem, TooManyCodes.
    """
    email = email.strip().lower()
    sign_up.check_address(context, email)
    now = context.clock.now()
    known = await accounts.user_of(context, email) is not None or await is_kept(context, email, user_id)
    confirm, stop = new_token(), new_token()
    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        assert found is not None
        user, account = found
        if needs_sso(user, account):
            raise AccountProblem("Your address is the one by which your company's provider lets you in.")
        if user.email == email:
            raise AccountProblem("This is your address already.")
        if await repository.count_attempts(session, user.id, KIND, now - timedelta(days=1)) >= PER_DAY:
            raise TooManyCodes(f"The address can be changed {PER_DAY} times a day. Try again tomorrow.")
        session.add(CodeAttempt(user_id=user.id, kind=KIND, at=now))
        await changes.end_open(session, user.id, now)
        session.add(
            EmailChange(
                confirm_hash=digest(confirm), stop_hash=digest(stop), account_id=account_id, user_id=user.id,
                old_email=user.email, new_email=email, created_at=now, expires_at=now + LIVES,
            )
        )  # fmt: skip
        letter = (
            email_letters.taken(user.name, user.email)
            if known
            else email_letters.confirm(context, confirm, user.name, user.email)
        )
        await post(session, context, email, "verify-email", letter, account_id)
        notice = email_letters.asked(context, stop, email)
        await post(session, context, user.email, "email-change", notice, account_id)


async def open_of(context: Context, user_id: int) -> EmailChange | None:
    """The change of a user that waits for its confirmation."""
    async with context.database.session() as session:
        return await changes.open_of(session, user_id, context.clock.now())


async def cancel(context: Context, user_id: int) -> None:
    """The user thinks better of it."""
    async with context.database.session() as session:
        await changes.end_open(session, user_id, context.clock.now())


async def look(context: Context, token: str) -> EmailChange:
    """What a confirmation is about, without using it up. Raises LinkGone."""
    async with context.database.session() as session:
        found = await changes.to_confirm(session, digest(token), context.clock.now())
    if found is None:
        raise LinkGone
    return found


async def confirm(context: Context, token: str) -> User:
    """The new mailbox is proven: the address changes. Raises LinkGone, EmailTaken."""
    now = context.clock.now()
    undo = new_token()
    try:
        async with context.database.session() as session:
            change = await changes.to_confirm(session, digest(token), now, lock=True)
            found = await repository.lock_user(session, change.user_id) if change else None
            if change is None or found is None or found[0].email != change.old_email or found[0].state != "active":
                raise LinkGone
            user = found[0]
            change.confirmed_at, change.undo_hash = now, digest(undo)
            await _rename(session, user, change.new_email)
            letter = email_letters.changed(context, undo, change.new_email, UNDO_DAYS)
            await post(session, context, change.old_email, "email-change", letter, user.account_id)
            return user
    except IntegrityError as clash:
        raise EmailTaken("This address has a user by now. Nothing is changed.") from clash


async def _rename(session: AsyncSession, user: User, email: str) -> None:
    old, user.email = user.email, email
    await session.flush()
    await changes.drop_mailed(session, user.id)
    for follow in _followers:
        await follow(session, user.account_id, old, email)


async def look_undo(context: Context, token: str) -> EmailChange:
    """What the old mailbox may stop or take back. Raises LinkGone."""
    now = context.clock.now()
    async with context.database.session() as session:
        found = await changes.to_undo(session, digest(token), now, now - timedelta(days=UNDO_DAYS))
    if found is None:
        raise LinkGone
    return found


async def undo(context: Context, token: str) -> User:
    """Stop a change or take it back: the old address counts, nobody is signed in, and the password is to be chosen anew.

    Raises LinkGone, EmailTaken.
    """
    now = context.clock.now()
    try:
        async with context.database.session() as session:
            since = now - timedelta(days=UNDO_DAYS)
            change = await changes.to_undo(session, digest(token), now, since, lock=True)
            found = await repository.lock_user(session, change.user_id) if change else None
            if change is None or found is None:
                raise LinkGone
            user = found[0]
            await changes.end_later(session, user.id, change.created_at, now)
            if user.email != change.old_email:
                left = user.email
                await _rename(session, user, change.old_email)
                await post(
                    session, context, left, "email-change", email_letters.undone(user.email, left), user.account_id
                )
            await _shut(session, user, change.created_at, now)
            notice = email_letters.undone(change.old_email, change.new_email)
            await post(session, context, user.email, "email-change", notice, user.account_id)
            reset = await links.make(session, context, user.id, links.RESET)
            letter = letters.password_reset(context, reset)
            await post(session, context, user.email, links.RESET, letter, user.account_id)
            return user
    except IntegrityError as clash:
        raise EmailTaken("The old address has another user by now. Ask an owner of the account.") from clash


async def _shut(session: AsyncSession, user: User, since: datetime, now: datetime) -> None:
    """What somebody who knew the password may have left behind."""
    user.password_hash = NO_PASSWORD
    await repository.end_sessions(session, user.id)
    await repository.drop_devices(session, user.id, now)
    await changes.drop_mailed(session, user.id)
    await changes.drop_passkeys_since(session, user.id, since)
