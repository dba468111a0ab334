"""Queries that find sub-accounts of a parent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection

PARENT = """
SELECT a.id, a.sid, a.name, a.country, a.currency, a.time_zone, a.state, a.settings, a.parent_id, w.kind, w.balance,
       w.credit_limit, (SELECT u.email FROM app_user u WHERE u.account_id = a.id ORDER BY u.id LIMIT 1) AS email
FROM account a LEFT JOIN wallet w ON w.account_id = a.id WHERE a.id = $1
"""
COLUMNS = """
SELECT s.account_id, s.parent_id, s.number, s.name, s.email, s.credit_type, s.status, s.channels,
       w.low_at IS NOT NULL AS low_balance_alert, s.created_at, s.deleted_at, s.invite_until, a.sid, a.country,
       a.currency, a.time_zone, w.balance, w.margin, w.low_at, w.alert_emails, w.month_limit, w.day_cap,
       CASE WHEN w.month = date_trunc('month', $2::timestamptz AT TIME ZONE a.time_zone)::date THEN w.month_spent ELSE 0 END
           AS month_usage,
       key.hint AS key_hint, coalesce(put.name, key.ip_config_name) AS ip_config_name
FROM subaccount s JOIN account a ON a.id = s.account_id JOIN wallet w ON w.account_id = s.account_id
LEFT JOIN ip_config put ON put.id = s.ip_config_id
LEFT JOIN LATERAL (
    SELECT k.hint, c.name AS ip_config_name FROM api_key k LEFT JOIN ip_config c ON c.id = k.ip_config_id
    WHERE k.account_id = s.account_id AND k.active ORDER BY k.id LIMIT 1
) key ON true
"""
ONE = COLUMNS + "WHERE s.parent_id = $1 AND a.sid = $3"
# scope: the account itself
OF_ACCOUNT = COLUMNS + "WHERE s.account_id = $1 AND s.status <> 'deleted'"
BY_EMAIL = COLUMNS + "WHERE s.parent_id = $1 AND lower(s.email) = lower($3) AND s.status <> 'deleted'"
PAGE_WHERE = """
WHERE s.parent_id = $1 AND (CASE WHEN $3::text IS NULL THEN s.status <> 'deleted' ELSE s.status = $3 END)
  AND ($4::text IS NULL OR strpos(lower(s.name), lower($4)) > 0)
"""
PAGE = COLUMNS + PAGE_WHERE + "ORDER BY s.number LIMIT $5 OFFSET $6"
LOCK_PARENT = "SELECT id FROM account WHERE id = $1 FOR UPDATE"
LOCK_ONE = """
SELECT s.account_id, s.status, s.credit_type, s.name, s.channels, s.invite_hash IS NOT NULL AS was_invited
FROM subaccount s JOIN account a ON a.id = s.account_id
WHERE s.parent_id = $1 AND a.sid = $2 FOR UPDATE OF s
"""
# scope: the account here is the parent
NEXT_NUMBER = "SELECT coalesce(max(number), 0) + 1 FROM subaccount WHERE parent_id = $1"
# scope: the account here is the parent
COUNT = "SELECT count(*) FROM subaccount WHERE parent_id = $1 AND status <> 'deleted'"
# scope: the account here is the parent
EVER = "SELECT EXISTS (SELECT 1 FROM subaccount WHERE parent_id = $1)"
NAME_TAKEN = """
SELECT EXISTS (SELECT 1 FROM subaccount WHERE parent_id = $1 AND lower(name) = lower($2) AND status <> 'deleted'
               AND account_id IS DISTINCT FROM $3)
"""
# scope: an address is unique on the whole installation
EMAIL_TAKEN = "SELECT EXISTS (SELECT 1 FROM app_user WHERE lower(email) = lower($1))"
PARENT_ID = "SELECT parent_id FROM subaccount WHERE account_id = $1"


async def parent(connection: Connection, account_id: int) -> Mapping[str, Any] | None:
    """An account as a parent, with its wallet and its owner's address."""
    return await connection.fetchrow(PARENT, account_id)


async def one(connection: Connection, parent_id: int, sid: str, now: datetime) -> Mapping[str, Any] | None:
    """A sub-account by its SID."""
    return await connection.fetchrow(ONE, parent_id, now, sid)


async def of_account(connection: Connection, account_id: int, now: datetime) -> Mapping[str, Any] | None:
    """The sub-account that an account is; None when it is none."""
    return await connection.fetchrow(OF_ACCOUNT, account_id, now)


async def by_email(connection: Connection, parent_id: int, email: str, now: datetime) -> Mapping[str, Any] | None:
    """A sub-account by its e-mail address."""
    return await connection.fetchrow(BY_EMAIL, parent_id, now, email)


async def page(
    connection: Connection,
    parent_id: int,
    now: datetime,
    status: str | None,
    search: str | None,
    limit: int,
    offset: int,
) -> list[Mapping[str, Any]]:
    """Sub-accounts of a parent in the order of their numbers; deleted ones only when asked for."""
    return await connection.fetch(PAGE, parent_id, now, status, search, limit, offset)


async def lock_parent(connection: Connection, parent_id: int) -> None:
    """Make parallel acts on a parent's sub-accounts wait."""
    await connection.execute(LOCK_PARENT, parent_id)


async def lock_one(connection: Connection, parent_id: int, sid: str) -> Mapping[str, Any] | None:
    """Lock a sub-account."""
    return await connection.fetchrow(LOCK_ONE, parent_id, sid)


async def next_number(connection: Connection, parent_id: int) -> int:
    """The number of the next sub-account; numbers of deleted ones are not used again."""
    return int(await connection.fetchval(NEXT_NUMBER, parent_id))


async def count(connection: Connection, parent_id: int) -> int:
    """How many sub-accounts there are."""
    return int(await connection.fetchval(COUNT, parent_id))


async def ever(connection: Connection, parent_id: int) -> bool:
    """Whether there is or was any sub-account."""
    return bool(await connection.fetchval(EVER, parent_id))


async def name_taken(connection: Connection, parent_id: int, name: str, besides: int | None = None) -> bool:
    """Whether another sub-account has the name."""
    return bool(await connection.fetchval(NAME_TAKEN, parent_id, name, besides))


async def email_taken(connection: Connection, email: str) -> bool:
    """Whether a user of the installation has the address."""
    return bool(await connection.fetchval(EMAIL_TAKEN, email))


async def parent_id(connection: Connection, account_id: int) -> int:
    """The parent of a sub-account."""
    return int(await connection.fetchval(PARENT_ID, account_id))
