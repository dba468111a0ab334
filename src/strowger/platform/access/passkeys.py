"""Passkeys (WebAuthn level 2): register, sign in with one alone, or as second factor after the password.

Each ceremony has a challenge that is stored as a hash, works once and for five minutes. The library is imported when it is needed:
it is large, and most processes never ask for it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.mail import post
from strowger.foundation.settings import Settings
from strowger.platform.access import history, letters, repository, second_factor, sign_in
from strowger.platform.access.errors import NotAllowed, StepGone, TooManyCodes, WrongCode
from strowger.platform.access.history import Where
from strowger.platform.access.models import CodeAttempt, Passkey, PasskeyChallenge
from strowger.platform.access.sign_in import Entered, digest
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.models import User

CHALLENGE_LIVES = timedelta(minutes=5)
REGISTER, ENTER, FACTOR = "register", "enter", "factor"
MOST, MAX_NAME, MAX_ANSWER = 20, 60, 20_000
ISSUER = "Strowger"
NOT_OURS = "This passkey does not fit, or the page is out of date. Try again."


@dataclass(frozen=True, slots=True)
class Site:
    """For which site passkeys are made: the host of the installation's URL. ``usable``: browsers make them for it."""

    host: str
    origin: str
    usable: bool


def site_of(settings: Settings) -> Site:
    """The site of an installation: browsers want https (or localhost) and a name, not an address."""
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
        named = False
    except ValueError:
        named = bool(host)
    local = host == "localhost" or host.endswith(".localhost")
    return Site(host, f"{parts.scheme}://{parts.netloc}", named and (parts.scheme == "https" or local))


def _handle(user_id: int) -> bytes:
    """What the authenticator keeps about the user: nothing that can be read."""
    return hashlib.sha256(f"passkey user {user_id}".encode()).digest()


class _ClientData(msgspec.Struct):
    challenge: str


class _Response(msgspec.Struct):
    client_data: str = msgspec.field(name="clientDataJSON")
    user_handle: str | None = msgspec.field(name="userHandle", default=None)


class _Credential(msgspec.Struct):
    raw_id: str = msgspec.field(name="rawId")
    response: _Response


def _read(answer: str) -> tuple[bytes, bytes, str | None]:
    """Credential id, challenge and user handle of what the browser sent. Raises WrongCode."""
    from webauthn.helpers import base64url_to_bytes

    try:
        if len(answer) > MAX_ANSWER:
            raise ValueError("too long")
        read = msgspec.json.decode(answer, type=_Credential)
        told = msgspec.json.decode(base64url_to_bytes(read.response.client_data), type=_ClientData)
        return base64url_to_bytes(read.raw_id), base64url_to_bytes(told.challenge), read.response.user_handle
    except (msgspec.DecodeError, ValueError, RecursionError) as problem:
        raise WrongCode(NOT_OURS) from problem


async def _challenge(context: Context, purpose: str, user_id: int | None = None) -> bytes:
    challenge, now = secrets.token_bytes(32), context.clock.now()
    async with context.database.session() as session:
        await repository.drop_old_challenges(session, now)
        session.add(
            PasskeyChallenge(
                hash=hashlib.sha256(challenge).digest(),
                purpose=purpose,
                user_id=user_id,
                expires_at=now + CHALLENGE_LIVES,
            )
        )
    return challenge


async def _use_challenge(
    session: AsyncSession, context: Context, challenge: bytes, purpose: str, user_id: int | None = None
) -> None:
    """Use a challenge up. Raises WrongCode when it was used, is too old, or belongs to another ceremony."""
    found = await repository.take_challenge(session, hashlib.sha256(challenge).digest(), context.clock.now())
    if found is None or found.purpose != purpose or found.user_id != user_id:
        raise WrongCode(NOT_OURS)


async def begin_register(context: Context, user_id: int, email: str, name: str) -> str:
    """What the browser needs to make a passkey, as JSON.

    Raises AccountProblem when the user has enough, or the account allows none.
    """
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        assert found is not None
        second_factor.check_own(found[1], "passkey")
        known = await repository.passkeys_of(session, user_id)
    if len(known) >= MOST:
        raise AccountProblem(f"At most {MOST} passkeys. Remove one first.")
    site = site_of(context.settings)
    options = generate_registration_options(
        rp_id=site.host, rp_name=ISSUER, user_id=_handle(user_id), user_name=email, user_display_name=name,
        challenge=await _challenge(context, REGISTER, user_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in known],
    )  # fmt: skip
    return options_to_json(options)


async def register(context: Context, account_id: int, user_id: int, name: str, answer: str) -> list[str]:
    """Keep a new passkey; returns recovery codes when the user had none. Raises WrongCode."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    _, challenge, _ = _read(answer)
    site, now = site_of(context.settings), context.clock.now()
    async with context.database.session() as session:
        await _use_challenge(session, context, challenge, REGISTER, user_id)
    try:
        made = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin
        )
    except (WebAuthnException, ValueError) as problem:
        raise WrongCode(NOT_OURS) from problem
    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        assert found is not None
        if "passkey" not in second_factor.own_methods_of(found[1]):
            raise WrongCode("Your account does not allow passkeys.")
        if await repository.passkey(session, made.credential_id) is not None:
            raise WrongCode("This passkey is registered already.")
        session.add(
            Passkey(
                id=made.credential_id, account_id=account_id, user_id=user_id, name=name[:MAX_NAME],
                public_key=made.credential_public_key, sign_count=made.sign_count, created_at=now,
            )
        )  # fmt: skip
        text = f"The passkey “{name[:MAX_NAME]}” was added. It signs you in."
        await post(session, context, found[0].email, "factor-changed", letters.factor_changed(text), account_id)
        if await repository.count_recovery_codes(session, user_id):
            return []
        return await second_factor.renew_recovery_codes(session, user_id)


async def begin_enter(context: Context) -> str:
    """What the browser needs to sign in with a passkey alone, as JSON: any of this site, its user verified."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site_of(context.settings).host, challenge=await _challenge(context, ENTER),
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return options_to_json(options)


async def enter(context: Context, answer: str, where: Where) -> Entered:
    """Sign in with a passkey alone: it is something one has, and its user was verified. Raises WrongCode, NotAllowed."""
    credential_id, challenge, handle = _read(answer)
    refusal = text = ""
    async with context.database.session() as session:
        await _use_challenge(session, context, challenge, ENTER)
    async with context.database.session() as session:
        owner = await repository.passkey(session, credential_id)
        found = await repository.lock_user(session, owner.user_id) if owner else None
        if owner is None or found is None or not _is_of(handle, owner.user_id):
            raise WrongCode(NOT_OURS)
        user, account = found
        await session.refresh(owner)
        _verify(context, owner, answer, challenge, verified=True)
        refusal, text = await sign_in.refusal_of(session, context, user, account, where, "passkey")
        if not refusal and "passkey" not in second_factor.own_methods_of(account):
            refusal, text = "disabled", "Your account does not allow passkeys. Sign in with your password."
            history.record(session, context, user, where, "passkey", refusal)
        if not refusal:
            owner.last_used_at = context.clock.now()
            return await sign_in.enter(session, context, user, where, "passkey")
    raise NotAllowed(text)


def _is_of(handle: str | None, user_id: int) -> bool:
    from webauthn.helpers import base64url_to_bytes

    try:
        return not handle or secrets.compare_digest(base64url_to_bytes(handle), _handle(user_id))
    except ValueError:
        return False


def _verify(context: Context, passkey: Passkey, answer: str, challenge: bytes, verified: bool) -> None:
    """Check the signature and move the counter. Raises WrongCode, also when the counter says that the passkey was copied."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    site = site_of(context.settings)
    try:
        done = verify_authentication_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin,
            credential_public_key=passkey.public_key, credential_current_sign_count=passkey.sign_count,
            require_user_verification=verified,
        )  # fmt: skip
    except (WebAuthnException, ValueError) as problem:
        raise WrongCode(NOT_OURS) from problem
    passkey.sign_count = done.new_sign_count


async def begin_factor(context: Context, token: str) -> str:
    """What the browser needs for the second factor of a sign-in, as JSON; empty when its user has no passkey."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    async with context.database.session() as session:
        step = await repository.step(session, digest(token), context.clock.now())
        known = await repository.passkeys_of(session, step.user_id) if step else []
    if step is None or not known or step.method not in ("totp", "passkey"):
        return ""
    options = generate_authentication_options(
        rp_id=site_of(context.settings).host, challenge=await _challenge(context, FACTOR, step.user_id),
        allow_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in known],
    )  # fmt: skip
    return options_to_json(options)


async def finish_factor(context: Context, token: str, answer: str, where: Where) -> Entered:
    """Finish a sign-in whose password was right. Raises StepGone, WrongCode, TooManyCodes."""
    now = context.clock.now()
    credential_id, challenge, _ = _read(answer)
    async with context.database.session() as session:
        step = await repository.step(session, digest(token), now)
        if step is None or step.method not in ("totp", "passkey"):
            raise StepGone
        user_id = step.user_id
        if await sign_in.tried_too_often(session, user_id, now):
            raise TooManyCodes("Too many codes were tried. Wait, then try again.")
        session.add(CodeAttempt(user_id=user_id, kind="tried", at=now))
    async with context.database.session() as session:
        await _use_challenge(session, context, challenge, FACTOR, user_id)
    async with context.database.session() as session:
        step = await repository.step(session, digest(token), now)
        found = await repository.lock_user(session, user_id)
        own = await repository.passkey(session, credential_id)
        if step is None or found is None or not sign_in.is_open(*found):
            raise StepGone
        if own is None or own.user_id != user_id or "passkey" not in second_factor.own_methods_of(found[1]):
            raise WrongCode(NOT_OURS)
        await session.refresh(own)
        try:
            _verify(context, own, answer, challenge, verified=False)
        except WrongCode:
            await history.record_alone(context, found[0], where, "password-passkey", "wrong-code")
            raise
        own.last_used_at = now
        return await sign_in.admit(session, context, *found, where, "password-passkey")


async def list_of(context: Context, user_id: int) -> Sequence[Passkey]:
    """The passkeys of a user, the oldest first."""
    async with context.database.session() as session:
        return await repository.passkeys_of(session, user_id)


async def rename(context: Context, user_id: int, number: int, name: str) -> bool:
    """Give a passkey another name; False when the user has none of that number."""
    async with context.database.session() as session:
        own = await repository.passkey_of(session, user_id, number)
        if own is not None:
            own.name = name[:MAX_NAME]
    return own is not None


async def remove(context: Context, user_id: int, number: int) -> bool:
    """Forget a passkey; with the last factor the recovery codes go, too."""
    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        own = await repository.passkey_of(session, user_id, number)
        if own is None or found is None:
            return False
        user: User = found[0]
        text = f"The passkey “{own.name}” was removed."
        await session.delete(own)
        await session.flush()
        await repository.drop_devices(session, user_id, context.clock.now())
        if not user.totp_sealed and not await repository.has_passkey(session, user_id):
            await repository.drop_recovery_codes(session, user_id)
        await post(session, context, user.email, "factor-changed", letters.factor_changed(text), user.account_id)
    return True
