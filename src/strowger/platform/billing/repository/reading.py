"""Queries that read money: ledgers, use by day, recharges, invoices, notices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from strowger.foundation.database import Connection, Database
from strowger.platform.accounts.models import Account
from strowger.platform.billing.models import Invoice, LedgerEntry, Recharge, UsageDay, Wallet
from strowger.platform.reports.types import cursor_batches

ENTRY, USAGE, RECHARGE = LedgerEntry.__table__.c, UsageDay.__table__.c, Recharge.__table__.c
INVOICE, WALLET, ACCOUNT = Invoice.__table__.c, Wallet.__table__.c, Account.__table__.c
STATEMENT = """
SELECT a.id, a.sid, a.name, a.country, a.currency, a.time_zone, a.parent_id, w.kind, w.balance, w.credit_limit, w.payer_id,
       w.month_limit, w.low_at, w.day_cap, w.alert_emails,
       CASE WHEN w.month = date_trunc('month', $2::timestamptz AT TIME ZONE a.time_zone)::date THEN w.month_spent ELSE 0 END
           AS month_spent,
       CASE WHEN w.day = ($2::timestamptz AT TIME ZONE a.time_zone)::date THEN w.day_spent ELSE 0 END AS day_spent,
       coalesce(s.reserved, 0) + (SELECT coalesce(sum(e.reserved), 0) FROM ledger_entry e
           WHERE e.account_id = a.id AND e.id > coalesce(s.upto, '00000000-0000-0000-0000-000000000000')) AS reserved,
       (SELECT min(u.day) FROM usage_day u WHERE u.account_id = a.id
           AND u.day >= date_trunc('month', $2::timestamptz AT TIME ZONE a.time_zone)::date) AS first_day
FROM account a JOIN wallet w ON w.account_id = a.id LEFT JOIN ledger_sum s ON s.account_id = a.id WHERE a.id = $1
"""
LAST_RECHARGE = """
SELECT created_at, amount FROM ledger_entry
WHERE account_id = $1 AND kind IN ('recharge', 'transfer_in') ORDER BY id DESC LIMIT 1
"""
# A charge moves no balance; whoever asks for entries wants those that do, and those paid by another account.
ENTRIES = """
SELECT id, created_at, kind, service, reference, amount, balance_after, messages, used_by FROM ledger_entry
WHERE account_id = $1 AND created_at >= $2 AND created_at < $3 AND ($4::text IS NULL OR service = $4) AND kind <> 'charge'
ORDER BY id DESC LIMIT $5 OFFSET $6
"""
LATEST = """
SELECT created_at, kind, amount, balance_after, reference, by_user FROM ledger_entry
WHERE account_id = $1 AND kind <> 'charge' ORDER BY id DESC LIMIT $2
"""
HISTORY = """
SELECT created_at, kind, reference, amount, balance_after, by_user FROM ledger_entry
WHERE account_id = $1 AND created_at >= $2 AND created_at < $3 AND kind <> 'charge' ORDER BY id
"""
CHILDREN_USED = """
SELECT s.name, s.email, u.service, u.amount, u.messages FROM subaccount s JOIN usage_day u ON u.account_id = s.account_id
WHERE s.parent_id = $1 AND u.day = $2 ORDER BY s.name, s.number, u.service
"""
USED_BY_DAY = """
SELECT day, service, amount, messages FROM usage_day WHERE account_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day
"""
CHILD_BY_EMAIL = """
SELECT account_id FROM subaccount WHERE parent_id = $1 AND lower(email) = lower($2) AND status <> 'deleted'
"""
NOTICES = """
SELECT id, kind, detail, created_at, seen_at FROM billing_notice WHERE account_id = $1 ORDER BY id DESC LIMIT $2
"""
SEE_NOTICES = "UPDATE billing_notice SET seen_at = $2 WHERE account_id = $1 AND seen_at IS NULL"


async def statement(connection: Connection, account_id: int, now: datetime) -> Mapping[str, Any] | None:
    """An account's money at a glance; None when it has no wallet."""
    return await connection.fetchrow(STATEMENT, account_id, now)


async def last_recharge(connection: Connection, account_id: int) -> Mapping[str, Any] | None:
    """The latest credits that came in."""
    return await connection.fetchrow(LAST_RECHARGE, account_id)


async def entries(
    connection: Connection,
    account_id: int,
    start: datetime,
    end: datetime,
    service: str | None,
    limit: int,
    offset: int,
) -> list[Mapping[str, Any]]:
    """Ledger entries that moved the balance, newest first."""
    return await connection.fetch(ENTRIES, account_id, start, end, service, limit, offset)


def history_batches(
    connection: Connection, account_id: int, start: datetime, end: datetime
) -> AsyncIterator[list[Any]]:
    """Ledger entries that moved the balance, oldest first, through a cursor."""
    return cursor_batches(connection, HISTORY, account_id, start, end)


async def children_used(connection: Connection, parent_id: int, day: date) -> list[Mapping[str, Any]]:
    """What the sub-accounts of an account used on a day, by service."""
    return await connection.fetch(CHILDREN_USED, parent_id, day)


async def latest(connection: Connection, account_id: int, limit: int) -> list[Mapping[str, Any]]:
    """The latest ledger entries of an account that moved its balance."""
    return await connection.fetch(LATEST, account_id, limit)


async def used_by_day(connection: Connection, account_id: int, first: date, last: date) -> list[Mapping[str, Any]]:
    """Use by day and service."""
    return await connection.fetch(USED_BY_DAY, account_id, first, last)


async def child_by_email(connection: Connection, parent_id: int, email: str) -> int | None:
    """The account of a sub-account with an e-mail address."""
    found: int | None = await connection.fetchval(CHILD_BY_EMAIL, parent_id, email)
    return found


async def notices(connection: Connection, account_id: int, limit: int) -> list[Mapping[str, Any]]:
    """What the account was told about its money, the latest first."""
    return await connection.fetch(NOTICES, account_id, limit)


async def see_notices(connection: Connection, account_id: int, now: datetime) -> None:
    """Note that the notices were seen."""
    await connection.execute(SEE_NOTICES, account_id, now)


def entry_rows(account_id: int) -> tuple[Select[Any], ColumnElement[Any]]:
    """Ledger entries of an account, or paid for it by another; and the tenant that they are narrowed to."""
    owner = case((ENTRY.used_by == account_id, ENTRY.used_by), else_=ENTRY.account_id)
    rows = select(*LedgerEntry.__table__.c, owner.label("owner")).where(
        or_(ENTRY.account_id == account_id, ENTRY.used_by == account_id), ENTRY.kind != "charge"
    )
    return rows, owner


# scope: SqlSource narrows it to the account
def usage_rows() -> Select[Any]:
    """Use by day and service of an account."""
    key = func.concat(USAGE.day, " ", USAGE.service).label("key")
    return select(key, *UsageDay.__table__.c)


def recharge_rows() -> Select[Any]:
    """Recharges with their invoices and accounts."""
    joined = Recharge.__table__.outerjoin(Invoice.__table__, INVOICE.recharge_id == RECHARGE.id)
    joined = joined.join(Account.__table__, ACCOUNT.id == RECHARGE.account_id)
    return select(
        *Recharge.__table__.c, INVOICE.number.label("invoice"), ACCOUNT.name.label("account_name"), ACCOUNT.sid
    ).select_from(joined)


def wallet_rows() -> Select[Any]:
    """All accounts of the installation with their money, for its operator."""
    parent = Account.__table__.alias("parent")
    joined = Account.__table__.join(Wallet.__table__, WALLET.account_id == ACCOUNT.id)
    joined = joined.outerjoin(parent, parent.c.id == ACCOUNT.parent_id)
    return select(
        ACCOUNT.id, ACCOUNT.sid, ACCOUNT.name, ACCOUNT.state, ACCOUNT.currency, parent.c.name.label("parent"), WALLET.kind,
        WALLET.balance, WALLET.credit_limit, WALLET.month_spent, WALLET.day_cap,
    ).select_from(joined)  # fmt: skip


async def books(database: Database) -> list[Mapping[str, Any]]:
    """The trial balance of the installation by currency and book; its rows sum to zero."""
    return await database.pool.fetch(BOOKS)


# scope: the books of the whole installation
BOOKS = """
WITH e AS (SELECT a.currency, e.contra, e.amount, e.reserved FROM ledger_entry e JOIN account a ON a.id = e.account_id)
SELECT currency, 'balances' AS book, sum(amount) AS sum FROM e GROUP BY currency
UNION ALL SELECT currency, 'reserved', sum(reserved) FROM e GROUP BY currency
UNION ALL SELECT currency, contra, -sum(amount + reserved) FROM e GROUP BY currency, contra ORDER BY 1, 2
"""
