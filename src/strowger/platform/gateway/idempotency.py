"""Idempotency keys: one request is executed once, however often it is sent (quality.md R-20 to R-23).

The answer of an accepted request is stored in the transaction that stores its messages, so neither is there without the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec

from strowger.foundation.clock import Clock
from strowger.foundation.database import OUTAGES, Database
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.logs import get_logger
from strowger.platform.gateway import repository
from strowger.platform.gateway.gather import Gatherer
from strowger.platform.gateway.repository import ClaimKey

log = get_logger(__name__)
KEPT = timedelta(hours=24)
IN_PROGRESS = timedelta(minutes=5)
MAX_LENGTH = 255
HEADER, OLDER_HEADER = b"idempotency-key", b"x-idempotency-key"


class Stored(NamedTuple):
    """The answer that an earlier request with the same key got."""

    status: int
    response: bytes


def key_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The idempotency key of a request. Raises E400 when it is longer than 255 characters or no text."""
    raw = headers.get(HEADER)
    if raw is None:
        raw = headers.get(OLDER_HEADER)
    if raw is None or not raw.strip():
        return None
    key = raw.strip().decode("utf-8", "replace")
    if len(key) > MAX_LENGTH or "\0" in key:
        raise StrowgerError("E400", f"Must be at most {MAX_LENGTH} characters", field="Idempotency-Key")
    return key


def hash_params(params: Mapping[str, Any]) -> bytes:
    """What tells one request from another under the same key; not the form in which it was written."""
    return hashlib.sha256(msgspec.json.encode(params, order="deterministic")).digest()


class Idempotency:
    """Claims keys before execution; claims that arrive together are one statement."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._claims: Gatherer[tuple[ClaimKey, bytes], Mapping[str, Any] | bool | None] = Gatherer(self._claim)

    async def begin(self, key: ClaimKey, body_hash: bytes) -> Stored | None:
        """None when the request is to be executed now; the stored answer when it was already.

        Raises E422 (key of another request), E409 (still running), Unavailable.
        """
        row = await self._claims.ask((key, body_hash))
        if row is None:
            return None
        if isinstance(row, bool):
            raise _running()
        if row["body_hash"] != body_hash:
            raise StrowgerError("E422", field="Idempotency-Key")
        if row["status"] is None:
            raise _running()
        return Stored(row["status"], row["response"])

    async def _claim(self, asked: Sequence[tuple[ClaimKey, bytes]]) -> list[Mapping[str, Any] | bool | None]:
        now = self._clock.now()
        first: dict[ClaimKey, int] = {}
        for position, (key, _) in enumerate(asked):
            first.setdefault(key, position)
        try:
            async with self._database.pool.acquire(timeout=5) as connection:
                found = await repository.claim_keys(
                    connection, [asked[i] for i in first.values()], now, now - KEPT, now - IN_PROGRESS
                )
        except OUTAGES as problem:
            raise Unavailable from problem
        return [self._verdict(found, asked, first, i) for i in range(len(asked))]

    @staticmethod
    def _verdict(
        found: Mapping[ClaimKey, Mapping[str, Any] | None],
        asked: Sequence[tuple[ClaimKey, bytes]],
        first: Mapping[ClaimKey, int],
        position: int,
    ) -> Mapping[str, Any] | bool | None:
        """The row that has the key, None when this caller has it now, True when somebody else's claim is just gone."""
        key, _ = asked[position]
        row = found.get(key, True)
        if row is None and first[key] != position:
            return {"body_hash": asked[first[key]][1], "status": None, "response": None}
        return row

    async def release(self, key: ClaimKey) -> None:
        """Give up a claim whose request accepted nothing; a stored answer stays."""
        try:
            async with self._database.pool.acquire(timeout=5) as connection:
                await repository.release_key(connection, key)
        except OUTAGES as problem:
            log.warning("idempotency_key_not_released", problem=repr(problem))


def _running() -> StrowgerError:
    return StrowgerError("E409", field="Idempotency-Key", headers={"Retry-After": "1"})
