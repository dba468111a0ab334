"""Queries of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"
# A number's owner; else the one account on which it is an approved sender, so that replies to a sender find home.
OWNERS = """
SELECT msisdn, account_id FROM number WHERE msisdn = ANY($1::text[])
UNION ALL
SELECT sender, min(account_id) FROM sender s
WHERE sender = ANY($1::text[]) AND status = 'Approved' AND NOT EXISTS (SELECT FROM number n WHERE n.msisdn = s.sender)
GROUP BY sender HAVING count(DISTINCT account_id) = 1
"""
ADD = """
INSERT INTO number (account_id, msisdn, label, callback) VALUES ($1, $2, $3, $4) ON CONFLICT (msisdn) DO NOTHING RETURNING id
"""
LIST = "SELECT id, msisdn, label, callback, smpp_user_id, created_at FROM number WHERE account_id = $1 ORDER BY msisdn LIMIT $2"
CHANGE = "UPDATE number SET label = $3, callback = $4, smpp_user_id = $5 WHERE account_id = $1 AND msisdn = $2"
REMOVE = "DELETE FROM number WHERE account_id = $1 AND msisdn = $2"
# scope: a number has one owner, who is found by it
CALLBACKS = "SELECT msisdn, callback FROM number WHERE msisdn = ANY($1::text[]) AND callback IS NOT NULL"
# scope: a number has one owner, who is found by it; the client is one of that owner's
SMPP_USERS = """
SELECT n.msisdn, u.id FROM number n JOIN smpp_user u ON u.id = n.smpp_user_id AND u.account_id = n.account_id
WHERE n.msisdn = ANY($1::text[])
"""


async def owner_of(connection: Connection, destinations: set[str]) -> dict[str, int]:
    """The account that owns each destination of incoming messages; those of nobody are missing."""
    rows = await connection.fetch(OWNERS, sorted(destinations))
    return {row["msisdn"]: row["account_id"] for row in rows}


async def callbacks_of(connection: Connection, destinations: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Where incoming messages to each destination are reported (Target.to_json); those without are missing."""
    return {row["msisdn"]: row["callback"] for row in await connection.fetch(CALLBACKS, sorted(set(destinations)))}


async def smpp_users_of(connection: Connection, destinations: Iterable[str]) -> dict[str, int]:
    """The SMPP client to which incoming messages of each destination are delivered; those without are missing."""
    return {row["msisdn"]: row["id"] for row in await connection.fetch(SMPP_USERS, sorted(set(destinations)))}


async def add_number(
    connection: Connection, account_id: int, msisdn: str, label: str, callback: dict[str, Any] | None
) -> int | None:
    """Give a number to an account; None when somebody has it already."""
    made: int | None = await connection.fetchval(ADD, account_id, msisdn, label, callback)
    return made


async def numbers(connection: Connection, account_id: int, limit: int) -> list[asyncpg.Record]:
    """The numbers of an account."""
    return await connection.fetch(LIST, account_id, limit)


async def remove_number(connection: Connection, account_id: int, msisdn: str) -> bool:
    """Take a number from its account; False when it was not the account's."""
    return str(await connection.execute(REMOVE, account_id, msisdn)) != "DELETE 0"


async def change_number(
    connection: Connection,
    account_id: int,
    msisdn: str,
    label: str,
    callback: dict[str, Any] | None,
    smpp_user_id: int | None,
) -> None:
    """Change a number of an account."""
    await connection.execute(CHANGE, account_id, msisdn, label, callback, smpp_user_id)
