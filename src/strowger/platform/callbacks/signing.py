"""Signatures: Standard Webhooks (R-30) and the plain form of platform.md 6.3, and the secrets that make them."""

from __future__ import annotations

import base64
import hashlib
import secrets as random
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import asyncpg

from strowger.foundation.clock import Clock
from strowger.foundation.crypto import SecretBox
from strowger.foundation.database import Database
from strowger.platform.callbacks import repository

SECRET_PREFIX = "whsec_"  # noqa: S105 - the specification's marker, no secret
SECRET_BYTES = 32
BLOCK = 64
OVERLAP = timedelta(hours=24)
CACHE_SECONDS = 30.0
CACHE_SIZE = 10_000


class NoAccount(Exception):
    """The account of a callback does not exist any more."""


def secret_text(secret: bytes) -> str:
    """A secret as it is shown to its owner and given to a library: ``whsec_`` and Base64."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


@lru_cache(maxsize=20_000)
def _mac(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA-256 (RFC 2104) with the key's share computed once: a third of the time of a whole one."""
    key = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in key)) for pad in (0x36, 0x5C))

    def mac(data: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(data)
        second.update(first.digest())
        return second.digest()

    return mac


def sign(secrets: tuple[bytes, ...], message_id: str, moment: int, body: bytes | None, url: str) -> dict[str, str]:
    """The signature headers of a request: one signature per secret, newest first.

    ``moment`` is Unix seconds. Standard Webhooks signs ``id.moment.body`` with the secret's bytes; ``X-Signature`` signs
    ``moment.body``, or ``moment.url`` when there is no body, with the secret's text as shown.
    """
    ours = f"{moment}.".encode() + (url.encode() if body is None else body)
    plain = f"{message_id}.{moment}.".encode() + (body or b"")
    webhook, shown = "", f"t={moment}"
    for secret in secrets:
        webhook += f" v1,{b2a_base64(_mac(secret)(plain), newline=False).decode()}"
        shown += f",v1={_mac(_shown_bytes(secret))(ours).hex()}"
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": webhook[1:],
        "X-Signature": shown,
    }


@lru_cache(maxsize=20_000)
def _shown_bytes(secret: bytes) -> bytes:
    return secret_text(secret).encode()


@dataclass(slots=True)
class _Cached:
    secrets: tuple[bytes, ...]
    until: float


class SigningSecrets:
    """The signing secrets of accounts: made when first needed, sealed at rest, two valid while one replaces the other."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock) -> None:
        self._database, self._box, self._clock = database, box, clock
        self._cache: dict[int, _Cached] = {}

    def cached(self, account_id: int) -> tuple[bytes, ...] | None:
        """The secrets if they are at hand, without waiting."""
        found = self._cache.get(account_id)
        return found.secrets if found and found.until > self._clock.monotonic() else None

    async def secrets(self, account_id: int) -> tuple[bytes, ...]:
        """The secrets to sign with, newest first; the second one only during a rotation's overlap.

        Raises NoAccount.
        """
        found = self.cached(account_id)
        if found is not None:
            return found
        row = await repository.signing_secret(self._database.pool, account_id)
        if row is None:
            sealed = self._seal(account_id, random.token_bytes(SECRET_BYTES))
            try:
                row = await repository.create_signing_secret(self._database.pool, account_id, sealed, self._clock.now())
            except asyncpg.ForeignKeyViolationError:
                raise NoAccount(f"account {account_id} does not exist") from None
        secrets = [self._open(account_id, row.current)]
        until = self._clock.monotonic() + CACHE_SECONDS
        if row.previous is not None and row.previous_until is not None and row.previous_until > self._clock.now():
            secrets.append(self._open(account_id, row.previous))
            until = min(until, self._clock.monotonic() + (row.previous_until - self._clock.now()).total_seconds())
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        self._cache[account_id] = _Cached(tuple(secrets), until)
        return tuple(secrets)

    async def shown(self, account_id: int) -> tuple[str, ...]:
        """The secrets as texts for their owner, newest first."""
        return tuple(secret_text(secret) for secret in await self.secrets(account_id))

    async def rotate(self, account_id: int, overlap: timedelta = OVERLAP) -> str:
        """Replace the secret; the old one stays valid for ``overlap``. Returns the new one as text.

        Other processes sign with the new one within CACHE_SECONDS.
        """
        await self.secrets(account_id)
        fresh = random.token_bytes(SECRET_BYTES)
        now: datetime = self._clock.now()
        await repository.rotate_signing_secret(
            self._database.pool, account_id, self._seal(account_id, fresh), now, now + overlap
        )
        self._cache.pop(account_id, None)
        return secret_text(fresh)

    def _seal(self, account_id: int, secret: bytes) -> bytes:
        return self._box.seal(secret, f"callback:{account_id}")

    def _open(self, account_id: int, sealed: bytes) -> bytes:
        return self._box.open(sealed, f"callback:{account_id}")
