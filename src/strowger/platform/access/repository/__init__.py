"""Queries of signing in: steps, attempts, recovery codes, devices, links, history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.console.sql_source import SqlSource, contains, equals
from strowger.foundation.database import Database
from strowger.platform.access.models import (
    CodeAttempt,
    LoginEvent,
    OneTimeLink,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    SignInStep,
    SignUp,
    TrustedDevice,
)
from strowger.platform.accounts.models import Account, ApiKey, User, UserSession


# scope: at sign-in; the id is that of the user whose password was right
async def lock_user(session: AsyncSession, user_id: int) -> tuple[User, Account] | None:
    """A user with their account, locked until the transaction ends, so that parallel tries wait for one another."""
    wanted = select(User, Account).join(Account, Account.id == User.account_id).where(User.id == user_id)
    row = (await session.execute(wanted.with_for_update(of=User))).one_or_none()
    return None if row is None else (row[0], row[1])


async def step(session: AsyncSession, token_hash: bytes, now: datetime) -> SignInStep | None:
    """A sign-in that awaits its second factor."""
    return await session.scalar(
        select(SignInStep).where(SignInStep.token_hash == token_hash, SignInStep.expires_at > now)
    )


async def drop_steps(session: AsyncSession, user_id: int, now: datetime) -> None:
    """Forget the steps of a user, and everybody's that are over."""
    await session.execute(delete(SignInStep).where((SignInStep.user_id == user_id) | (SignInStep.expires_at <= now)))


async def count_attempts(session: AsyncSession, user_id: int, kind: str, since: datetime) -> int:
    """How many codes were asked for or tried since a moment."""
    return (
        await session.scalar(
            select(func.count()).where(CodeAttempt.user_id == user_id, CodeAttempt.kind == kind, CodeAttempt.at > since)
        )
        or 0
    )


async def forget_attempts(session: AsyncSession, user_id: int) -> None:
    """Begin the counts anew."""
    await session.execute(delete(CodeAttempt).where(CodeAttempt.user_id == user_id))


async def use_recovery_code(session: AsyncSession, user_id: int, code_hash: bytes, now: datetime) -> bool:
    """Use up a recovery code; False when it is not one, or was used."""
    wanted = (
        update(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == code_hash, RecoveryCode.used_at.is_(None))
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return bool((await session.scalars(wanted)).all())


async def count_recovery_codes(session: AsyncSession, user_id: int) -> int:
    """How many recovery codes are left."""
    wanted = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return await session.scalar(wanted) or 0


async def drop_recovery_codes(session: AsyncSession, user_id: int) -> None:
    """Throw the recovery codes away."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


async def is_trusted(session: AsyncSession, user_id: int, token_hash: bytes, now: datetime) -> bool:
    """Whether a browser gave a right code of this user some hours ago."""
    wanted = select(TrustedDevice).where(
        TrustedDevice.token_hash == token_hash, TrustedDevice.user_id == user_id, TrustedDevice.expires_at > now
    )
    return await session.scalar(wanted) is not None


async def drop_devices(session: AsyncSession, user_id: int, now: datetime) -> None:
    """Trust no browser of a user any longer, and none of anybody past its time."""
    await session.execute(
        delete(TrustedDevice).where((TrustedDevice.user_id == user_id) | (TrustedDevice.expires_at <= now))
    )


async def end_sessions(session: AsyncSession, user_id: int) -> None:
    """Sign a user out everywhere."""
    await session.execute(delete(UserSession).where(UserSession.user_id == user_id))


async def use_link(
    session: AsyncSession, token_hash: bytes, purpose: str, now: datetime, *, keep: bool = False
) -> OneTimeLink | None:
    """A link that still counts; used up by this unless ``keep``. Of parallel uses one wins."""
    fits = (
        OneTimeLink.token_hash == token_hash,
        OneTimeLink.purpose == purpose,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > now,
    )
    if keep:
        return await session.scalar(select(OneTimeLink).where(*fits))
    return await session.scalar(update(OneTimeLink).where(*fits).values(used_at=now).returning(OneTimeLink))


async def drop_links(session: AsyncSession, user_id: int, purpose: str) -> None:
    """A new link makes the ones before it worthless."""
    await session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == user_id, OneTimeLink.purpose == purpose))


# scope: at sign-in; the id is that of the user who is about to enter
async def is_new_place(session: AsyncSession, user_id: int, network: str, agent: str, since: datetime) -> bool:
    """Whether a user signed in before, but never with this browser from this network."""
    known = select(
        func.count(),
        func.count().filter(LoginEvent.ip.startswith(network, autoescape=True), LoginEvent.user_agent == agent),
    )
    wanted = known.where(LoginEvent.user_id == user_id, LoginEvent.result == "success", LoginEvent.at > since)
    before, same = (await session.execute(wanted)).one()
    return before > 0 and same == 0


async def had_event(session: AsyncSession, account_id: int, result: str, since: datetime) -> bool:
    """Whether the login history of an account holds such a result since a moment."""
    wanted = select(LoginEvent.id).where(
        LoginEvent.account_id == account_id, LoginEvent.result == result, LoginEvent.at > since
    )
    return await session.scalar(wanted.limit(1)) is not None


async def owners(session: AsyncSession, account_id: int, roles: Sequence[str] = ("owner",)) -> Sequence[User]:
    """The active owners of an account."""
    wanted = select(User).where(User.account_id == account_id, User.role.in_(roles), User.state == "active")
    return (await session.scalars(wanted.order_by(User.id))).all()


# scope: upkeep of the whole installation
async def purge_history(session: AsyncSession, now: datetime, kept: timedelta) -> None:
    """Forget what is older than the history goes, and attempts that no limit counts any more."""
    await session.execute(delete(LoginEvent).where(LoginEvent.at < now - kept))
    await session.execute(delete(CodeAttempt).where(CodeAttempt.at < now - timedelta(days=2)))
    await session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < now - timedelta(days=2)))
    await session.execute(delete(SignUp).where(SignUp.expires_at < now - timedelta(days=2)))


def history_source(database: Database) -> SqlSource:
    """The login history of an account as rows of its table."""
    columns = LoginEvent.__table__.c
    wanted = select(
        columns.id,
        columns.at,
        columns.email,
        columns.role,
        columns.ip,
        columns.user_agent,
        columns.method,
        columns.result,
    )
    return SqlSource(
        database,
        wanted,
        columns.account_id,
        ("id",),
        search=lambda text: contains(columns.email, text) | contains(func.coalesce(columns.ip, ""), text),
        filters={"result": equals(columns.result), "method": equals(columns.method)},
    )


# scope: signing in learns the account from the passkey
async def passkey(session: AsyncSession, credential_id: bytes) -> Passkey | None:
    """A passkey by the credential's id."""
    return await session.scalar(select(Passkey).where(Passkey.id == credential_id))


# scope: of the user who is signing in, or of the signed-in visitor
async def passkeys_of(session: AsyncSession, user_id: int) -> Sequence[Passkey]:
    """The passkeys of a user, the oldest first."""
    return (await session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.number))).all()


# scope: of the signed-in visitor
async def passkey_of(session: AsyncSession, user_id: int, number: int) -> Passkey | None:
    """One passkey of a user."""
    return await session.scalar(select(Passkey).where(Passkey.user_id == user_id, Passkey.number == number))


# scope: of the user who is signing in
async def has_passkey(session: AsyncSession, user_id: int) -> bool:
    """Whether a user has a passkey."""
    return await session.scalar(select(Passkey.number).where(Passkey.user_id == user_id).limit(1)) is not None


async def users_with_passkeys(session: AsyncSession, account_id: int) -> set[int]:
    """Which users of an account have a passkey."""
    return set((await session.scalars(select(Passkey.user_id).where(Passkey.account_id == account_id))).all())


async def take_challenge(session: AsyncSession, challenge_hash: bytes, now: datetime) -> PasskeyChallenge | None:
    """Use up a challenge; of parallel answers one wins."""
    wanted = delete(PasskeyChallenge).where(PasskeyChallenge.hash == challenge_hash, PasskeyChallenge.expires_at > now)
    return await session.scalar(wanted.returning(PasskeyChallenge))


async def drop_old_challenges(session: AsyncSession, now: datetime) -> None:
    """Forget challenges that are over."""
    await session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at <= now))


async def sign_up_by_token(
    session: AsyncSession, token_hash: bytes, now: datetime, lock: bool = False
) -> SignUp | None:
    """A sign-up that awaits its confirmation."""
    wanted = select(SignUp).where(SignUp.token_hash == token_hash, SignUp.expires_at > now)
    return await session.scalar(wanted.with_for_update() if lock else wanted)


async def sign_ups_of(session: AsyncSession, email: str, since: datetime) -> Sequence[SignUp]:
    """The sign-ups of an address since a moment, the latest first."""
    wanted = select(SignUp).where(SignUp.email == email, SignUp.created_at > since).order_by(SignUp.created_at.desc())
    return (await session.scalars(wanted)).all()


async def take_sign_up(session: AsyncSession, token_hash: bytes, now: datetime) -> SignUp | None:
    """Use up a sign-up; of parallel confirmations one wins."""
    wanted = delete(SignUp).where(SignUp.token_hash == token_hash, SignUp.expires_at > now).returning(SignUp)
    return await session.scalar(wanted)


async def keys_made_by(session: AsyncSession, account_id: int, user_id: int) -> Sequence[ApiKey]:
    """The active API keys that a member made."""
    wanted = select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.created_by == user_id, ApiKey.active)
    return (await session.scalars(wanted.order_by(ApiKey.id))).all()
