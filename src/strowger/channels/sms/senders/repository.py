"""Queries of sender IDs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from strowger.channels.sms.senders.schemas import MadeSender, NewSender
from strowger.channels.sms.uses import senders_used
from strowger.foundation.database import Connection, columns
from strowger.foundation.notify import notify
from strowger.messaging.statuses import Status

COLUMNS = """id, sender, iso_code, purpose, description, status, is_default, created_at, entity_id, sample, reason,
    decided_at, decided_by"""
DEFAULT = """
SELECT sender FROM sender WHERE account_id = $1 AND status = 'Approved' ORDER BY is_default DESC, id LIMIT 1
"""
NAMES = "SELECT DISTINCT sender FROM sender WHERE account_id = $1 AND status <> 'Deleted'"
LIST = f"""
SELECT {COLUMNS} FROM sender WHERE account_id = $1 AND status <> 'Deleted' ORDER BY id LIMIT $2 OFFSET $3
"""  # noqa: S608
ONE = f"SELECT {COLUMNS} FROM sender WHERE account_id = $1 AND id = $2 AND status <> 'Deleted'"  # noqa: S608
ADD = """
INSERT INTO sender (account_id, sender, iso_code, purpose, description, status, is_default, entity_id, sample)
SELECT $1, t.sender, t.iso_code, t.purpose, t.description, t.status, t.is_default, t.entity_id, t.sample
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[], $9::text[])
    WITH ORDINALITY AS t(sender, iso_code, purpose, description, status, is_default, entity_id, sample, i)
WHERE NOT EXISTS (
    SELECT FROM sender s WHERE s.account_id = $1 AND s.sender = t.sender AND s.iso_code IS NOT DISTINCT FROM t.iso_code
        AND s.status <> 'Deleted'
) ORDER BY t.i RETURNING id, sender, iso_code, status
"""
ENTITY = "SELECT settings ->> 'entity_id' FROM account WHERE id = $1"
SET_ENTITY = """
UPDATE account SET settings = CASE WHEN $2::text IS NULL THEN settings - 'entity_id'
    ELSE settings || jsonb_build_object('entity_id', $2::text) END
WHERE id = $1
"""
REGISTERED = """
SELECT sender, iso_code FROM sender WHERE account_id = $1 AND sender = ANY($2::text[]) AND status <> 'Deleted'
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('sender:' || $1::text, 0))"
OWN_NUMBERS = "SELECT msisdn FROM number WHERE account_id = $1 AND msisdn = ANY($2::text[])"
DELETE = """
UPDATE sender SET status = 'Deleted', is_default = false
WHERE account_id = $1 AND sender = ANY($2::text[]) AND status <> 'Deleted' RETURNING sender
"""
# Waiting messages are few and have no other use of the sender's name than to leave under it.
SCHEDULED = f"""
SELECT DISTINCT m.sender FROM submission s JOIN message m USING (account_id, request_id, n)
WHERE s.account_id = $1 AND m.status = {int(Status.SCHEDULED)} AND m.sender = ANY($2::text[])
"""  # noqa: S608
CHANGE = """
UPDATE sender SET description = $3, entity_id = $4, sample = $5, status = $6, reason = $7
WHERE account_id = $1 AND id = $2 AND status <> 'Deleted'
"""
SET_DEFAULT = """
UPDATE sender SET is_default = (id = $2)
WHERE account_id = $1 AND (is_default OR id = $2)
    AND EXISTS (SELECT FROM sender WHERE account_id = $1 AND id = $2 AND status = 'Approved')
RETURNING id
"""
# scope: the operator decides for every account
DECIDE = """
UPDATE sender SET status = $2, reason = $3, decided_at = $4, decided_by = $5
WHERE id = $1 AND status = 'Pending' RETURNING account_id, sender
"""
PENDING = """
SELECT s.id, s.account_id, a.sid, a.name AS account_name, s.sender, s.iso_code, s.purpose, s.description, s.entity_id,
    s.sample, s.created_at
FROM sender s JOIN account a ON a.id = s.account_id WHERE s.status = 'Pending' ORDER BY s.id LIMIT $1
"""


async def default_sender(connection: Connection, account_id: int) -> str | None:
    """The account's default sender, or its first approved one."""
    found: str | None = await connection.fetchval(DEFAULT, account_id)
    return found


async def sender_names(connection: Connection, account_id: int) -> frozenset[str]:
    """The names under which an account may send, whatever their state."""
    return frozenset(row["sender"] for row in await connection.fetch(NAMES, account_id))


async def senders(connection: Connection, account_id: int, limit: int, offset: int = 0) -> list[asyncpg.Record]:
    """The sender IDs of an account, oldest first."""
    return await connection.fetch(LIST, account_id, limit, offset)


async def sender_by_id(connection: Connection, account_id: int, sender_id: int) -> asyncpg.Record | None:
    """One sender ID of an account."""
    return await connection.fetchrow(ONE, account_id, sender_id)


async def own_numbers(connection: Connection, account_id: int, numbers: Sequence[str]) -> set[str]:
    """Which of these numbers belong to the account."""
    return {row["msisdn"] for row in await connection.fetch(OWN_NUMBERS, account_id, list(numbers))}


async def account_entity(connection: Connection, account_id: int) -> str | None:
    """The account's own entity id, used for what names none."""
    entity: str | None = await connection.fetchval(ENTITY, account_id)
    return entity


async def set_account_entity(connection: Connection, account_id: int, entity_id: str | None) -> None:
    """Keep the account's own entity id; None forgets it."""
    await connection.execute(SET_ENTITY, account_id, entity_id)
    await notify(connection, "accounts", str(account_id))


async def registered(connection: Connection, account_id: int, names: Sequence[str]) -> set[tuple[str, str | None]]:
    """For which countries the account has these sender IDs."""
    return {(row["sender"], row["iso_code"]) for row in await connection.fetch(REGISTERED, account_id, list(names))}


async def add_senders(connection: Connection, account_id: int, new: Sequence[NewSender]) -> list[MadeSender]:
    """Add sender IDs in one statement and tell the other processes; those that the account has are left out."""
    rows = [
        (n.sender, n.iso_code, n.purpose, n.description, n.status, n.is_default, n.entity_id, n.sample) for n in new
    ]
    async with connection.transaction():
        await connection.execute(LOCK, str(account_id))
        made = await connection.fetch(ADD, account_id, *columns(rows, 8))
        await notify(connection, "accounts", str(account_id))
    return [MadeSender(*row) for row in made]


async def delete_senders(connection: Connection, account_id: int, names: Sequence[str]) -> set[str]:
    """Mark sender IDs as deleted; returns the names that there were."""
    deleted = {row["sender"] for row in await connection.fetch(DELETE, account_id, list(names))}
    await notify(connection, "accounts", str(account_id))
    return deleted


async def scheduled_senders(connection: Connection, account_id: int, names: Sequence[str]) -> set[str]:
    """Which of these names scheduled messages are to leave under."""
    waiting = {row["sender"] for row in await connection.fetch(SCHEDULED, account_id, list(names))}
    return waiting | await senders_used(connection, account_id, names)


async def change_sender(
    connection: Connection,
    account_id: int,
    sender_id: int,
    description: str,
    entity_id: str | None,
    sample: str | None,
    status: str,
    reason: str | None,
) -> None:
    """Store what may be changed of a sender ID."""
    await connection.execute(CHANGE, account_id, sender_id, description, entity_id, sample, status, reason)
    await notify(connection, "accounts", str(account_id))


async def set_default(connection: Connection, account_id: int, sender_id: int) -> bool:
    """Make an approved sender ID the account's default one; whether that was possible."""
    return bool(await connection.fetch(SET_DEFAULT, account_id, sender_id))


async def decide(
    connection: Connection, sender_id: int, status: str, reason: str | None, now: datetime, by: str
) -> tuple[int, str] | None:
    """Decide about a waiting sender ID of any account; returns account and name, None when it does not wait any more."""
    row = await connection.fetchrow(DECIDE, sender_id, status, reason, now, by)
    if row is None:
        return None
    await notify(connection, "accounts", str(row["account_id"]))
    return row["account_id"], row["sender"]


async def pending(connection: Connection, limit: int) -> list[asyncpg.Record]:
    """The waiting sender IDs of every account, oldest first."""
    return await connection.fetch(PENDING, limit)
