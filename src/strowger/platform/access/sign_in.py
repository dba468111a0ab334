"""Signing in, step by step: password, address, second factor, session (console.md 5.3, quality.md R-61)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.ids import new_token
from strowger.foundation.mail import post
from strowger.platform.access import addresses, history, letters, repository, second_factor, texting
from strowger.platform.access.errors import NotAllowed, StepGone, TooManyCodes, WrongCode
from strowger.platform.access.history import Where
from strowger.platform.access.models import CodeAttempt, SignInStep, TrustedDevice
from strowger.platform.accounts import service
from strowger.platform.accounts.errors import Locked, WrongPassword
from strowger.platform.accounts.models import Account, User

STEP_LIVES = timedelta(minutes=15)
CODE_LIVES = timedelta(minutes=5)
SENT_WINDOW, SENT_LIMIT = timedelta(minutes=30), 3
BLOCKED_FOR = timedelta(hours=24)
WRONG_LIMIT = 5
FACTORS = ("email", "sms", "totp", "passkey")
TRIES = ((timedelta(minutes=1), 6), (timedelta(hours=1), 12))
SSO_ONLY = "sso_only"  # in Account.settings: the domains whose people use single sign-on alone
REFUSED_ADDRESS_MAIL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is in: the session's token, and the token of a browser that is trusted from now on (or none)."""

    token: str
    user: User
    device: str = ""
    trust_hours: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """The password was right; ``token`` names the step that awaits the code of ``method``."""

    token: str
    method: str
    user: User


def digest(token: str) -> bytes:
    """How tokens are stored."""
    return hashlib.sha256(token.encode()).digest()


def code_digest(token: str, code: str) -> bytes:
    """How a code is stored: bound to the step's token, which only the browser has, so that the hash says nothing."""
    return hashlib.sha256(f"{token}:{code}".encode()).digest()


async def begin(
    context: Context, state: Any, email: str, password: str, where: Where, device: str = ""
) -> Entered | Waiting:
    """Check the password and go on. Raises WrongPassword, Locked, NotAllowed, TooManyCodes, CannotText."""
    user = await service.user_of(context, email)
    try:
        user = await service.check_credentials(context, email, password)
    except (WrongPassword, Locked) as problem:
        if user is not None:
            result = "locked" if isinstance(problem, Locked) else "wrong-password"
            await history.record_alone(context, user, where, "password", result)
        raise
    return await go_on(context, state, user, where, "password", device)


async def go_on(
    context: Context, state: Any, user: User, where: Where, method: str, device: str = ""
) -> Entered | Waiting:
    """After the first factor (``method``): let in, or ask for the second one."""
    now = context.clock.now()
    token, code = new_token(), ""
    async with context.database.session() as session:
        found = await repository.lock_user(session, user.id)
        assert found is not None
        user, account = found
        refusal, text = await refusal_of(session, context, user, account, where, method)
        if not refusal:
            has_passkey = await repository.has_passkey(session, user.id)
            methods = second_factor.methods_of(user, account, has_passkey)
            trusted = bool(device) and await repository.is_trusted(session, user.id, digest(device), now)
            if not methods or trusted:
                return await enter(session, context, user, where, "device" if methods and trusted else method)
            factor = methods[0]
            await repository.drop_steps(session, user.id, now)
            step = SignInStep(
                token_hash=digest(token), user_id=user.id, method=factor, created_at=now, expires_at=now + STEP_LIVES
            )
            session.add(step)
            if factor in {"email", "sms"}:
                code = await _issue(session, context, user, step, token, where)
                text = "" if code else "Too many codes were asked for. Signing in is locked for a day."
    if text:
        raise (TooManyCodes if not refusal else NotAllowed)(text)
    if code and factor == "sms":
        await texting.send_text(state, user.mobile or "", sms_text(code))
    return Waiting(token, factor, user)


def is_open(user: User, account: Account) -> bool:
    """Whether user and account let anybody in at all."""
    return user.state == "active" and account.state not in ("closed", "suspended")


def needs_sso(user: User, account: Account) -> bool:
    """Whether somebody may sign in by the account's provider only; owners keep their password for the day when it fails."""
    return user.role != "owner" and user.email.rpartition("@")[2] in (account.settings.get(SSO_ONLY) or ())


def sms_text(code: str) -> str:
    """The text of a code by SMS."""
    return f"{code} is your sign-in code. It is valid for {CODE_LIVES.seconds // 60} minutes."


async def refusal_of(
    session: AsyncSession, context: Context, user: User, account: Account, where: Where, method: str
) -> tuple[str, str]:
    """Why somebody with the right password is not let in: the history's word and a sentence."""
    now = context.clock.now()
    refusal = text = ""
    if account.state == "suspended":
        refusal, text = "disabled", "This account is suspended. Ask whoever runs it."
    elif not is_open(user, account):
        refusal, text = "disabled", "This user may not sign in. Ask an owner or admin of the account."
    elif user.access_until is not None and user.access_until <= now:
        refusal, text = "disabled", "The time of this access is over. Ask an owner of the account for more."
    elif user.blocked_until is not None and user.blocked_until > now:
        refusal, text = (
            "locked",
            "Signing in is locked: too many codes were asked for. An owner or admin can unlock it.",
        )
    elif method != "sso" and needs_sso(user, account):
        refusal, text = "sso", "Your account signs in by single sign-on only. Use that link on the sign-in page."
    elif not addresses.is_allowed(account.settings, where.ip):
        refusal, text = "address", "Signing in from this address is not allowed (CON451)."
        if not await repository.had_event(session, account.id, "address", now - REFUSED_ADDRESS_MAIL):
            for owner in await repository.owners(session, account.id):
                letter = letters.address_refused(user.email, where.ip)
                await post(session, context, owner.email, "address-refused", letter, account.id)
    if refusal:
        history.record(session, context, user, where, method, refusal)
    return refusal, text


async def _issue(
    session: AsyncSession, context: Context, user: User, step: SignInStep, token: str, where: Where
) -> str:
    """Make a code and, by e-mail, send it. Empty when that was one too many and the user is locked now (5.3)."""
    now = context.clock.now()
    if await repository.count_attempts(session, user.id, "sent", now - SENT_WINDOW) >= SENT_LIMIT:
        user.blocked_until = now + BLOCKED_FOR
        history.record(session, context, user, where, step.method, "locked")
        await post(session, context, user.email, "locked", letters.blocked(user.blocked_until), user.account_id)
        return ""
    session.add(CodeAttempt(user_id=user.id, kind="sent", at=now))
    code = f"{secrets.randbelow(10**6):06d}"
    step.code_hash, step.code_until, step.wrong = code_digest(token, code), now + CODE_LIVES, 0
    if step.method == "email":
        letter = letters.login_code(code, CODE_LIVES.seconds // 60)
        await post(session, context, user.email, "login-otp", letter, user.account_id)
    return code


async def method_of(context: Context, token: str) -> str:
    """The method that a sign-in waits for; empty when there is no such sign-in."""
    async with context.database.session() as session:
        step = await repository.step(session, digest(token), context.clock.now())
    return step.method if step and step.method in FACTORS else ""


async def send_again(context: Context, state: Any, token: str, where: Where) -> str:
    """Send a new code; the one before dies. Returns its method. Raises StepGone, TooManyCodes, CannotText."""
    now = context.clock.now()
    async with context.database.session() as session:
        step = await repository.step(session, digest(token), now)
        if step is None or step.method not in {"email", "sms"}:
            raise StepGone
        found = await repository.lock_user(session, step.user_id)
        assert found is not None
        user = found[0]
        code = await _issue(session, context, user, step, token, where)
        if not code:
            await repository.drop_steps(session, user.id, now)
    if not code:
        raise TooManyCodes("Too many codes were asked for. Signing in is locked for a day.")
    if step.method == "sms":
        await texting.send_text(state, user.mobile or "", sms_text(code))
    return step.method


async def finish(context: Context, token: str, code: str, where: Where) -> Entered:
    """Check the code and open the session. Raises StepGone, WrongCode, TooManyCodes."""
    now = context.clock.now()
    problem: Exception
    async with context.database.session() as session:
        step = await repository.step(session, digest(token), now)
        if step is None or step.method not in FACTORS:
            raise StepGone
        found = await repository.lock_user(session, step.user_id)
        assert found is not None
        user, account = found
        if not is_open(user, account):  # since the password was right
            raise StepGone
        await session.refresh(step)
        if await tried_too_often(session, user.id, now):
            problem = TooManyCodes("Too many codes were tried. Wait, then try again.")
        else:
            session.add(CodeAttempt(user_id=user.id, kind="tried", at=now))
            method = await _fitting(session, context, user, account, step, token, second_factor.clean(code))
            if method:
                return await admit(session, context, user, account, where, method)
            step.wrong += 1
            history.record(session, context, user, where, step.method, "wrong-code")
            problem = WrongCode(_wrong_text(step, now))
            if step.wrong >= WRONG_LIMIT:
                step.code_hash = None
    raise problem


def _wrong_text(step: SignInStep, now: datetime) -> str:
    if step.method in {"email", "sms"}:
        if step.wrong >= WRONG_LIMIT:
            return "This code does not count any more. Send a new one."
        if step.code_until is not None and step.code_until <= now:
            return "This code is too old. Send a new one."
    return "The code is wrong."


async def tried_too_often(session: AsyncSession, user_id: int, now: datetime) -> bool:
    """Whether a user's tries of the last minute or hour are used up (R-61)."""
    counts = [await repository.count_attempts(session, user_id, "tried", now - window) for window, _ in TRIES]
    return any(count >= limit for count, (_, limit) in zip(counts, TRIES, strict=True))


async def _fitting(
    session: AsyncSession, context: Context, user: User, account: Account, step: SignInStep, token: str, code: str
) -> str:
    """The method by which a code is right; empty when it is wrong."""
    now = context.clock.now()
    if step.method in {"email", "sms"}:
        alive = step.code_hash is not None and step.code_until is not None and step.code_until > now
        right = alive and secrets.compare_digest(step.code_hash or b"", code_digest(token, code))
        return step.method if right else ""
    if second_factor.check_app(context, user, account, code):
        return "totp"
    used = await repository.use_recovery_code(session, user.id, second_factor.hash_recovery(user.id, code), now)
    return "recovery" if used else ""


async def admit(
    session: AsyncSession, context: Context, user: User, account: Account, where: Where, method: str
) -> Entered:
    """The second factor was right: trust this browser for some hours and open the session."""
    now = context.clock.now()
    await repository.drop_steps(session, user.id, now)
    await repository.forget_attempts(session, user.id)
    hours = second_factor.trust_hours_of(account) if method != "recovery" else 0
    device = new_token() if hours else ""
    if device:
        expires = now + timedelta(hours=hours)
        session.add(TrustedDevice(token_hash=digest(device), user_id=user.id, expires_at=expires))
    entered = await enter(session, context, user, where, method)
    return Entered(entered.token, user, device, hours)


async def enter(session: AsyncSession, context: Context, user: User, where: Where, method: str) -> Entered:
    """Open the session of somebody who proved everything that is asked for."""
    await history.tell_of_new_place(session, context, user, where)
    history.record(session, context, user, where, method, "success")
    return Entered(await service.open_session(session, context, user, where.ip, where.agent, method), user)


async def enter_proven(context: Context, user: User, where: Where) -> Entered:
    """Open the session of somebody who proved password and mailbox a moment ago, by signing up."""
    async with context.database.session() as session:
        found = await repository.lock_user(session, user.id)
        assert found is not None
        return await enter(session, context, found[0], where, "invitation")


async def unlock(context: Context, account_id: int, user_id: int) -> None:
    """Let a locked user try again at once."""
    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        if found is None or found[1].id != account_id:
            return
        user = found[0]
        user.blocked_until, user.locked_until, user.failed_logins = None, None, 0
        await repository.forget_attempts(session, user_id)
