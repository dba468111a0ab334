"""The second factor of a user: authenticator app (RFC 6238), recovery codes; and which one is asked for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from datetime import datetime
from typing import Any

import pyotp
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.platform.access import repository
from strowger.platform.access.errors import WrongCode
from strowger.platform.access.models import RecoveryCode
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.models import Account, User

RECOVERY_CODES = 10
STEP_SECONDS = 30
FACTORS = ("off", "email", "sms")
TRUST_HOURS = 5
ISSUER = "Strowger"
OWN = ("totp", "passkey")  # what people may set up for themselves, unless the account forbids it
OWN_KEY = "own_factors"
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def factor_of(account: Account) -> str:
    """The second factor that the account asks of everybody: off, email or sms."""
    chosen = account.settings.get("second_factor", "off")
    return chosen if chosen in FACTORS else "off"


def trust_hours_of(account: Account) -> int:
    """For how many hours a browser that gave a right code is not asked again."""
    return int(account.settings.get("trust_hours", TRUST_HOURS))


def own_methods_of(account: Account) -> tuple[str, ...]:
    """Which methods the account lets people set up for themselves; of one that it forbids, nothing counts any more."""
    chosen = account.settings.get(OWN_KEY)
    return OWN if chosen is None else tuple(method for method in OWN if method in chosen)


def check_own(account: Account, method: str) -> None:
    """Raise AccountProblem when the account forbids to set up a method for oneself."""
    if method not in own_methods_of(account):
        what = "authenticator apps" if method == "totp" else "passkeys"
        raise AccountProblem(f"Your account does not allow {what}. An owner can change that under Settings > Security.")


def methods_of(user: User, account: Account, has_passkey: bool = False) -> list[str]:
    """How this user proves who they are besides the password, the preferred way first; none: the password is enough.

    The app or passkey that a user set up takes the place of the account's codes: falling back to those would weaken it.
    """
    allowed = own_methods_of(account)
    if user.totp_sealed and "totp" in allowed:
        return ["totp"]
    if has_passkey and "passkey" in allowed:
        return ["passkey"]
    factor = factor_of(account)
    if factor == "off":
        return []
    return ["sms"] if factor == "sms" and user.mobile else ["email"]


def _bound(user_id: int) -> str:
    return f"totp:{user_id}"


def new_secret(context: Context, user_id: int) -> tuple[str, str]:
    """A secret for an authenticator app, and the same sealed for the form that confirms it."""
    secret = pyotp.random_base32()
    sealed = context.secrets.seal(secret, _bound(user_id))
    return secret, base64.urlsafe_b64encode(sealed).decode()


def open_secret(context: Context, user_id: int, packed: str) -> tuple[str, str]:
    """The secret of a form that came back. Raises WrongCode when it is not ours."""
    try:
        return context.secrets.open(base64.urlsafe_b64decode(packed), _bound(user_id)).decode(), packed
    except (SealBroken, binascii.Error, ValueError):
        raise WrongCode("This page is out of date. Begin again.") from None


def otpauth_uri(secret: str, email: str, issuer: str = ISSUER) -> str:
    """What the QR code says."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def qr_image(uri: str) -> str:
    """A QR code as a data URI of an SVG."""
    import segno

    return segno.make(uri, error="m").svg_data_uri(scale=5, border=3, dark="#000", light="#fff")


def matching_step(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The time step whose code this is: the present one or a neighbour, later than the last one used; else None."""
    present = int(now.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (present, present - 1, present + 1):
        if step > after and secrets.compare_digest(totp.generate_otp(step), code):
            return step
    return None


def check_app(context: Context, user: User, account: Account, code: str) -> bool:
    """Whether a code is that of the user's app, which the account allows; each code works once."""
    if user.totp_sealed is None or "totp" not in own_methods_of(account):
        return False
    secret = context.secrets.open(user.totp_sealed, _bound(user.id)).decode()
    step = matching_step(secret, code, context.clock.now(), user.totp_step)
    if step is None:
        return False
    user.totp_step = step
    return True


def clean(code: str) -> str:
    """A code without what people put between its parts."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


def hash_recovery(user_id: int, code: str) -> bytes:
    """How a recovery code (10 random letters of 31) is stored."""
    return hashlib.sha256(f"recovery:{user_id}:{clean(code)}".encode()).digest()


async def renew_recovery_codes(session: AsyncSession, user_id: int) -> list[str]:
    """New recovery codes; the old ones stop working."""
    await repository.drop_recovery_codes(session, user_id)
    codes = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=hash_recovery(user_id, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


async def switch_on_app(context: Context, user_id: int, packed: str, code: str) -> list[str]:
    """Begin to ask for the app's code, which must be right once. Returns recovery codes.

    Raises WrongCode, AccountProblem.
    """
    secret, _ = open_secret(context, user_id, packed)
    step = matching_step(secret, clean(code), context.clock.now(), 0)
    if step is None:
        raise WrongCode("This is not the present code. Check the clock of your phone.")
    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        assert found is not None
        user, account = found
        check_own(account, "totp")
        user.totp_sealed = context.secrets.seal(secret, _bound(user_id))
        user.totp_step = step
        return await renew_recovery_codes(session, user_id)


async def switch_off_app(context: Context, user_id: int) -> None:
    """Ask for the app no more."""
    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        assert found is not None
        found[0].totp_sealed = None
        if not await repository.has_passkey(session, user_id):
            await repository.drop_recovery_codes(session, user_id)
        await repository.drop_devices(session, user_id, context.clock.now())


async def state_of(context: Context, user_id: int) -> dict[str, Any]:
    """What a user has set up: app, number of recovery codes, mobile."""
    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        assert found is not None
        user, account = found
        return {
            "app": user.totp_sealed is not None,
            "passkeys": await repository.has_passkey(session, user_id),
            "recovery": await repository.count_recovery_codes(session, user_id),
            "mobile": user.mobile,
            "account_factor": factor_of(account),
            "allowed": own_methods_of(account),
        }
