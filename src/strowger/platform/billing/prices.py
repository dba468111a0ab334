"""Price lists in memory: the most specific price of a message. Pure; no query per message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Any

from strowger.foundation.money import PLACES, ZERO

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides an account's prices besides the list. ``margin`` (per cent) is put on prices that are not its own."""

    account_id: int
    currency: str
    parent_id: int | None = None
    margin: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Rate:
    """A price: for each unit ``unit_price``, and ``fee``, which is not given back when ``refund_undelivered`` gives back."""

    unit_price: Decimal
    fee: Decimal = ZERO
    refund_undelivered: bool = False
    network: str | None = None
    type: str | None = None
    sender: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def fits(self, type_: str | None, sender: str, network: str | None, at: datetime | None) -> bool:
        """Whether this is a price for such a message at a moment."""
        return (
            (self.type is None or self.type == type_)
            and (self.sender is None or sender.startswith(self.sender))
            and (self.network is None or self.network == network)
            and (at is None or self.valid_from is None or self.valid_from <= at)
            and (at is None or self.valid_until is None or at < self.valid_until)
        )

    def rank(self) -> tuple[int, int, int, float]:
        """Higher is more specific: network, then type, then the longer sender prefix, then the one that began later."""
        began = self.valid_from.timestamp() if self.valid_from else 0.0
        return (self.network is not None, self.type is not None, len(self.sender or ""), began)

    def with_margin(self, margin: Decimal) -> Rate:
        """The price with a percentage on top, rounded up to the ledger's precision."""
        if not margin:
            return self
        price, fee = (
            (value * (HUNDRED + margin) / HUNDRED).quantize(PLACES, ROUND_UP) for value in (self.unit_price, self.fee)
        )
        return Rate(
            price, fee, self.refund_undelivered, self.network, self.type, self.sender, self.valid_from, self.valid_until
        )  # fmt: skip

    def total(self, units: int) -> Decimal:
        """What so many units cost."""
        return (self.unit_price + self.fee) * units


class PriceList:
    """All prices. Tried in turn: the account's own, its parent's, everyone's; within each the country before every country."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rates: dict[tuple[str, str, int | None, str | None], list[Rate]] = defaultdict(list)
        for row in rows:
            rate = Rate(
                row["unit_price"], row["fee"], row["refund_undelivered"], row["network"], row["type"], row["sender"],
                row["valid_from"], row["valid_until"],
            )  # fmt: skip
            self._rates[row["channel"], row["currency"], row["account_id"], row["country"]].append(rate)
        for rates in self._rates.values():
            rates.sort(key=Rate.rank, reverse=True)

    def find(
        self,
        channel: str,
        terms: Terms,
        country: str | None,
        *,
        type_: str | None = None,
        sender: str = "",
        network: str | None = None,
        at: datetime | None = None,
    ) -> Rate | None:
        """The price for a message of an account, or None when no list has one in the account's currency."""
        owners = (terms.account_id, None) if terms.parent_id is None else (terms.account_id, terms.parent_id, None)
        for owner in owners:
            for place in (country, None) if country else (None,):
                for rate in self._rates.get((channel, terms.currency, owner, place), ()):
                    if rate.fits(type_, sender, network, at):
                        return rate if owner == terms.account_id else rate.with_margin(terms.margin)
        return None
