"""Changing price lists: one price, or a file of them, each with its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.notify import notify
from strowger.foundation.sheets import SheetRow
from strowger.platform.billing.repository import prices as queries
from strowger.platform.gateway.services import SERVICES

COLUMNS = (
    ("account", False, "The SID of one account; empty: the list of everyone"),
    ("channel", False, "sms unless it says otherwise"),
    ("country", False, "ISO code, for example DE; empty: every country"),
    ("network", False, "Operator; empty: every one"),
    ("type", False, "Route type, for example OTP"),
    ("sender", False, "A sender ID"),
    ("currency", True, "Three letters, for example EUR"),
    ("unit_price", True, "For each unit, up to six decimals"),
    ("fee", False, "For each message, besides"),
    ("refund_undelivered", False, "yes or no"),
    ("valid_from", False, "ISO date; empty: now"),
    ("valid_until", False, "ISO date; empty: until another price holds"),
    ("note", False, "For yourself"),
)
MAX_ROWS, MAX_ERRORS, MAX_PRICE = 50_000, 50, Decimal(1_000_000)
YES, NO = {"yes", "true", "1", "on"}, {"no", "false", "0", "off", ""}


class BadPrice(ValueError):
    """A price cannot be read; ``field`` is the column at fault."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A checked price. ``account`` is an SID or empty for everyone."""

    account: str
    channel: str
    country: str | None
    network: str | None
    type: str | None
    sender: str | None
    currency: str
    unit_price: Decimal
    fee: Decimal
    refund_undelivered: bool
    valid_from: datetime | None
    valid_until: datetime | None
    note: str


def _amount(row: Mapping[str, str], name: str, default: str = "") -> Decimal:
    text = row.get(name, "") or default
    try:
        value = Decimal(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
        fits = value.is_finite() and 0 <= value <= MAX_PRICE and value == value.quantize(Decimal("0.000001"))
    except InvalidOperation:
        fits = False
    if not fits:
        raise BadPrice(name, "Enter an amount of 0 or more with at most six decimals.")
    return value


def _moment(row: Mapping[str, str], name: str) -> datetime | None:
    text = row.get(name, "")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadPrice(name, "Enter an ISO date, such as 2026-01-31.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _code(row: Mapping[str, str], name: str, length: int) -> str:
    text = row.get(name, "").upper()
    if text and not (len(text) == length and text.isascii() and text.isalpha()):
        raise BadPrice(name, f"Enter {length} letters.")
    return text


def _short(row: Mapping[str, str], name: str, most: int) -> str | None:
    text = row.get(name, "")
    if len(text) > most:
        raise BadPrice(name, f"Use at most {most} characters.")
    return text or None


def read_price(row: Mapping[str, str]) -> NewPrice:
    """A price from texts by column. Raises BadPrice."""
    channel = (row.get("channel", "") or "sms").lower()
    if channel not in SERVICES:
        raise BadPrice("channel", f"Use one of {', '.join(SERVICES)}.")
    currency = _code(row, "currency", 3)
    if not currency:
        raise BadPrice("currency", "Enter three letters, such as EUR.")
    refund = row.get("refund_undelivered", "").lower()
    if refund not in YES | NO:
        raise BadPrice("refund_undelivered", "Enter yes or no.")
    begins, ends = _moment(row, "valid_from"), _moment(row, "valid_until")
    if begins and ends and ends <= begins:
        raise BadPrice("valid_until", "Must be after the beginning.")
    kind = _short(row, "type", 20)
    return NewPrice(
        row.get("account", ""), channel, _code(row, "country", 2) or None, _short(row, "network", 40),
        kind.upper() if kind else None, _short(row, "sender", 15), currency, _amount(row, "unit_price"), _amount(row, "fee", "0"),
        refund in YES, begins, ends, _short(row, "note", 200) or "",
    )  # fmt: skip


def read_prices(rows: Iterable[SheetRow]) -> tuple[list[NewPrice], list[str]]:
    """Prices of rows, and what is wrong with those that cannot be read (with their line)."""
    prices, errors = [], []
    for row in rows:
        try:
            prices.append(read_price(row.values))
        except BadPrice as problem:
            errors.append(f"Line {row.line}, {problem.field}: {problem}")
            if len(errors) == MAX_ERRORS:
                break
    return prices, errors


async def save(context: Context, prices: Sequence[NewPrice], by: str) -> int:
    """Add prices; each ends the one that held in its place of the list until then. Raises BadPrice for a strange SID."""

    async def work(connection: Connection) -> int:
        accounts = await queries.account_ids(connection, {p.account for p in prices if p.account})
        now = context.clock.now()
        for price in prices:
            if price.account and price.account not in accounts:
                raise BadPrice("account", f"There is no account {price.account[:40]}.")
            account, begins = accounts.get(price.account), price.valid_from or now
            key = (account, price.channel, price.country, price.currency)
            added = await queries.add_tariff(
                connection, *key, price.unit_price, network=price.network, type_=price.type, sender=price.sender, fee=price.fee,
                refund_undelivered=price.refund_undelivered, valid_from=begins, valid_until=price.valid_until, note=price.note,
                by=by,
            )  # fmt: skip
            await queries.end_same(connection, (*key, price.network, price.type, price.sender), added, begins, by)
        await notify(connection, "accounts")
        return len(prices)

    return await context.database.run(work)


async def end(context: Context, tariff_id: int, by: str) -> bool:
    """End a price now; False when it has ended already."""

    async def work(connection: Connection) -> bool:
        ended = await queries.end_tariff(connection, tariff_id, context.clock.now(), by)
        await notify(connection, "accounts")
        return ended

    return await context.database.run(work)
