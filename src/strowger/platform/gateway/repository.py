"""Queries of the public edge: keys, rate buckets, idempotency keys, the request log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection, columns
from strowger.platform.accounts.states import STATE_OF_A
from strowger.platform.features.repository import OFF_OF_A

FIND_KEY = f"""
SELECT k.id, k.account_id, k.name, k.scopes,
       k.networks || coalesce((SELECT c.networks FROM ip_config c WHERE c.id = k.ip_config_id), '[]') AS networks,
       k.rate, k.expires_at, a.sid, a.country, a.currency, a.settings,
       a.parent_id, {OFF_OF_A}, {STATE_OF_A}
FROM api_key k JOIN account a ON a.id = k.account_id LEFT JOIN account p ON p.id = a.parent_id
WHERE k.key_hash = $1 AND k.active
"""  # noqa: S608
FIND_CHILD = f"""
SELECT a.id AS account_id, a.sid, a.country, a.currency, a.state, a.settings, {OFF_OF_A}
FROM account a WHERE a.parent_id = $1 AND a.sid = $2
"""  # noqa: S608
# scope: keys that have just authenticated, by their id
TOUCH_KEYS = """
UPDATE api_key k SET last_used_at = t.at, last_used_ip = t.ip
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS t(id, at, ip)
WHERE k.id = t.id AND (k.last_used_at IS NULL OR k.last_used_at < t.at)
"""
OPEN_BUCKET = """
INSERT INTO rate_bucket (key, tokens, updated_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING
"""
LEASE = """
WITH filled AS (
    SELECT key, LEAST($2::float, tokens + GREATEST(0, extract(epoch FROM $5::timestamptz - updated_at)::float) * $3::float)
           AS tokens
    FROM rate_bucket WHERE key = $1 FOR UPDATE
)
UPDATE rate_bucket b
SET tokens = filled.tokens - LEAST($4::float, floor(filled.tokens)), updated_at = GREATEST(b.updated_at, $5::timestamptz)
FROM filled WHERE b.key = filled.key
RETURNING LEAST($4::float, floor(filled.tokens)) AS granted, b.tokens AS left
"""
GIVE_BACK = """
UPDATE rate_bucket b SET tokens = b.tokens + t.tokens FROM unnest($1::text[], $2::float[]) AS t(key, tokens) WHERE b.key = t.key
"""
CLAIM = """
INSERT INTO idempotency_key AS k (account_id, method, path, key, body_hash, created_at)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
    AS t(account_id, method, path, key, body_hash, created_at)
ORDER BY 1, 2, 3, 4
ON CONFLICT (account_id, method, path, key) DO UPDATE
SET body_hash = excluded.body_hash, status = NULL, response = NULL, created_at = excluded.created_at
WHERE k.created_at < $7 OR (k.status IS NULL AND k.created_at < $8)
RETURNING k.account_id, k.method, k.path, k.key
"""
FIND_CLAIMS = """
SELECT k.account_id, k.method, k.path, k.key, k.body_hash, k.status, k.response
FROM idempotency_key k
JOIN unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS t(account_id, method, path, key)
    USING (account_id, method, path, key)
"""
RELEASE = """
DELETE FROM idempotency_key WHERE account_id = $1 AND method = $2 AND path = $3 AND key = $4 AND status IS NULL
"""
STORE_ANSWER = """
UPDATE idempotency_key SET status = $5, response = $6
WHERE account_id = $1 AND method = $2 AND path = $3 AND key = $4 AND status IS NULL RETURNING key
"""
# scope: upkeep of the whole installation
FORGET_CLAIMS = "DELETE FROM idempotency_key WHERE created_at < $1"
# scope: upkeep of the whole installation
FORGET_LOG = "DELETE FROM request_log WHERE id < $1"
LOG_COLUMNS = [
    "id", "account_id", "api_key_id", "method", "path", "status", "duration_ms", "ip", "error_code", "request_body",
    "response_body",
]  # fmt: skip
ClaimKey = tuple[int, str, str, str]  # account, method, path, key


async def find_key(connection: Connection, key_hash: bytes) -> Mapping[str, Any] | None:
    """The active key of a hash with what the edge needs of its account."""
    return await connection.fetchrow(FIND_KEY, key_hash)


async def find_child(connection: Connection, parent_id: int, sid: str) -> Mapping[str, Any] | None:
    """A sub-account by its SID, only below its own parent."""
    return await connection.fetchrow(FIND_CHILD, parent_id, sid)


async def touch_keys(connection: Connection, uses: Sequence[tuple[int, datetime, str | None]]) -> None:
    """Note when and from where keys were last used."""
    await connection.execute(TOUCH_KEYS, *columns(list(uses), 3))


async def open_bucket(connection: Connection, key: str, burst: float, now: datetime) -> None:
    """Make a bucket, full, if there is none."""
    await connection.execute(OPEN_BUCKET, key, burst, now)


async def lease_tokens(
    connection: Connection, key: str, burst: float, rate: float, want: float, now: datetime
) -> tuple[int, float]:
    """Take up to ``want`` whole tokens from a bucket that fills by ``rate`` a second; returns those taken and those left."""
    row = await connection.fetchrow(LEASE, key, float(burst), float(rate), float(want), now)
    return (int(row["granted"]), row["left"]) if row else (0, 0.0)


async def give_back_tokens(connection: Connection, leases: Sequence[tuple[str, float]]) -> None:
    """Put unused tokens back."""
    await connection.execute(GIVE_BACK, *columns(list(leases), 2))


async def claim_keys(
    connection: Connection, claims: Sequence[tuple[ClaimKey, bytes]], now: datetime, kept: datetime, stuck: datetime
) -> dict[ClaimKey, Mapping[str, Any] | None]:
    """Claim idempotency keys with their body hashes; each key maps to None when claimed, else to the row that has it.

    Rows made before ``kept``, and unanswered ones made before ``stuck``, are claimed anew.
    """
    keys = [key for key, _ in claims]
    rows = [(*key, body_hash, now) for key, body_hash in claims]
    claimed = {tuple(row) for row in await connection.fetch(CLAIM, *columns(rows, 6), kept, stuck)}
    found: dict[ClaimKey, Mapping[str, Any] | None] = {key: None for key in keys if key in claimed}
    taken = [key for key in keys if key not in claimed]
    if taken:
        for row in await connection.fetch(FIND_CLAIMS, *columns(taken, 4)):
            found[(row["account_id"], row["method"], row["path"], row["key"])] = row
    return found


async def store_answer(connection: Connection, key: ClaimKey, status: int, response: bytes) -> bool:
    """Keep the answer of a claimed key, in the transaction of what it did; False when another try has taken it over."""
    return await connection.fetchval(STORE_ANSWER, *key, status, response) is not None


async def release_key(connection: Connection, key: ClaimKey) -> None:
    """Give up a claimed key: its request accepted nothing."""
    await connection.execute(RELEASE, *key)


async def write_log(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Append rows (in the order of LOG_COLUMNS) to the request log."""
    await connection.copy_records_to_table("request_log", records=rows, columns=LOG_COLUMNS)


async def forget_old(connection: Connection, claims_before: datetime, log_before: UUID) -> None:
    """Delete idempotency keys and log rows past their time."""
    await connection.execute(FORGET_CLAIMS, claims_before)
    await connection.execute(FORGET_LOG, log_before)
