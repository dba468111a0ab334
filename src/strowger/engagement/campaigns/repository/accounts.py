"""What campaigns ask of the account that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strowger.engagement.campaigns.schemas import Funds
from strowger.foundation.database import Connection
from strowger.platform.billing.repository import lock_purses, read_purses

COUNTRY = "SELECT country FROM account WHERE id = $1"
CLOSED = "SELECT state = 'closed' FROM account WHERE id = $1"
MEMBERS = "SELECT email FROM app_user WHERE account_id = $1 AND name = $2 AND state = 'active' ORDER BY id LIMIT 3"
PLACE = "SELECT country, time_zone, settings FROM account WHERE id = $1"


async def country(connection: Connection, account_id: int) -> str:
    """The account's country."""
    return str(await connection.fetchval(COUNTRY, account_id))


async def is_closed(connection: Connection, account_id: int) -> bool:
    """Whether the account was closed, as a sub-account is when it is deleted."""
    return bool(await connection.fetchval(CLOSED, account_id))


async def addresses_of(connection: Connection, account_id: int, name: str) -> list[str]:
    """The addresses of those of the account who have a name."""
    return [row["email"] for row in await connection.fetch(MEMBERS, account_id, name)]


async def funds(connection: Connection, account_id: int, now: datetime, *, lock: bool = True) -> Funds | None:
    """What the account, or who pays for it, can spend now; None without a wallet. In a transaction: it locks the wallet,
    unless it is only to be shown."""
    purses = await (lock_purses if lock else read_purses)(connection, [account_id])
    own = purses.get(account_id)
    payer = purses.get(own.payer) if own else None
    if own is None or payer is None:
        return None
    left = payer.left
    for purse in {id(own): own, id(payer): payer}.values():
        purse.turn_to(now)
        if purse.day_cap is not None:
            left = min(left, purse.day_cap - purse.day_spent)
        if purse.month_limit is not None:
            left = min(left, purse.month_limit - purse.month_spent)
    return Funds(payer.balance, left)


async def place(connection: Connection, account_id: int) -> tuple[str, str, Mapping[str, Any]]:
    """Country, time zone and settings of the account."""
    row = await connection.fetchrow(PLACE, account_id)
    assert row is not None
    return row["country"], row["time_zone"], row["settings"]
