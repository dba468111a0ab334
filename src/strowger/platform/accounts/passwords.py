"""Passwords: argon2id, worked in a thread, and the rule for new ones (console.md 5.2)."""

from __future__ import annotations

import asyncio
import secrets
import string

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH, MAX_LENGTH = 12, 200
NO_PASSWORD = "!"  # noqa: S105 - as a stored hash it fits no password
_hasher = PasswordHasher()
# At most this many at once: each takes 64 MiB for some tens of milliseconds.
_slots = asyncio.Semaphore(4)
_decoy: list[str] = []


async def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    async with _slots:
        return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether a password fits a stored hash. Takes the same time when there is none."""
    if stored is None:
        if not _decoy:
            _decoy.append(await hash_password(secrets.token_hex(16)))
        await verify_password(_decoy[0], password)
        return False
    async with _slots:
        return await asyncio.to_thread(_fits, stored, password)


def _fits(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def weakness(password: str, email: str = "") -> str:
    """What a new password lacks, in words for people; empty when it is good."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return f"Use {MIN_LENGTH} to {MAX_LENGTH} characters."
    kinds = (str.isupper, str.islower, str.isdigit)
    if not all(any(kind(letter) for letter in password) for kind in kinds) or password.isalnum():
        return "Use upper and lower case letters, a digit and a special character."
    if email and password.lower() in {email.lower(), email.lower().partition("@")[0]}:
        return "Use something other than your e-mail address."
    return ""


def new_password() -> str:
    """A random password that follows the rule: 20 characters."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(16)) + "-" + "aZ" + secrets.choice(string.digits)
