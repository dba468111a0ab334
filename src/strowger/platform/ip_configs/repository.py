"""Queries of IP configurations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection

# Keys that can still be used, or switched on again: of the account itself and, where it is a parent, of its sub-accounts.
ALL = """
SELECT c.id, c.name, c.networks, c.created_at, c.changed_at, (
    SELECT count(*) FROM api_key k WHERE k.ip_config_id = c.id AND (k.expires_at IS NULL OR k.expires_at > $2)
) AS used_by FROM ip_config c WHERE c.account_id = $1 ORDER BY lower(c.name)
"""
ONE = "SELECT id, name, networks FROM ip_config WHERE account_id = $1 AND id = $2"
BY_NAME = "SELECT id FROM ip_config WHERE account_id = $1 AND lower(name) = lower($2)"
COUNT = "SELECT count(*) FROM ip_config WHERE account_id = $1"
ADD = """
INSERT INTO ip_config (account_id, name, networks, created_at, changed_at) VALUES ($1, $2, $3, $4, $4) RETURNING id
"""
CHANGE = "UPDATE ip_config SET name = $3, networks = $4, changed_at = $5 WHERE account_id = $1 AND id = $2 RETURNING id"
DELETE = "DELETE FROM ip_config WHERE account_id = $1 AND id = $2 RETURNING id"
# scope: the set is the account's; its keys are of that account or of its sub-accounts
USERS = """
SELECT k.name, s.name AS subaccount, k.id FROM api_key k LEFT JOIN subaccount s ON s.account_id = k.account_id AND s.parent_id = $1
WHERE k.ip_config_id = (SELECT id FROM ip_config WHERE account_id = $1 AND id = $2)
  AND (k.expires_at IS NULL OR k.expires_at > $3)
UNION ALL SELECT NULL, s.name, NULL FROM subaccount s WHERE s.parent_id = $1 AND s.ip_config_id = (
    SELECT id FROM ip_config WHERE account_id = $1 AND id = $2
) AND NOT EXISTS (SELECT FROM api_key k WHERE k.account_id = s.account_id AND k.ip_config_id = s.ip_config_id
                  AND (k.expires_at IS NULL OR k.expires_at > $3))
ORDER BY 2 NULLS FIRST, 3 LIMIT 20
"""
# scope: as USERS; keys that have ended for good let it go, and keep the addresses that they had
LET_GO = """
UPDATE api_key k SET ip_config_id = NULL, networks = k.networks || c.networks FROM ip_config c
WHERE c.account_id = $1 AND c.id = $2 AND k.ip_config_id = c.id AND k.expires_at <= $3
"""
# A sub-account's own set, which its main account chose for new keys: these take none then.
CHOOSE_NONE = """
UPDATE subaccount SET ip_config_id = NULL WHERE account_id = $1 AND ip_config_id = (
    SELECT id FROM ip_config WHERE account_id = $1 AND id = $2
)
"""
SEEN = """
SELECT c.id, c.name, c.networks, c.account_id = $1 AS own,
       EXISTS (SELECT FROM subaccount s WHERE s.account_id = $1 AND s.ip_config_id = c.id) AS put FROM ip_config c
WHERE c.account_id = $1 OR c.id IN (SELECT k.ip_config_id FROM api_key k WHERE k.account_id = $1)
   OR c.id IN (SELECT s.ip_config_id FROM subaccount s WHERE s.account_id = $1) ORDER BY lower(c.name)
"""
PUT_ON_KEYS = "UPDATE api_key SET ip_config_id = $2 WHERE account_id = $1"


async def all_of(connection: Connection, account_id: int, now: datetime) -> list[Mapping[str, Any]]:
    """The sets of an account with how many keys use each."""
    return await connection.fetch(ALL, account_id, now)


async def one(connection: Connection, account_id: int, config_id: int) -> Mapping[str, Any] | None:
    """A set of an account."""
    return await connection.fetchrow(ONE, account_id, config_id)


async def by_name(connection: Connection, account_id: int, name: str) -> int | None:
    """The id of a set by its name, without regard to case."""
    found: int | None = await connection.fetchval(BY_NAME, account_id, name)
    return found


async def count(connection: Connection, account_id: int) -> int:
    """How many sets an account has."""
    return int(await connection.fetchval(COUNT, account_id))


async def add(connection: Connection, account_id: int, name: str, networks: Sequence[str], now: datetime) -> int:
    """Add a set; returns its id."""
    return int(await connection.fetchval(ADD, account_id, name, list(networks), now))


async def change(
    connection: Connection, account_id: int, config_id: int, name: str, networks: Sequence[str], now: datetime
) -> bool:
    """Change a set; False when there is none."""
    return await connection.fetchval(CHANGE, account_id, config_id, name, list(networks), now) is not None


async def users(connection: Connection, account_id: int, config_id: int, now: datetime) -> list[Mapping[str, Any]]:
    """Keys that use a set, at most 20: their names, and those of the sub-accounts that they belong to. A row without a key is
    a sub-account whose next keys take it."""
    return await connection.fetch(USERS, account_id, config_id, now)


async def delete(connection: Connection, account_id: int, config_id: int, now: datetime) -> bool:
    """Delete a set that no usable key uses; False when there is none."""
    await connection.execute(LET_GO, account_id, config_id, now)
    await connection.execute(CHOOSE_NONE, account_id, config_id)
    return await connection.fetchval(DELETE, account_id, config_id) is not None


async def seen(connection: Connection, account_id: int) -> list[Mapping[str, Any]]:
    """The sets of an account, and those of its parent that are on its keys (``own`` tells which); new keys take ``put``, or
    begin with it where it is ``own``."""
    return await connection.fetch(SEEN, account_id)


async def put_on_keys(connection: Connection, account_id: int, config_id: int | None) -> None:
    """Put a set on every key of an account, also those switched off, which may be switched on; None takes it off."""
    await connection.execute(PUT_ON_KEYS, account_id, config_id)
