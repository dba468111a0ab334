"""What things cost, and moving money so that no account is ever overdrawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg

from strowger.foundation.money import ZERO, money
from strowger.platform.billing import repository


class PriceList:
    """Unit prices in memory. The most specific fits: account and country, account, country, all."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._prices: dict[tuple[str, int | None, str | None], Decimal] = {
            (r["channel"], r["account_id"], r["country"]): r["unit_price"] for r in rows
        }

    def unit_price(self, channel: str, account_id: int, country: str | None) -> Decimal | None:
        """The price of one unit, or None when the list has none."""
        for key in ((account_id, country), (account_id, None), (None, country), (None, None)):
            price = self._prices.get((channel, *key))
            if price is not None:
                return price
        return None


async def reserve(
    connection: asyncpg.Connection[Any], wanted: list[tuple[int, Decimal]], reference: str, now: datetime
) -> list[bool]:
    """Reserve amounts (account, amount) in order; returns for each whether it was covered.

    One ledger entry for each account. Wallets stay locked until the transaction ends, so parallel calls cannot overdraw.
    """
    left = await repository.lock_balances(connection, [account for account, _ in wanted])
    spent: dict[int, Decimal] = defaultdict(lambda: ZERO)
    counts: dict[int, int] = defaultdict(int)
    covered = []
    for account, amount in wanted:
        fits = spent[account] + amount <= left.get(account, ZERO) if amount else account in left
        covered.append(fits)
        if fits:
            spent[account] += amount
            counts[account] += 1
    movements = [
        (account, "reserve", -money(sum_), counts[account], reference) for account, sum_ in spent.items() if sum_
    ]
    if movements:
        await repository.move(connection, movements, now)
    return covered


async def release(
    connection: asyncpg.Connection[Any], amounts: Iterable[tuple[int, Decimal]], reference: str, now: datetime
) -> None:
    """Give reserved amounts (account, amount) back: these messages were never handed to a carrier."""
    sums: dict[int, Decimal] = defaultdict(lambda: ZERO)
    counts: dict[int, int] = defaultdict(int)
    for account, amount in amounts:
        sums[account] += amount
        counts[account] += 1
    movements = [
        (account, "release", money(sum_), counts[account], reference) for account, sum_ in sorted(sums.items()) if sum_
    ]
    if movements:
        await repository.move(connection, movements, now)


async def recharge(
    connection: asyncpg.Connection[Any], account_id: int, amount: Decimal, reference: str, now: datetime
) -> None:
    """Add credits to an account."""
    await repository.move(connection, [(account_id, "recharge", money(amount), 0, reference)], now)
