"""Queries of sub-accounts: always below one parent, or by the sub-account that is asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import ColumnElement, Select, String, case, cast, func, select

from strowger.console.sql_source import contains
from strowger.foundation.database import Database
from strowger.platform.accounts.models import Account
from strowger.platform.billing.models import LedgerEntry, UsageDay, Wallet
from strowger.platform.subaccounts.models import Subaccount

Connection: TypeAlias = "asyncpg.Connection[Any]"
SUB, ACCOUNT, WALLET = Subaccount.__table__.c, Account.__table__.c, Wallet.__table__.c
ENTRY, USAGE = LedgerEntry.__table__.c, UsageDay.__table__.c
PARENT = """
SELECT a.id, a.sid, a.name, a.country, a.currency, a.time_zone, a.state, a.settings, a.parent_id, w.kind, w.balance,
       w.credit_limit, (SELECT u.email FROM app_user u WHERE u.account_id = a.id ORDER BY u.id LIMIT 1) AS email
FROM account a LEFT JOIN wallet w ON w.account_id = a.id WHERE a.id = $1
"""
COLUMNS = """
SELECT s.account_id, s.parent_id, s.number, s.name, s.email, s.credit_type, s.status, s.channels, s.low_balance_alert, s.created_at,
       s.deleted_at, s.invite_until, a.sid, a.country, a.currency, a.time_zone, w.balance, w.margin, w.low_at, w.alert_emails,
       w.month_limit, w.day_cap,
       CASE WHEN w.month = date_trunc('month', $2::timestamptz AT TIME ZONE a.time_zone)::date THEN w.month_spent ELSE 0 END
           AS month_usage,
       (SELECT k.hint FROM api_key k WHERE k.account_id = s.account_id AND k.active ORDER BY k.id LIMIT 1) AS key_hint
FROM subaccount s JOIN account a ON a.id = s.account_id JOIN wallet w ON w.account_id = s.account_id
"""
ONE = COLUMNS + "WHERE s.parent_id = $1 AND a.sid = $3"
BY_EMAIL = COLUMNS + "WHERE s.parent_id = $1 AND lower(s.email) = lower($3) AND s.status <> 'deleted'"
PAGE_WHERE = """
WHERE s.parent_id = $1 AND (CASE WHEN $3::text IS NULL THEN s.status <> 'deleted' ELSE s.status = $3 END)
  AND ($4::text IS NULL OR strpos(lower(s.name), lower($4)) > 0)
"""
PAGE = COLUMNS + PAGE_WHERE + "ORDER BY s.number LIMIT $5 OFFSET $6"
LOCK_PARENT = "SELECT id FROM account WHERE id = $1 FOR UPDATE"
LOCK_ONE = """
SELECT s.account_id, s.status, s.credit_type, s.name, s.channels FROM subaccount s JOIN account a ON a.id = s.account_id
WHERE s.parent_id = $1 AND a.sid = $2 FOR UPDATE OF s
"""
# scope: the account here is the parent
NEXT_NUMBER = "SELECT coalesce(max(number), 0) + 1 FROM subaccount WHERE parent_id = $1"
# scope: the account here is the parent
COUNT = "SELECT count(*) FROM subaccount WHERE parent_id = $1 AND status <> 'deleted'"
NAME_TAKEN = """
SELECT EXISTS (SELECT 1 FROM subaccount WHERE parent_id = $1 AND lower(name) = lower($2) AND status <> 'deleted'
               AND account_id IS DISTINCT FROM $3)
"""
# scope: an address is unique on the whole installation
EMAIL_TAKEN = "SELECT EXISTS (SELECT 1 FROM app_user WHERE lower(email) = lower($1))"
ADD_ACCOUNT = """
INSERT INTO account (sid, name, country, currency, time_zone, state, settings, parent_id, created_at)
VALUES ($1, $2, $3, $4, $5, 'active', $6, $7, $8) RETURNING id
"""
ADD_USER = "INSERT INTO app_user (account_id, email, name, role, password_hash) VALUES ($1, $2, $3, 'owner', '!')"
ADD_KEY = """
INSERT INTO api_key (account_id, name, key_hash, key_sealed, hint, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD = """
INSERT INTO subaccount (account_id, parent_id, number, name, email, credit_type, status, channels, low_balance_alert, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
SET_WALLET = "UPDATE wallet SET low_at = $2, alert_emails = $3, told = array_remove(told, 'low') WHERE account_id = $1"
SET_MONTH_LIMIT = "UPDATE wallet SET month_limit = $2, told = array_remove(told, 'month100') WHERE account_id = $1"
SET_MARGIN = "UPDATE wallet SET margin = $2 WHERE account_id = $1"
SET_DAY_CAP = "UPDATE wallet SET day_cap = $2, told = '{}' WHERE account_id = $1"
SET_ALERT = "UPDATE subaccount SET low_balance_alert = $2 WHERE account_id = $1"
RENAME = """
WITH sub AS (UPDATE subaccount SET name = $2 WHERE account_id = $1) UPDATE account SET name = $2 WHERE id = $1
"""
SET_STATUS = """
WITH sub AS (
    UPDATE subaccount SET status = $2, deleted_at = $4 WHERE account_id = $1 RETURNING account_id
)
UPDATE account SET state = $3 WHERE id IN (SELECT account_id FROM sub)
"""
SET_CHANNELS = """
WITH sub AS (UPDATE subaccount SET channels = $2 WHERE account_id = $1)
UPDATE account SET settings = settings || jsonb_build_object('channels', $2::jsonb) WHERE id = $1
"""
END_SESSIONS = "DELETE FROM user_session WHERE user_id IN (SELECT id FROM app_user WHERE account_id = $1)"
STOP_KEYS = "UPDATE api_key SET active = false WHERE account_id = $1"
STOP_USERS = "UPDATE app_user SET password_hash = '!' WHERE account_id = $1"
RETURN_NUMBERS = "UPDATE number SET account_id = $2 WHERE account_id = $1"
RETURN_SENDERS = """
UPDATE sender s SET account_id = $2, is_default = false WHERE s.account_id = $1 AND NOT EXISTS (
    SELECT 1 FROM sender o WHERE o.account_id = $2 AND o.sender = s.sender AND o.iso_code IS NOT DISTINCT FROM s.iso_code
)
"""
ADD_EVENT = """
INSERT INTO subaccount_event (parent_id, account_id, at, act, by_user, ip, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
EVENTS = """
SELECT at, act, by_user, ip, detail FROM subaccount_event WHERE parent_id = $1 AND account_id = $2 ORDER BY id DESC LIMIT $3
"""
INVITE = "UPDATE subaccount SET invite_hash = $2, invite_until = $3 WHERE account_id = $1"
# scope: before sign-in; whoever has the link's token is the invited one
FIND_INVITE = """
SELECT s.account_id, s.parent_id, s.name, s.email FROM subaccount s
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
USED_BY_DAY = """
SELECT u.day, sum(u.amount) AS amount FROM usage_day u JOIN subaccount s ON s.account_id = u.account_id
WHERE s.parent_id = $1 AND u.day BETWEEN $2 AND $3 GROUP BY u.day
"""
PARENT_ID = "SELECT parent_id FROM subaccount WHERE account_id = $1"
STOP_ACTING = "DELETE FROM acting_session WHERE token_hash = $1 RETURNING account_id"
ACTING = """
SELECT a.id, a.sid, a.name, a.country, a.currency, a.time_zone, a.state FROM acting_session t
JOIN account a ON a.id = t.account_id WHERE t.token_hash = $1 AND a.parent_id = $2 AND a.state IN ('active', 'trial', 'suspended')
"""


async def parent(connection: Connection, account_id: int) -> Mapping[str, Any] | None:
    """An account as a parent, with its wallet and its owner's address."""
    return await connection.fetchrow(PARENT, account_id)


async def one(connection: Connection, parent_id: int, sid: str, now: datetime) -> Mapping[str, Any] | None:
    """A sub-account by its SID."""
    return await connection.fetchrow(ONE, parent_id, now, sid)


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


async def name_taken(connection: Connection, parent_id: int, name: str, besides: int | None = None) -> bool:
    """Whether another sub-account has the name."""
    return bool(await connection.fetchval(NAME_TAKEN, parent_id, name, besides))


async def email_taken(connection: Connection, email: str) -> bool:
    """Whether a user of the installation has the address."""
    return bool(await connection.fetchval(EMAIL_TAKEN, email))


async def add_account(connection: Connection, *values: Any) -> int:
    """Add the account: sid, name, country, currency, time zone, settings, parent, now. Returns its number."""
    return int(await connection.fetchval(ADD_ACCOUNT, *values))


async def add_user(connection: Connection, account_id: int, email: str, name: str) -> None:
    """Add the owner, who has no password yet."""
    await connection.execute(ADD_USER, account_id, email, name)


async def add_key(
    connection: Connection, account_id: int, name: str, digest: bytes, sealed: bytes, hint: str, now: datetime
) -> None:
    """Add an API key."""
    await connection.execute(ADD_KEY, account_id, name, digest, sealed, hint, now)


async def add(connection: Connection, *values: Any) -> None:
    """Add the sub-account: the columns of ADD in order."""
    await connection.execute(ADD, *values)


async def set_alert(connection: Connection, account_id: int, limit: Decimal | None, emails: Sequence[str]) -> None:
    """Set (limit None: end) the low-balance alert."""
    await connection.execute(SET_WALLET, account_id, limit, list(emails))
    await connection.execute(SET_ALERT, account_id, limit is not None)


async def set_month_limit(connection: Connection, account_id: int, limit: int | None) -> None:
    """Set what a shared account may use in a month."""
    await connection.execute(SET_MONTH_LIMIT, account_id, None if limit is None else Decimal(limit))


async def set_margin(connection: Connection, account_id: int, margin: Decimal) -> None:
    """Set the percentage on top of the parent's prices."""
    await connection.execute(SET_MARGIN, account_id, margin)


async def set_day_cap(connection: Connection, account_id: int, cap: Decimal | None) -> None:
    """Set what may be spent in a day."""
    await connection.execute(SET_DAY_CAP, account_id, cap)


async def rename(connection: Connection, account_id: int, name: str) -> None:
    """Give another name."""
    await connection.execute(RENAME, account_id, name)


async def set_status(
    connection: Connection, account_id: int, status: str, state: str, deleted_at: datetime | None = None
) -> None:
    """Set the sub-account's status and its account's state."""
    await connection.execute(SET_STATUS, account_id, status, state, deleted_at)


async def set_channels(connection: Connection, account_id: int, channels: Sequence[str]) -> None:
    """Set the services."""
    await connection.execute(SET_CHANNELS, account_id, list(channels))


async def end_sessions(connection: Connection, account_id: int) -> None:
    """Sign everybody of an account out."""
    await connection.execute(END_SESSIONS, account_id)


async def wind_up(connection: Connection, account_id: int, parent_id: int) -> None:
    """End keys and users of an account, and give its numbers and senders to its parent."""
    await connection.execute(STOP_KEYS, account_id)
    await connection.execute(STOP_USERS, account_id)
    await connection.execute(RETURN_NUMBERS, account_id, parent_id)
    await connection.execute(RETURN_SENDERS, account_id, parent_id)


async def add_event(
    connection: Connection,
    parent_id: int,
    account_id: int,
    at: datetime,
    act: str,
    by: str,
    ip: str | None,
    **detail: Any,
) -> None:
    """Append to the record of what was done to a sub-account."""
    await connection.execute(ADD_EVENT, parent_id, account_id, at, act, by, ip, detail)


async def events(connection: Connection, parent_id: int, account_id: int, limit: int) -> list[Mapping[str, Any]]:
    """What was done to a sub-account, the latest first."""
    return await connection.fetch(EVENTS, parent_id, account_id, limit)


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


async def parent_id(connection: Connection, account_id: int) -> int:
    """The parent of a sub-account."""
    return int(await connection.fetchval(PARENT_ID, account_id))


async def acting(connection: Connection, token_hash: bytes, account_id: int) -> Mapping[str, Any] | None:
    """The sub-account of ``account_id`` in which a session works."""
    return await connection.fetchrow(ACTING, token_hash, account_id)


def list_rows(today: date) -> Select[Any]:
    """Sub-accounts with balance and the month's use, for the parent's list."""
    usage = case((WALLET.month == today.replace(day=1), WALLET.month_spent), else_=0)
    return _joined(
        *(
            SUB[name]
            for name in ("account_id", "parent_id", "number", "name", "email", "channels", "credit_type", "status")
        ),
        SUB.created_at,
        ACCOUNT.sid,
        ACCOUNT.currency,
        case((SUB.credit_type == "shared", usage), else_=WALLET.balance).label("amount"),
        WALLET.month_limit,
        table=Wallet,
    )


def transfer_rows() -> Select[Any]:
    """Credits moved between a parent and its sub-accounts, seen from the sub-account."""
    return _joined(
        ENTRY.id, ENTRY.created_at, ENTRY.amount, ENTRY.reference, ENTRY.by_user, SUB.name, SUB.email, ACCOUNT.currency,
        table=LedgerEntry,
    ).where(ENTRY.contra == "transfers")  # fmt: skip


def usage_rows(first: date, last: date, by_day: bool) -> Select[Any]:
    """Use of sub-accounts by service (and day) between two days, both included."""
    number = func.lpad(cast(SUB.number, String), 9, "0")
    parts = (cast(USAGE.day, String), " ") if by_day else ()
    days = (USAGE.day,) if by_day else ()
    return (
        _joined(
            func.concat(*parts, number, " ", USAGE.service).label("key"),
            SUB.parent_id,
            SUB.name,
            SUB.email,
            USAGE.service,
            *days,
            func.sum(USAGE.amount).label("amount"),
            func.sum(USAGE.messages).label("messages"),
            ACCOUNT.currency,
            table=UsageDay,
        )
        .where(USAGE.day >= first, USAGE.day <= last)
        .group_by(SUB.number, SUB.parent_id, SUB.name, SUB.email, USAGE.service, ACCOUNT.currency, *days)
    )


def wrapped(rows: Any) -> Select[Any]:
    """A select of all columns of a subquery."""
    return select(*rows.c)


async def usage_by_day(database: Database, parent_id: int, first: date, last: date) -> list[Mapping[str, Any]]:
    """What all sub-accounts of a parent used on each day."""
    return await database.pool.fetch(USED_BY_DAY, parent_id, first, last)


def _joined(*wanted: ColumnElement[Any], table: Any) -> Select[Any]:
    """Columns of sub-accounts, of their accounts, and of one more table that names the account."""
    other = table.__table__
    joined = Subaccount.__table__.join(Account.__table__, ACCOUNT.id == SUB.account_id)
    return select(*wanted).select_from(joined.join(other, other.c.account_id == SUB.account_id))


def search_names(text: str) -> ColumnElement[bool]:
    """Sub-accounts whose name or address holds a text."""
    return contains(SUB.name, text) | contains(SUB.email, text)
