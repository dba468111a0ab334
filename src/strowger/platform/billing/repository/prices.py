"""Queries of price lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from strowger.foundation.database import Connection
from strowger.platform.accounts.models import Account
from strowger.platform.billing.models import Tariff

KEPT = timedelta(days=7)  # a message may end that long after its price did
TARIFFS = """
SELECT account_id, channel, country, network, type, sender, currency, unit_price, fee, refund_undelivered, valid_from, valid_until
FROM tariff WHERE valid_until IS NULL OR valid_until > now() - $1::interval
"""
TERMS = """
SELECT a.id AS account_id, a.parent_id, a.currency, coalesce(w.margin, 0) AS margin
FROM account a LEFT JOIN wallet w ON w.account_id = a.id WHERE a.id = $1
"""
ADD = """
INSERT INTO tariff (account_id, channel, country, currency, unit_price, network, type, sender, fee, refund_undelivered, valid_from,
                    valid_until, note, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, coalesce($11, '2000-01-01 00:00:00+00'::timestamptz), $12, $13, $14) RETURNING id
"""
END_SAME = """
UPDATE tariff SET valid_until = greatest(valid_from, $9), ended_by = $10
WHERE account_id IS NOT DISTINCT FROM $1 AND channel = $2 AND country IS NOT DISTINCT FROM $3 AND currency = $4
  AND network IS NOT DISTINCT FROM $5 AND type IS NOT DISTINCT FROM $6 AND sender IS NOT DISTINCT FROM $7
  AND valid_from <= $9 AND (valid_until IS NULL OR valid_until > $9) AND id <> $8
"""
END = """
UPDATE tariff SET valid_until = greatest(valid_from, $2), ended_by = $3
WHERE id = $1 AND (valid_until IS NULL OR valid_until > $2) RETURNING id
"""
# scope: the operator names accounts by SID
ACCOUNT_IDS = "SELECT sid, id FROM account WHERE sid = ANY($1::text[])"
ONE = "SELECT t.*, a.sid FROM tariff t LEFT JOIN account a ON a.id = t.account_id WHERE t.id = $1"
HISTORY = """
SELECT o.* FROM tariff t JOIN tariff o ON o.account_id IS NOT DISTINCT FROM t.account_id AND o.channel = t.channel
    AND o.country IS NOT DISTINCT FROM t.country AND o.currency = t.currency AND o.network IS NOT DISTINCT FROM t.network
    AND o.type IS NOT DISTINCT FROM t.type AND o.sender IS NOT DISTINCT FROM t.sender
WHERE t.id = $1 ORDER BY o.valid_from DESC, o.id DESC
"""


async def tariffs(connection: Connection) -> list[Mapping[str, Any]]:
    """Every price that is or will be valid, and those that ended within days."""
    return await connection.fetch(TARIFFS, KEPT)


async def terms(connection: Connection, account_id: int) -> Mapping[str, Any] | None:
    """What decides an account's prices besides the list: parent, margin, currency."""
    return await connection.fetchrow(TERMS, account_id)


async def add_tariff(
    connection: Connection,
    account_id: int | None,
    channel: str,
    country: str | None,
    currency: str,
    price: Decimal,
    *,
    network: str | None = None,
    type_: str | None = None,
    sender: str | None = None,
    fee: Decimal = Decimal(0),
    refund_undelivered: bool = False,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    note: str = "",
    by: str = "",
) -> int:
    """Add a price; returns its number. Without ``valid_from`` it has always been valid."""
    return int(
        await connection.fetchval(
            ADD, account_id, channel, country, currency, price, network, type_, sender, fee, refund_undelivered, valid_from,
            valid_until, note, by,
        )
    )  # fmt: skip


async def end_same(connection: Connection, key: Sequence[Any], kept: int, at: datetime, by: str) -> None:
    """End every other price of the same (account, channel, country, currency, network, type, sender) at a moment."""
    await connection.execute(END_SAME, *key, kept, at, by)


async def end_tariff(connection: Connection, tariff_id: int, at: datetime, by: str) -> bool:
    """End one price; False when there is none that has not ended."""
    return await connection.fetchval(END, tariff_id, at, by) is not None


async def account_ids(connection: Connection, sids: Collection[str]) -> dict[str, int]:
    """Accounts by SID."""
    return {row["sid"]: row["id"] for row in await connection.fetch(ACCOUNT_IDS, sorted(sids))}


async def tariff(connection: Connection, tariff_id: int) -> Mapping[str, Any] | None:
    """One price with the SID of its account."""
    return await connection.fetchrow(ONE, tariff_id)


async def history(connection: Connection, tariff_id: int) -> list[Mapping[str, Any]]:
    """All prices that the same place of the list ever had, the latest first."""
    return await connection.fetch(HISTORY, tariff_id)


def search_prices(text: str) -> ColumnElement[bool]:
    """Prices whose account, network or note holds a text."""
    columns = (Account.name, Account.sid, Tariff.network, Tariff.note)
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def price_rows() -> Select[Any]:
    """Prices of the installation with the account they are for, for the operator's list."""
    return select(*Tariff.__table__.c, Account.sid, Account.name.label("account_name")).select_from(
        Tariff.__table__.outerjoin(Account.__table__, Account.id == Tariff.account_id)
    )
