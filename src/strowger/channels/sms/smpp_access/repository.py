"""Queries of SMPP access: users of an account, binds of all processes, the queue of what is to be delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.channels.sms.smpp_access.models import SmppUser
from strowger.foundation.database import Connection, columns
from strowger.foundation.notify import notify, notify_by

# scope: a bind names no account; the system_id is unique over all of them
FIND = """
SELECT u.id, u.account_id, u.system_id, u.password_hash, u.active, u.networks, u.max_binds, u.window_size, u.tps,
       a.state, a.country
FROM smpp_user u JOIN account a ON a.id = u.account_id WHERE u.system_id = $1
"""
# scope: the users of the binds that this process holds
LOAD = """
SELECT u.id, u.account_id, u.system_id, u.password_hash, u.active, u.networks, u.max_binds, u.window_size, u.tps,
       a.state, a.country
FROM smpp_user u JOIN account a ON a.id = u.account_id WHERE u.id = ANY($1::bigint[])
"""
LOCK_USER = "SELECT id FROM smpp_user WHERE account_id = $1 AND id = $2 FOR UPDATE"
COUNT_BINDS = """
SELECT count(*) FROM smpp_bind WHERE account_id = $1 AND user_id = $2 AND worker_id = ANY($3::integer[])
"""
ADD_BIND = """
INSERT INTO smpp_bind (account_id, user_id, worker_id, mode, address, tls, since)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""
NOTE_BIND = "UPDATE smpp_user SET last_bound_at = $3, last_address = $4 WHERE account_id = $1 AND id = $2"
# scope: a process's own binds
REMOVE_BINDS = "DELETE FROM smpp_bind WHERE id = ANY($1::bigint[])"
# scope: a process's own binds
TELL_BINDS = """
UPDATE smpp_bind b SET counters = t.counters::jsonb
FROM unnest($1::bigint[], $2::text[]) AS t(id, counters) WHERE b.id = t.id
"""
# scope: upkeep of the whole installation
REMOVE_DEAD_BINDS = "DELETE FROM smpp_bind WHERE NOT worker_id = ANY($1::integer[])"
BINDS = """
SELECT b.id, b.user_id, b.mode, b.address, b.tls, b.since, b.counters FROM smpp_bind b
WHERE b.account_id = $1 AND b.worker_id = ANY($2::integer[]) ORDER BY b.user_id, b.id
"""
WAITING = """
SELECT u.id AS user_id, q.depth, q.oldest FROM smpp_user u CROSS JOIN LATERAL (
    SELECT count(*) AS depth, min(expires_at) AS oldest FROM (
        SELECT d.expires_at FROM smpp_delivery d WHERE d.account_id = $1 AND d.user_id = u.id ORDER BY d.id LIMIT $2
    ) AS counted
) AS q WHERE u.account_id = $1
"""
# scope: clients that hold a receiver bind of this process, each with its own rows only
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT d.id FROM unnest($1::bigint[], $2::integer[]) AS t(user_id, room) CROSS JOIN LATERAL (
        SELECT s.id FROM smpp_delivery s
        WHERE s.user_id = t.user_id AND s.claimed_by IS NULL AND s.due_at <= $3 AND s.expires_at > $3
        ORDER BY s.id LIMIT t.room FOR UPDATE SKIP LOCKED
    ) AS d
)
UPDATE smpp_delivery s SET claimed_by = $4 FROM due WHERE s.id = due.id
RETURNING s.id, s.account_id, s.user_id, s.kind, s.request_id, s.n, s.payload, s.attempts
"""
# scope: rows that this process has delivered
DONE = "DELETE FROM smpp_delivery WHERE id = ANY($1::bigint[])"
# scope: rows that this process holds
RELEASE = "UPDATE smpp_delivery SET claimed_by = NULL WHERE id = ANY($1::bigint[]) AND claimed_by = $2"
# scope: rows that this process holds
POSTPONE = """
UPDATE smpp_delivery d SET claimed_by = NULL, attempts = least(d.attempts + 1, 30000), due_at = t.due_at
FROM unnest($1::bigint[], $2::timestamptz[]) AS t(id, due_at) WHERE d.id = t.id AND d.claimed_by = $3
"""
# scope: upkeep of the whole installation
RELEASE_DEAD = (
    "UPDATE smpp_delivery SET claimed_by = NULL WHERE claimed_by IS NOT NULL AND NOT claimed_by = ANY($1::integer[])"
)
# scope: upkeep of the whole installation
PURGE = """
DELETE FROM smpp_delivery WHERE id IN (SELECT id FROM smpp_delivery WHERE expires_at <= $1 ORDER BY id LIMIT $2)
"""
FORGET_DELIVERIES = "DELETE FROM smpp_delivery WHERE account_id = $1 AND user_id = $2"
STATES = """
SELECT m.account_id, m.request_id, m.n, m.status, m.trace, m.final_at FROM message m
JOIN unnest($1::bigint[], $2::uuid[], $3::smallint[]) AS t(account_id, request_id, n)
  ON m.account_id = t.account_id AND m.request_id = t.request_id AND m.n = t.n
WHERE m.direction = 0 AND m.request_id BETWEEN $4 AND $5
"""
SET_SYNC_CHECKS = """
UPDATE account SET settings = settings || jsonb_build_object('smpp_sync_checks', $2::boolean) WHERE id = $1
"""
SYNC_CHECKS = "SELECT coalesce((settings ->> 'smpp_sync_checks')::boolean, false) FROM account WHERE id = $1"
MessageKey = tuple[int, UUID, int]


async def find_user(connection: Connection, system_id: str) -> Any | None:
    """What a bind needs to know of a system_id: user and account."""
    return await connection.fetchrow(FIND, system_id)


async def load_users(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """The same of users by id; those removed are missing."""
    return await connection.fetch(LOAD, list(ids))


async def add_bind(
    connection: Connection,
    account_id: int,
    user_id: int,
    limit: int,
    live: Sequence[int],
    worker_id: int,
    mode: str,
    address: str,
    tls: bool,
    now: datetime,
) -> int | None:
    """Register a bind, in the caller's transaction; None when the user has ``limit`` of them over all processes."""
    if await connection.fetchval(LOCK_USER, account_id, user_id) is None:
        return None
    if await connection.fetchval(COUNT_BINDS, account_id, user_id, list(live)) >= limit:
        return None
    await connection.execute(NOTE_BIND, account_id, user_id, now, address)
    made: int = await connection.fetchval(ADD_BIND, account_id, user_id, worker_id, mode, address, tls, now)
    return made


async def remove_binds(connection: Connection, ids: Sequence[int]) -> None:
    """Binds of this process have ended."""
    await connection.execute(REMOVE_BINDS, list(ids))


async def tell_binds(connection: Connection, counters: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Write the figures of binds, for people to see."""
    rows = [(bind_id, msgspec.json.encode(figures).decode()) for bind_id, figures in counters]
    await connection.execute(TELL_BINDS, *columns(rows, 2))


async def binds(connection: Connection, account_id: int, live: Sequence[int]) -> list[Any]:
    """The binds of an account that stand in living processes."""
    return await connection.fetch(BINDS, account_id, list(live))


async def waiting(connection: Connection, account_id: int, limit: int) -> dict[int, tuple[int, datetime | None]]:
    """Per user how many deliveries wait (counted up to ``limit``) and when the oldest is given up."""
    rows = await connection.fetch(WAITING, account_id, limit)
    return {row["user_id"]: (row["depth"], row["oldest"]) for row in rows}


async def claim(connection: Connection, rooms: Sequence[tuple[int, int]], worker_id: int, now: datetime) -> list[Any]:
    """Claim due deliveries for users: (user, at most), oldest first."""
    rows = await connection.fetch(CLAIM, *columns(list(rooms), 2), now, worker_id)
    return sorted(rows, key=lambda row: row["id"])


async def settle(
    connection: Connection,
    worker_id: int,
    done: Sequence[int],
    released: Sequence[int],
    postponed: Sequence[tuple[int, datetime]],
) -> None:
    """Delete what was delivered; give back what was not, at once or for later."""
    if done:
        await connection.execute(DONE, list(done))
    if released:
        await connection.execute(RELEASE, list(released), worker_id)
    if postponed:
        await connection.execute(POSTPONE, *columns(list(postponed), 2), worker_id)


async def tidy_dead(connection: Connection, live: Sequence[int]) -> int:
    """Remove binds and claims of dead processes; returns how many deliveries were freed."""
    await connection.execute(REMOVE_DEAD_BINDS, list(live))
    return int((await connection.execute(RELEASE_DEAD, list(live))).rsplit(" ", 1)[-1])


async def purge(connection: Connection, now: datetime, limit: int) -> int:
    """Give up deliveries past their time; returns how many."""
    return int((await connection.execute(PURGE, now, limit)).rsplit(" ", 1)[-1])


async def message_states(connection: Connection, keys: Sequence[MessageKey]) -> dict[MessageKey, Any]:
    """Status, trace and end of messages by (account_id, request, n); those of other accounts are missing."""
    requests = [key[1] for key in keys]
    rows = await connection.fetch(STATES, *columns(list(keys), 3), min(requests), max(requests))
    return {(row["account_id"], row["request_id"], row["n"]): row for row in rows}


async def sync_checks(connection: Connection, account_id: int) -> bool:
    """Whether the account wants compliance failures answered at submit."""
    return bool(await connection.fetchval(SYNC_CHECKS, account_id))


async def set_sync_checks(connection: Connection, account_id: int, wanted: bool) -> None:
    """Switch that, and tell the processes."""
    await connection.execute(SET_SYNC_CHECKS, account_id, wanted)
    await notify(connection, "accounts", str(account_id))


async def list_users(session: AsyncSession, account_id: int) -> Sequence[SmppUser]:
    """The account's users, by system_id."""
    found = await session.scalars(
        select(SmppUser).where(SmppUser.account_id == account_id).order_by(SmppUser.system_id)
    )
    return found.all()


async def get_user(session: AsyncSession, account_id: int, *which: ColumnElement[bool]) -> SmppUser | None:
    """One user of the account; None when there is none."""
    return await session.scalar(select(SmppUser).where(SmppUser.account_id == account_id, *which))


async def remove_user(session: AsyncSession, account_id: int, user_id: int) -> None:
    """Delete a user with what waits for it."""
    connection = await session.connection()
    await connection.exec_driver_sql(FORGET_DELIVERIES, (account_id, user_id))
    await session.execute(delete(SmppUser).where(SmppUser.account_id == account_id, SmppUser.id == user_id))


async def tell_changed(session: AsyncSession, user_id: int) -> None:
    """Processes that hold binds of this user look at it again, once the change is committed."""
    await notify_by(session, "smpp_user", str(user_id))
