"""The login history: every attempt of a known user, and the notice of a sign-in from a new place."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.mail import post
from strowger.platform.access import letters, repository
from strowger.platform.access.models import LoginEvent
from strowger.platform.accounts.models import User

KEPT = timedelta(days=365)
KNOWN_FOR = timedelta(days=180)
RESULTS = {
    "success": "Signed in",
    "wrong-password": "Wrong password",
    "wrong-code": "Wrong code",
    "locked": "Locked",
    "disabled": "Disabled",
    "address": "Address not allowed",
    "sso": "Single sign-on needed",
}
METHODS = {
    "password": "Password",
    "email": "Password and e-mail code",
    "sms": "Password and SMS code",
    "totp": "Password and authenticator app",
    "recovery": "Password and recovery code",
    "passkey": "Passkey",
    "password-passkey": "Password and passkey",
    "device": "Password, known browser",
    "link": "Mailed link",
    "sso": "Single sign-on",
    "invitation": "Invitation",
}


@dataclass(frozen=True, slots=True)
class Where:
    """From where somebody signs in."""

    ip: str | None
    agent: str

    @property
    def network(self) -> str:
        """How an address of the same network begins: three parts of IPv4, four groups of IPv6."""
        try:
            address = ipaddress.ip_address(self.ip or "")
        except ValueError:
            return self.ip or ""
        if address.version == 4:
            return str(address).rpartition(".")[0] + "."
        return address.exploded[:19]


def record(session: AsyncSession, context: Context, user: User, where: Where, method: str, result: str) -> None:
    """Add a line to the history of the user's account."""
    session.add(
        LoginEvent(
            account_id=user.account_id,
            user_id=user.id,
            email=user.email,
            role=user.role,
            ip=where.ip,
            user_agent=where.agent[:300],
            method=method,
            result=result,
            at=context.clock.now(),
        )
    )


async def record_alone(context: Context, user: User, where: Where, method: str, result: str) -> None:
    """Add a line in a transaction of its own: the attempt failed, its transaction is gone."""
    async with context.database.session() as session:
        record(session, context, user, where, method, result)


async def tell_of_new_place(session: AsyncSession, context: Context, user: User, where: Where) -> None:
    """Mail the user about a sign-in with a browser or from a network not seen before (U-96)."""
    now = context.clock.now()
    if await repository.is_new_place(session, user.id, where.network, where.agent[:300], now - KNOWN_FOR):
        letter = letters.new_login(context, user, where.ip, where.agent, now)
        await post(session, context, user.email, "new-login", letter, user.account_id)
