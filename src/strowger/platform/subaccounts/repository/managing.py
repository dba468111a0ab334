"""Queries that make and change sub-accounts, and their record of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from strowger.foundation.database import Connection
from strowger.platform.billing.repository.recharging import save_low_balance
from strowger.platform.numbers import repository as numbers

MOST_SHARES = 10_000
ADD_ACCOUNT = """
INSERT INTO account (sid, name, country, currency, time_zone, state, settings, parent_id, created_at)
VALUES ($1, $2, $3, $4, $5, 'active', $6, $7, $8) RETURNING id
"""
ADD_USER = "INSERT INTO app_user (account_id, email, name, role, password_hash) VALUES ($1, $2, $3, 'owner', '!')"
ADD_KEY = """
INSERT INTO api_key (account_id, name, key_hash, key_sealed, hint, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD = """
INSERT INTO subaccount (account_id, parent_id, number, name, email, credit_type, status, channels, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
SET_MONTH_LIMIT = "UPDATE wallet SET month_limit = $2, told = array_remove(told, 'month100') WHERE account_id = $1"
SET_MARGIN = "UPDATE wallet SET margin = $2 WHERE account_id = $1"
SET_DAY_CAP = "UPDATE wallet SET day_cap = $2, told = '{}' WHERE account_id = $1"
SET_IP_CONFIG = "UPDATE subaccount SET ip_config_id = $2 WHERE account_id = $1"
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
STOP_KEYS = "UPDATE api_key SET active = false, ip_config_id = NULL WHERE account_id = $1"
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
    await save_low_balance(connection, account_id, limit, emails)


async def set_ip_config(connection: Connection, account_id: int, config_id: int | None) -> None:
    """Set the IP configuration that keys made later take."""
    await connection.execute(SET_IP_CONFIG, account_id, config_id)


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
    """End keys, users and shares of an account, and give its numbers and senders to its parent."""
    await connection.execute(STOP_KEYS, account_id)
    await set_ip_config(connection, account_id, None)
    await connection.execute(STOP_USERS, account_id)
    for msisdn in await numbers.shares(connection, account_id, MOST_SHARES):
        await numbers.unshare(connection, account_id, msisdn)
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
