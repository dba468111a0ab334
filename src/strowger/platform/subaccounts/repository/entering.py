"""Queries by which people come into sub-accounts: invitations, joining, and parents who act in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection

INVITE = "UPDATE subaccount SET invite_hash = $2, invite_until = $3 WHERE account_id = $1"
# scope: before sign-in; whoever has the link's token is the invited one
FIND_INVITE = """
SELECT s.account_id, s.parent_id, s.name, s.email, a.sid FROM subaccount s JOIN account a ON a.id = s.account_id
WHERE s.invite_hash = $1 AND s.invite_until > $2 AND s.status = 'invited'
"""
JOIN = """
WITH sub AS (
    UPDATE subaccount SET status = 'active', invite_hash = NULL, invite_until = NULL
    WHERE account_id = $1 AND invite_hash = $4 AND status = 'invited' RETURNING account_id
)
UPDATE app_user SET password_hash = $3, name = $2
WHERE id = (SELECT min(u.id) FROM app_user u JOIN sub ON u.account_id = sub.account_id) RETURNING id
"""
HAS_JOINED = "SELECT EXISTS (SELECT 1 FROM app_user WHERE account_id = $1 AND password_hash <> '!')"
FIRST_KEY = """
SELECT id, key_hash, key_sealed FROM api_key WHERE account_id = $1 AND active ORDER BY id LIMIT 1
"""
ACT = """
INSERT INTO acting_session (token_hash, account_id, started_at) VALUES ($1, $2, $3)
ON CONFLICT (token_hash) DO UPDATE SET account_id = excluded.account_id, started_at = excluded.started_at
"""
STOP_ACTING = "DELETE FROM acting_session WHERE token_hash = $1 RETURNING account_id"
ACTING = """
SELECT a.id, a.sid, a.name, a.country, a.currency, a.time_zone, a.state FROM acting_session t
JOIN account a ON a.id = t.account_id WHERE t.token_hash = $1 AND a.parent_id = $2 AND a.state IN ('active', 'trial', 'suspended')
"""


async def has_joined(connection: Connection, account_id: int) -> bool:
    """Whether anybody of an account has a password."""
    return bool(await connection.fetchval(HAS_JOINED, account_id))


async def invite(connection: Connection, account_id: int, digest: bytes, until: datetime) -> None:
    """Keep the token of an invitation; an earlier one ends."""
    await connection.execute(INVITE, account_id, digest, until)


async def find_invite(connection: Connection, digest: bytes, now: datetime) -> Mapping[str, Any] | None:
    """The sub-account to which a token invites."""
    return await connection.fetchrow(FIND_INVITE, digest, now)


async def join(connection: Connection, account_id: int, name: str, password_hash: str, digest: bytes) -> bool:
    """Take an invitation: the owner has a password from now on. False when it was just taken."""
    return await connection.fetchval(JOIN, account_id, name, password_hash, digest) is not None


async def first_key(connection: Connection, account_id: int) -> Mapping[str, Any] | None:
    """The first active API key, sealed."""
    return await connection.fetchrow(FIRST_KEY, account_id)


async def act(connection: Connection, token_hash: bytes, account_id: int, now: datetime) -> None:
    """Let a session work in a sub-account."""
    await connection.execute(ACT, token_hash, account_id, now)


# scope: a session's own row
async def stop_acting(connection: Connection, token_hash: bytes) -> int | None:
    """Let a session work in its own account again; returns the account in which it worked."""
    found: int | None = await connection.fetchval(STOP_ACTING, token_hash)
    return found


async def acting(connection: Connection, token_hash: bytes, account_id: int) -> Mapping[str, Any] | None:
    """The sub-account of ``account_id`` in which a session works."""
    return await connection.fetchrow(ACTING, token_hash, account_id)
