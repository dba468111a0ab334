"""Rows of the console's lists of sub-accounts, transfers and use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, case, cast, func, select

from strowger.console.sql_source import contains
from strowger.foundation.database import Database
from strowger.platform.accounts.models import Account
from strowger.platform.billing.models import LedgerEntry, UsageDay, Wallet
from strowger.platform.subaccounts.models import Subaccount

SUB, ACCOUNT, WALLET = Subaccount.__table__.c, Account.__table__.c, Wallet.__table__.c
ENTRY, USAGE = LedgerEntry.__table__.c, UsageDay.__table__.c
USED_BY_DAY = """
SELECT u.day, sum(u.amount) AS amount FROM usage_day u JOIN subaccount s ON s.account_id = u.account_id
WHERE s.parent_id = $1 AND u.day BETWEEN $2 AND $3 GROUP BY u.day
"""


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
