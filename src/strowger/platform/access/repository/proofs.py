"""Queries of proofs of work and of failed sign-ins; they hold no account's data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from strowger.foundation.database import Connection

SPEND = "INSERT INTO spent_proof (hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true"
FAILURES = "SELECT count(*) FROM sign_in_failure WHERE key = ANY ($1::bytea[]) AND at > $2 GROUP BY key ORDER BY 1 DESC LIMIT 1"
ADD = "INSERT INTO sign_in_failure (key, at) SELECT key, $2 FROM unnest($1::bytea[]) AS t(key)"
PURGE_SPENT = "DELETE FROM spent_proof WHERE expires_at <= $1"
PURGE_FAILURES = "DELETE FROM sign_in_failure WHERE at <= $1"


async def spend(connection: Connection, spent: bytes, until: datetime) -> bool:
    """Use a proof up; False when it was used before. Of parallel uses one wins."""
    return await connection.fetchval(SPEND, spent, until) is True


async def most_failures(connection: Connection, keys: Sequence[bytes], since: datetime) -> int:
    """The failures since a moment under that of the keys which has most."""
    return int(await connection.fetchval(FAILURES, keys, since) or 0)


async def add_failures(connection: Connection, keys: Sequence[bytes], at: datetime) -> None:
    """Note a failure under each key."""
    await connection.execute(ADD, keys, at)


async def purge(connection: Connection, now: datetime, before: datetime) -> None:
    """Forget proofs that are over and failures that count no more."""
    await connection.execute(PURGE_SPENT, now)
    await connection.execute(PURGE_FAILURES, before)
