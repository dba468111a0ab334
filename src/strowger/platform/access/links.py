"""Links by mail: invitation, password reset, sign-in. Single use, at most one hour, stored as a hash (R-62)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.ids import new_token
from strowger.foundation.mail import post
from strowger.platform.access import history, letters, proof, repository, sign_in
from strowger.platform.access.errors import LinkGone
from strowger.platform.access.history import Where
from strowger.platform.access.models import CodeAttempt, OneTimeLink
from strowger.platform.access.repository import emails
from strowger.platform.access.sign_in import Entered, Waiting, digest
from strowger.platform.accounts import service
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.models import User
from strowger.platform.accounts.passwords import hash_password, weakness

INVITATION, RESET, SIGN_IN = "invitation", "password-reset", "sign-in"
LIVES = {INVITATION: timedelta(hours=1), RESET: timedelta(hours=1), SIGN_IN: timedelta(minutes=15)}
MAILS_PER_HOUR = 5
CHANGES_KEPT = timedelta(days=30)


async def make(session: AsyncSession, context: Context, user_id: int, purpose: str) -> str:
    """Make a link's token; the user's earlier ones of this purpose stop working."""
    now = context.clock.now()
    token = new_token()
    await repository.drop_links(session, user_id, purpose)
    session.add(
        OneTimeLink(
            token_hash=digest(token), purpose=purpose, user_id=user_id, created_at=now, expires_at=now + LIVES[purpose]
        )
    )
    return token


async def ask(context: Context, email: str, purpose: str) -> None:
    """Mail a reset or sign-in link, when the address has a user; nothing tells the asker whether it has."""
    now = context.clock.now()
    user = await service.user_of(context, email)
    if user is None or user.state == "disabled":
        return
    async with context.database.session() as session:
        await repository.lock_user(session, user.id)
        sent = await repository.count_attempts(session, user.id, purpose, now - timedelta(hours=1))
        if sent >= MAILS_PER_HOUR or (purpose == SIGN_IN and user.state != "active"):
            return
        session.add(CodeAttempt(user_id=user.id, kind=purpose, at=now))
        token = await make(session, context, user.id, purpose)
        write = letters.password_reset if purpose == RESET else letters.sign_in_link
        await post(session, context, user.email, purpose, write(context, token), user.account_id)


async def look(context: Context, token: str, purpose: str) -> User:
    """Whose link this is, without using it up. Raises LinkGone."""
    async with context.database.session() as session:
        link = await repository.use_link(session, digest(token), purpose, context.clock.now(), keep=True)
        found = await repository.lock_user(session, link.user_id) if link else None
    if found is None:
        raise LinkGone
    return found[0]


async def set_password(
    context: Context, state: Any, token: str, purpose: str, password: str, where: Where, name: str = ""
) -> Entered | Waiting:
    """Use a reset or invitation link: keep the password, end every session, go on to sign in.

    Raises LinkGone, AccountProblem (weak password), NotAllowed, TooManyCodes.
    """
    user = await look(context, token, purpose)
    if problem := weakness(password, user.email):
        raise AccountProblem(problem)
    hashed = await hash_password(password)
    now = context.clock.now()
    async with context.database.session() as session:
        link = await repository.use_link(session, digest(token), purpose, now)
        found = await repository.lock_user(session, link.user_id) if link else None
        if found is None:
            raise LinkGone
        user = found[0]
        user.password_hash, user.failed_logins, user.locked_until = hashed, 0, None
        user.name = name or user.name
        user.state = "active" if user.state == "invited" else user.state
        await repository.end_sessions(session, user.id)
        await repository.drop_devices(session, user.id, now)
        if purpose == RESET:
            await post(session, context, user.email, "password-changed", letters.password_changed(), user.account_id)
    return await sign_in.go_on(context, state, user, where, "invitation" if purpose == INVITATION else "link")


async def enter(context: Context, state: Any, token: str, where: Where) -> Entered | Waiting:
    """Use a sign-in link. Raises LinkGone, NotAllowed, TooManyCodes."""
    async with context.database.session() as session:
        link = await repository.use_link(session, digest(token), SIGN_IN, context.clock.now())
        found = await repository.lock_user(session, link.user_id) if link else None
        if found is None:
            raise LinkGone
        user = found[0]
    return await sign_in.go_on(context, state, user, where, "link")


async def purge(context: Context) -> None:
    """Forget what is past its time."""
    async with context.database.session() as session:
        now = context.clock.now()
        await repository.purge_history(session, now, history.KEPT)
        await emails.purge(session, now - CHANGES_KEPT)
    await proof.purge(context)
