"""Moving money so that no account is ever overdrawn and every movement is written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid
from strowger.foundation.money import ZERO, money
from strowger.platform.billing import repository
from strowger.platform.billing.prices import PriceList, Rate, Terms
from strowger.platform.billing.purse import NO_CREDITS, Purse
from strowger.platform.billing.repository import LedgerRow, UsageRow

__all__ = [
    "Overdrawn",
    "PriceList",
    "Rate",
    "Terms",
    "adjust",
    "foresee",
    "recharge",
    "release",
    "reserve",
    "settle",
    "terms_of",
    "transfer",
]
Amounts = Iterable[tuple[int, Decimal]]


class Overdrawn(Exception):
    """A withdrawal is more than the account has."""


async def terms_of(connection: Connection, account_id: int) -> Terms | None:
    """What decides the prices of an account; None when there is no such account."""
    row = await repository.terms(connection, account_id)
    return Terms(**row) if row else None


@dataclass(slots=True)
class _Book:
    """What one transaction writes about locked wallets."""

    purses: dict[int, Purse]
    now: datetime
    entries: list[LedgerRow] = field(default_factory=list)
    usage: dict[tuple[int, date, str], tuple[Decimal, int]] = field(default_factory=dict)

    @classmethod
    async def of(cls, connection: Connection, accounts: Sequence[int], now: datetime) -> _Book:
        """Lock the wallets of accounts and of those that pay for them."""
        purses = await repository.lock_purses(connection, accounts)
        for purse in purses.values():
            purse.turn_to(now)
        return cls(purses, now)

    def enter(
        self, account: int, kind: str, amount: Decimal, reserved: Decimal, contra: str, reference: str, *, messages: int = 0,
        service: str | None = None, used_by: int | None = None, ids: tuple[UUID, UUID] | None = None, by: str | None = None,
    ) -> None:  # fmt: skip
        """Change a balance and write the entry. ``ids`` are those of a transfer's entry and its other half."""
        after = self.purses[account].move(amount)
        own, other = ids or (new_uuid(), None)
        self.entries.append(
            (
                own,
                account,
                kind,
                amount,
                reserved,
                contra,
                after,
                messages,
                service,
                reference,
                used_by,
                other,
                by,
                self.now,
            )
        )

    def use(self, account: int, service: str, amount: Decimal, messages: int) -> None:
        """Count use (or, negative, its undoing) in the day's figures and against the caps of account and payer."""
        purse = self.purses[account]
        assert purse.day is not None
        old, count = self.usage.get((account, purse.day, service), (ZERO, 0))
        self.usage[account, purse.day, service] = (old + amount, count + messages)

    async def write(self, connection: Connection) -> None:
        """Write everything, as one statement."""
        usage: list[UsageRow] = [(*key, amount, count) for key, (amount, count) in sorted(self.usage.items())]
        notices = [
            (purse.account_id, kind, msgspec.json.encode(detail).decode(), self.now)
            for purse in self.purses.values()
            for kind, detail in purse.notices
        ]
        if self.entries or notices:
            await repository.apply(connection, self.entries, usage, notices, list(self.purses.values()))


def _sums(amounts: Amounts) -> dict[int, tuple[Decimal, int]]:
    sums: dict[int, Decimal] = defaultdict(lambda: ZERO)
    counts: dict[int, int] = defaultdict(int)
    for account, amount in amounts:
        sums[account] += amount
        counts[account] += 1
    return {account: (money(amount), counts[account]) for account, amount in sorted(sums.items()) if amount}


async def reserve(
    connection: Connection, wanted: Sequence[tuple[int, Decimal]], reference: str, now: datetime, service: str = "sms"
) -> list[str | None]:
    """Reserve amounts (account, amount) in order; gives for each None when it is covered, else the trace of its refusal.

    One ledger entry for each account. Wallets stay locked until the transaction ends, so parallel calls cannot overdraw.
    """
    book = await _Book.of(connection, [account for account, _ in wanted], now)
    refusals = _refusals(book.purses, wanted)
    reserved = [pair for pair, refusal in zip(wanted, refusals, strict=True) if refusal is None and pair[1]]
    for account, (amount, count) in _sums(reserved).items():
        _use(book, account, "reserve", -amount, amount, count, service, reference)
    await book.write(connection)
    return refusals


async def foresee(connection: Connection, wanted: Sequence[tuple[int, Decimal]], now: datetime) -> list[str | None]:
    """What ``reserve`` would answer at this moment; it reserves, locks and promises nothing."""
    purses = await repository.read_purses(connection, [account for account, _ in wanted])
    for purse in purses.values():
        purse.turn_to(now)
    return _refusals(purses, wanted)


def _refusals(purses: dict[int, Purse], wanted: Sequence[tuple[int, Decimal]]) -> list[str | None]:
    """Each amount against what is left after those before it; what is covered counts as spent."""
    spent: dict[int, Decimal] = defaultdict(lambda: ZERO)  # by payer, on top of what its purse knows
    refusals: list[str | None] = []
    for account, amount in wanted:
        refusal = _refusal(purses, account, amount, spent)
        refusals.append(refusal)
        if refusal is None and amount:
            purse = purses[account]
            spent[purse.payer] += amount
            for one in {purse.account_id, purse.payer}:
                purses[one].spend(amount)
    return refusals


def _refusal(purses: dict[int, Purse], account: int, amount: Decimal, spent: dict[int, Decimal]) -> str | None:
    purse = purses.get(account)
    payer = purses.get(purse.payer) if purse else None
    if purse is None or payer is None:
        return NO_CREDITS
    if not amount:
        return None
    limits = purse.refuses(amount) or (payer.refuses(amount) if payer is not purse else None)
    if limits is None and not payer.covers(spent[payer.account_id] + amount):
        return NO_CREDITS
    return limits


def _use(
    book: _Book, account: int, kind: str, amount: Decimal, reserved: Decimal, count: int, service: str, reference: str
) -> None:
    """Enter what an account's messages take from, or give back to, whoever pays for it."""
    purse = book.purses[account]
    used_by = account if purse.payer != account else None
    book.enter(
        purse.payer, kind, amount, reserved, "revenue", reference, messages=count, service=service, used_by=used_by
    )
    book.use(account, service, -amount, {"reserve": count, "release": -count}.get(kind, 0))


async def settle(
    connection: Connection, released: Amounts, charged: Amounts, refunded: Amounts, now: datetime, service: str = "sms"
) -> None:
    """The end of messages: reservations are released (never handed over) or become charges; charges may be refunded.

    Charging touches no balance and takes no lock; a release or refund locks the wallets that it fills.
    """
    sums = _sums(charged)
    if sums:
        rows = [(new_uuid(), account, amount, count, service, now) for account, (amount, count) in sums.items()]
        await repository.settle(connection, rows)
    back, refunds = _sums(released), _sums(refunded)
    if not back and not refunds:
        return
    book = await _Book.of(connection, [*back, *refunds], now)
    for account, (amount, count) in back.items():
        _give_back(book, account, "release", amount, -amount, count, service, "not handed over")
    for account, (amount, count) in refunds.items():
        _give_back(book, account, "refund", amount, ZERO, count, service, "undelivered")
    await book.write(connection)


def _give_back(
    book: _Book, account: int, kind: str, amount: Decimal, reserved: Decimal, count: int, service: str, reference: str
) -> None:
    purse = book.purses.get(account)
    if purse is None or purse.payer not in book.purses:
        return  # there never was a wallet to reserve from
    _use(book, account, kind, amount, reserved, count, service, reference)
    for one in {purse.account_id, purse.payer}:
        book.purses[one].spend(-amount)


async def release(connection: Connection, amounts: Amounts, reference: str, now: datetime) -> None:
    """Give reserved amounts (account, amount) back: these messages were never handed to a carrier."""
    await settle(connection, amounts, (), (), now)


async def recharge(
    connection: Connection, account_id: int, amount: Decimal, reference: str, now: datetime, by: str | None = None
) -> Decimal:
    """Add credits that were paid for; returns the new balance."""
    return await _book_one(connection, account_id, "recharge", amount, "payments", reference, now, by)


async def adjust(
    connection: Connection, account_id: int, amount: Decimal, reason: str, now: datetime, by: str
) -> Decimal:
    """Correct a balance with a reason; returns the new one. Raises Overdrawn."""
    return await _book_one(connection, account_id, "adjustment", amount, "adjustments", reason, now, by)


async def bill(connection: Connection, account_id: int, amount: Decimal, reference: str, now: datetime) -> Decimal:
    """Move the debt of a postpaid account's month to what it is invoiced for; returns the new balance."""
    return await _book_one(connection, account_id, "statement", amount, "receivables", reference, now, None)


async def earn(connection: Connection, account_id: int, amount: Decimal, reference: str, now: datetime) -> Decimal:
    """Give a parent the margin that its sub-account was charged; returns the new balance."""
    return await _book_one(connection, account_id, "margin", amount, "revenue", reference, now, None)


async def _book_one(
    connection: Connection, account_id: int, kind: str, amount: Decimal, contra: str, reference: str, now: datetime,
    by: str | None,
) -> Decimal:  # fmt: skip
    book = await _Book.of(connection, [account_id], now)
    if book.purses[account_id].left + amount < 0:
        raise Overdrawn
    book.enter(account_id, kind, money(amount), ZERO, contra, reference, by=by)
    await book.write(connection)
    return book.purses[account_id].balance


async def transfer(
    connection: Connection,
    source: int,
    target: int,
    amount: Decimal,
    reference: str,
    now: datetime,
    by: str | None = None,
) -> tuple[Decimal, Decimal]:
    """Move credits from one account to another: two entries that name each other. Returns both new balances.

    Raises Overdrawn when the source has less.
    """
    amount = money(amount)
    book = await _Book.of(connection, [source, target], now)
    if amount > book.purses[source].left:
        raise Overdrawn
    out, into = new_uuid(), new_uuid()
    book.enter(source, "transfer_out", -amount, ZERO, "transfers", reference, ids=(out, into), by=by)
    book.enter(target, "transfer_in", amount, ZERO, "transfers", reference, ids=(into, out), by=by)
    await book.write(connection)
    return book.purses[source].balance, book.purses[target].balance
