"""Queries of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from strowger.foundation.database import Connection
from strowger.foundation.notify import notify

# A number's owner; else the one account on which it is an approved sender, so that replies to a sender find home.
OWNERS = """
SELECT msisdn, account_id, shared FROM number WHERE msisdn = ANY($1::text[])
UNION ALL
SELECT sender, min(account_id), false FROM sender s
WHERE sender = ANY($1::text[]) AND status = 'Approved' AND NOT EXISTS (SELECT FROM number n WHERE n.msisdn = s.sender)
GROUP BY sender HAVING count(DISTINCT account_id) = 1
"""
ADD = """
INSERT INTO number (account_id, msisdn, label, callback) VALUES ($1, $2, $3, $4) ON CONFLICT (msisdn) DO NOTHING RETURNING id
"""
LIST = """
SELECT id, msisdn, label, callback, smpp_user_id, created_at, shared FROM number WHERE account_id = $1
ORDER BY msisdn LIMIT $2
"""
SHARES = "SELECT msisdn FROM number_share WHERE account_id = $1 ORDER BY msisdn LIMIT $2"
# scope: the operator's command, which names the number
SHARE = """
WITH one AS (UPDATE number SET shared = true WHERE msisdn = $2 AND account_id <> $1 RETURNING id, msisdn)
INSERT INTO number_share (account_id, number_id, msisdn, created_at) SELECT $1, id, msisdn, $3 FROM one
ON CONFLICT DO NOTHING RETURNING number_id
"""
# scope: the same
HAS_DEFAULT = "SELECT EXISTS (SELECT FROM receive_configuration WHERE msisdn = $1 AND folded = '')"
# scope: the same; the keywords of the account end with its share
UNSHARE = """
WITH gone AS (DELETE FROM number_share WHERE account_id = $1 AND msisdn = $2 RETURNING number_id),
keywords AS (DELETE FROM receive_configuration c USING gone g WHERE c.account_id = $1 AND c.number_id = g.number_id)
SELECT number_id FROM gone
"""
# scope: the same
STILL_SHARED = (
    "UPDATE number n SET shared = EXISTS (SELECT FROM number_share s WHERE s.number_id = n.id) WHERE n.id = $1"
)
CHANGE = "UPDATE number SET label = $3, callback = $4, smpp_user_id = $5 WHERE account_id = $1 AND msisdn = $2"
# scope: a number has one owner, who is found by it
CALLBACKS = """
SELECT account_id, msisdn, callback FROM number WHERE msisdn = ANY($1::text[]) AND callback IS NOT NULL
"""
# scope: a number has one owner, who is found by it; the client is one of that owner's
SMPP_USERS = """
SELECT n.account_id, n.msisdn, u.id FROM number n JOIN smpp_user u ON u.id = n.smpp_user_id AND u.account_id = n.account_id
WHERE n.msisdn = ANY($1::text[])
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a number is; ``shared``: others receive on it by keyword."""

    account_id: int
    shared: bool


async def owner_of(connection: Connection, destinations: set[str]) -> dict[str, int]:
    """The account that owns each destination of incoming messages; those of nobody are missing."""
    return {msisdn: owner.account_id for msisdn, owner in (await owners_of(connection, destinations)).items()}


async def owners_of(connection: Connection, destinations: set[str]) -> dict[str, Owner]:
    """The same, with what is shared."""
    rows = await connection.fetch(OWNERS, sorted(destinations))
    return {row["msisdn"]: Owner(row["account_id"], row["shared"]) for row in rows}


async def callbacks_of(connection: Connection, destinations: Iterable[str]) -> dict[tuple[int, str], dict[str, Any]]:
    """Where incoming messages to each destination are reported (Target.to_json), by holder and number; missing: nowhere."""
    rows = await connection.fetch(CALLBACKS, sorted(set(destinations)))
    return {(row["account_id"], row["msisdn"]): row["callback"] for row in rows}


async def smpp_users_of(connection: Connection, destinations: Iterable[str]) -> dict[tuple[int, str], int]:
    """The SMPP client to which incoming messages are delivered, by holder and number; those without are missing."""
    rows = await connection.fetch(SMPP_USERS, sorted(set(destinations)))
    return {(row["account_id"], row["msisdn"]): row["id"] for row in rows}


async def add_number(
    connection: Connection, account_id: int, msisdn: str, label: str, callback: dict[str, Any] | None
) -> int | None:
    """Give a number to an account; None when somebody has it already."""
    made: int | None = await connection.fetchval(ADD, account_id, msisdn, label, callback)
    return made


async def numbers(connection: Connection, account_id: int, limit: int) -> list[asyncpg.Record]:
    """The numbers of an account."""
    return await connection.fetch(LIST, account_id, limit)


async def shares(connection: Connection, account_id: int, limit: int) -> list[str]:
    """The numbers of others on which an account may receive by keyword."""
    return [row["msisdn"] for row in await connection.fetch(SHARES, account_id, limit)]


async def has_default(connection: Connection, msisdn: str) -> bool:
    """Whether a number has a default configuration."""
    return bool(await connection.fetchval(HAS_DEFAULT, msisdn))


async def share(connection: Connection, account_id: int, msisdn: str, now: datetime) -> bool:
    """Let an account receive on a number of another one; False when there is no such number, or it may already."""
    done = await connection.fetchval(SHARE, account_id, msisdn, now) is not None
    await notify(connection, "accounts", str(account_id))
    return done


async def unshare(connection: Connection, account_id: int, msisdn: str) -> bool:
    """Take that back, with the account's keywords on the number; False when it was not so."""
    number_id = await connection.fetchval(UNSHARE, account_id, msisdn)
    if number_id is not None:
        await connection.execute(STILL_SHARED, number_id)
        await notify(connection, "accounts", str(account_id))
    return number_id is not None


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
