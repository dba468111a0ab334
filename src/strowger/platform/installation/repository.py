"""Queries over all accounts of the installation, for its operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from strowger.foundation.database import Connection
from strowger.platform.accounts.models import Account
from strowger.platform.billing.models import Wallet

ACCOUNT, WALLET = Account.__table__.c, Wallet.__table__.c
ONE = """
SELECT a.*, p.name AS parent_name, w.balance, w.kind, w.credit_limit, w.day_cap, w.month_spent,
    (SELECT count(*) FROM account c WHERE c.parent_id = a.id) AS children,
    (SELECT max(k.last_used_at) FROM api_key k WHERE k.account_id = a.id) AS api_at,
    (SELECT min(k.rate) FROM api_key k WHERE k.account_id = a.id AND k.active) AS rate,
    (SELECT count(*) FROM api_key k WHERE k.account_id = a.id AND k.active) AS keys,
    (SELECT coalesce(sum(u.messages), 0) FROM usage_day u WHERE u.account_id = a.id AND u.day > $2::date - 30) AS messages,
    (SELECT coalesce(sum(u.amount), 0) FROM usage_day u WHERE u.account_id = a.id AND u.day > $2::date - 30) AS spent
FROM account a LEFT JOIN account p ON p.id = a.parent_id LEFT JOIN wallet w ON w.account_id = a.id WHERE a.id = $1
"""
USERS = """
SELECT id, email, name, role, state, last_login_at, locked_until, blocked_until FROM app_user
WHERE account_id = $1 ORDER BY id LIMIT 200
"""
CHILDREN = "SELECT id, sid, name, state FROM account WHERE parent_id = $1 ORDER BY id LIMIT 200"
DECISIONS = "SELECT state, reason, by_user, at FROM account_decision WHERE account_id = $1 ORDER BY id DESC LIMIT 50"
LOCK = "SELECT id, state, parent_id FROM account WHERE id = $1 FOR UPDATE"
SET_STATE = "UPDATE account SET state = $2 WHERE id = $1"
NOTE = "INSERT INTO account_decision (account_id, state, reason, by_user, at) VALUES ($1, $2, $3, $4, $5)"
# scope: the sub-accounts of the account too: signing in goes by person
SIGN_OUT = """
DELETE FROM user_session WHERE user_id IN (SELECT u.id FROM app_user u JOIN account a ON a.id = u.account_id
    WHERE a.id = $1 OR a.parent_id = $1)
"""
SET_CAP = "UPDATE wallet SET day_cap = $2, told = '{}' WHERE account_id = $1"
SET_RATE = "UPDATE api_key SET rate = $2 WHERE account_id = $1"
OWNERS = "SELECT email FROM app_user WHERE account_id = $1 AND role = 'owner' AND state = 'active'"
OPERATOR = "SELECT min(id) FROM account"


async def one(connection: Connection, account_id: int, now: datetime) -> Mapping[str, Any] | None:
    """An account with its money and the use of 30 days."""
    return await connection.fetchrow(ONE, account_id, now.date())


async def users(connection: Connection, account_id: int) -> list[Mapping[str, Any]]:
    """The people of an account."""
    return await connection.fetch(USERS, account_id)


async def children(connection: Connection, account_id: int) -> list[Mapping[str, Any]]:
    """The sub-accounts of an account."""
    return await connection.fetch(CHILDREN, account_id)


async def decisions(connection: Connection, account_id: int) -> list[Mapping[str, Any]]:
    """What the operator decided about an account, the latest first."""
    return await connection.fetch(DECISIONS, account_id)


async def lock(connection: Connection, account_id: int) -> Mapping[str, Any] | None:
    """Lock an account."""
    return await connection.fetchrow(LOCK, account_id)


async def operator(connection: Connection) -> int:
    """The account whose people run the installation."""
    return int(await connection.fetchval(OPERATOR))


async def set_state(connection: Connection, account_id: int, state: str, reason: str, by: str, now: datetime) -> None:
    """Set an account's state and write down why; one that is stopped is signed out."""
    await connection.execute(SET_STATE, account_id, state)
    await connection.execute(NOTE, account_id, state, reason, by, now)
    if state in ("suspended", "closed"):
        await connection.execute(SIGN_OUT, account_id)


async def set_limits(connection: Connection, account_id: int, day_cap: Decimal | None, rate: int | None) -> None:
    """Set the daily cap, and the rate of all keys (None: that of the installation)."""
    await connection.execute(SET_CAP, account_id, day_cap)
    await connection.execute(SET_RATE, account_id, rate)


async def owners(connection: Connection, account_id: int) -> Sequence[str]:
    """The owners' addresses."""
    return [row["email"] for row in await connection.fetch(OWNERS, account_id)]


def search(text: str) -> ColumnElement[bool]:
    """Accounts whose name or SID holds a text."""
    return ACCOUNT.name.icontains(text, autoescape=True) | ACCOUNT.sid.icontains(text, autoescape=True)


def account_rows() -> Select[Any]:
    """All accounts with their main account and wallet."""
    parent = Account.__table__.alias("parent")
    joined = Account.__table__.outerjoin(parent, parent.c.id == ACCOUNT.parent_id)
    joined = joined.outerjoin(Wallet.__table__, WALLET.account_id == ACCOUNT.id)
    chosen = [
        ACCOUNT[name] for name in ("id", "sid", "name", "country", "currency", "state", "created_at", "parent_id")
    ]
    return select(*chosen, parent.c.name.label("parent"), WALLET.balance, WALLET.kind).select_from(joined)
