"""A wallet in memory while its row is locked: what it still covers, and the marks that its owner is told of. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from strowger.foundation.money import ZERO

PREPAID, POSTPAID, SHARED = "prepaid", "postpaid", "shared"
NO_CREDITS, SPEND_CAP = "NO-CREDITS", "SPEND-CAP"  # traces of messages that were not covered
DAY_MARKS, MONTH_MARKS = frozenset({"day80", "day100"}), frozenset({"month100"})
CAP_WARNING, LIMIT_WARNING = Decimal("0.8"), Decimal("0.75")


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    """A time zone by name; UTC when it is unknown here."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@dataclass(slots=True)
class Purse:
    """A wallet as models.py describes it, and the ``notices`` (kind, detail) that its changes are due."""

    account_id: int
    balance: Decimal
    credit_limit: Decimal
    kind: str
    payer_id: int | None
    day: date | None
    day_spent: Decimal
    day_cap: Decimal | None
    month: date | None
    month_spent: Decimal
    month_limit: Decimal | None
    low_at: Decimal | None
    told: set[str]
    time_zone: str
    currency: str
    notices: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def payer(self) -> int:
        """The account whose balance pays."""
        return self.payer_id if self.payer_id is not None else self.account_id

    @property
    def left(self) -> Decimal:
        """What the balance still covers."""
        return self.balance + self.credit_limit

    def turn_to(self, now: datetime) -> None:
        """Begin a new day or month of the account's time zone when it has come: the sums and their marks start anew."""
        today = now.astimezone(zone_of(self.time_zone)).date()
        if self.day != today:
            self.day, self.day_spent = today, ZERO
            self.told -= DAY_MARKS
        if self.month != today.replace(day=1):
            self.month, self.month_spent = today.replace(day=1), ZERO
            self.told -= MONTH_MARKS

    def refuses(self, amount: Decimal) -> str | None:
        """The trace with which own limits (not the balance) refuse to spend an amount; None when they do not."""
        if self.day_cap is not None and self.day_spent + amount > self.day_cap:
            self._tell("day100", limit=self.day_cap, spent=self.day_spent)
            return SPEND_CAP
        if self.month_limit is not None and self.month_spent + amount > self.month_limit:
            self._tell("month100", limit=self.month_limit, spent=self.month_spent)
            return NO_CREDITS
        return None

    def covers(self, amount: Decimal) -> bool:
        """Whether the balance covers an amount; a postpaid account is told when its limit is used up."""
        if amount <= self.left:
            return True
        if self.kind == POSTPAID:
            self._tell("limit100", limit=self.credit_limit, spent=-self.balance)
        return False

    def spend(self, amount: Decimal) -> None:
        """Count an amount as spent today and this month; a negative one was not spent after all."""
        self.day_spent = max(ZERO, self.day_spent + amount)
        self.month_spent = max(ZERO, self.month_spent + amount)
        if self.day_cap and amount > 0:
            if self.day_spent >= self.day_cap:
                self._tell("day100", limit=self.day_cap, spent=self.day_spent)
            elif self.day_spent >= self.day_cap * CAP_WARNING:
                self._tell("day80", limit=self.day_cap, spent=self.day_spent)

    def move(self, amount: Decimal) -> Decimal:
        """Change the balance; returns the new one. Marks that it crosses downwards are told, upwards armed again."""
        self.balance += amount
        if self.low_at is not None and self.kind == PREPAID:
            if self.balance < self.low_at:
                if amount < 0:
                    self._tell("low", limit=self.low_at, balance=self.balance)
            else:
                self.told.discard("low")
        if self.kind == POSTPAID and self.credit_limit:
            if -self.balance < self.credit_limit * LIMIT_WARNING:
                self.told -= {"limit75", "limit100"}
            elif amount < 0:
                self._tell("limit75", limit=self.credit_limit, spent=-self.balance)
        return self.balance

    def _tell(self, mark: str, **figures: Decimal) -> None:
        """Tell of a mark once; the higher mark of the same kind tells of the lower too."""
        if mark in self.told:
            return
        self.told.add(mark)
        if mark == "day100":
            self.told.add("day80")
        detail = {name: f"{value:f}" for name, value in figures.items()}
        self.notices.append((mark, {**detail, "currency": self.currency}))
