"""A proof of work in place of a picture puzzle: the browser computes for a moment, the person does nothing (STROWGER_CAPTCHA).

A challenge is a number to be found, from its hash; the number itself travels sealed, so nothing is stored before it is spent.
Programs that guess pay with processor time for every guess; nobody is asked to read, hear or move anything (WCAG 2.2, 3.3.8).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.tenancy import across_accounts
from strowger.platform.access.history import Where
from strowger.platform.access.repository import proofs

if TYPE_CHECKING:
    from strowger.console.respond import AnyRequest

SIGN_IN, SIGN_UP = "sign-in", "sign-up"
MOST = {SIGN_IN: 200_000, SIGN_UP: 400_000}  # the number lies below; a browser tries about a million a second
LIVES = timedelta(minutes=30)
WINDOW, FREE = timedelta(minutes=15), 3
NOT_DONE = "Wait until the check below the form is done, then send it again."


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the browser gets: find the number below ``most`` whose hash with ``salt`` is ``hash``."""

    salt: str
    hash: str
    most: int
    token: str


class _Told(msgspec.Struct, array_like=True):
    number: int
    until: float


def _bound(purpose: str) -> str:
    return f"proof:{purpose}"


def challenge(context: Context, purpose: str) -> Challenge:
    """A new challenge for a purpose."""
    salt, number = secrets.token_hex(12), secrets.randbelow(MOST[purpose])
    until = context.clock.now() + LIVES
    told = msgspec.json.encode(_Told(number, until.timestamp()))
    token = base64.urlsafe_b64encode(context.secrets.seal(told, _bound(purpose))).decode()
    return Challenge(salt, hashlib.sha256(f"{salt}{number}".encode()).hexdigest(), MOST[purpose], token)


async def is_proven(context: Context, purpose: str, token: str, number: str) -> bool:
    """Whether a challenge of ours was solved in time; each counts once."""
    try:
        told = msgspec.json.decode(context.secrets.open(base64.urlsafe_b64decode(token), _bound(purpose)), type=_Told)
    except (SealBroken, binascii.Error, ValueError, msgspec.DecodeError):
        return False
    if told.until <= context.clock.time() or number != str(told.number):
        return False
    spent, now = hashlib.sha256(token.encode()).digest(), context.clock.now()
    return await context.database.run(lambda c: proofs.spend(c, spent, now + LIVES))


async def comes_with(request: AnyRequest, context: Context, purpose: str) -> bool:
    """Whether a sent form carries a proof."""
    sent = await request.form()
    return await is_proven(context, purpose, str(sent.get("proof_token", "")), str(sent.get("proof", "")))


def _keys(where: Where, email: str) -> list[bytes]:
    """What failures are counted by: the network and the address, as hashes, whether the address has a user or not."""
    words = [f"network:{where.network}"] if where.ip else []
    words += [f"email:{email.strip().lower()}"] if email else []
    return [hashlib.sha256(word.encode()).digest() for word in words]


async def is_needed(context: Context, where: Where, email: str = "") -> bool:
    """Whether signing in asks for a proof: after some failures from this network or with this address."""
    if not context.settings.captcha:
        return False
    since = context.clock.now() - WINDOW
    return await context.database.run(lambda c: proofs.most_failures(c, _keys(where, email), since)) >= FREE


async def note_failure(context: Context, where: Where, email: str) -> None:
    """A password was wrong."""
    if context.settings.captcha:
        now = context.clock.now()
        await context.database.run(lambda c: proofs.add_failures(c, _keys(where, email), now))


async def purge(context: Context) -> None:
    """Forget what counts no more."""
    now = context.clock.now()
    with across_accounts():
        await context.database.run(lambda c: proofs.purge(c, now, now - WINDOW))
