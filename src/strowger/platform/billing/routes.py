"""The billing API: balance or usage, ledger, prices (platform.md 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from strowger.foundation.clock import utc_text
from strowger.foundation.errors import StrowgerError
from strowger.foundation.tenancy import across_accounts
from strowger.platform.billing import repository
from strowger.platform.billing.prices import PriceList, Terms
from strowger.platform.billing.purse import LIMIT_WARNING, POSTPAID
from strowger.platform.billing.repository import auto, reading
from strowger.platform.gateway import rbc
from strowger.platform.gateway.envelope import TEXT
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Answer, Call, Operation, Parameter
from strowger.platform.gateway.params import as_text, read_moment, read_whole
from strowger.platform.gateway.services import PRICED
from strowger.platform.gateway.table import add_operations

register_errors("strowger.platform.billing")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{2,}")
SYMBOLS = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "INR": "₹",
    "JPY": "¥",
    "CNY": "¥",
    "BRL": "R$",
    "CHF": "CHF",
    "SGD": "S$",
}
KINDS = {
    "reserve": "charge", "release": "refund", "refund": "refund", "transfer_in": "transfer", "transfer_out": "transfer",
    "recharge": "recharge", "adjustment": "adjustment", "statement": "statement", "margin": "margin", "opening": "adjustment",
}  # fmt: skip
PAGE, LONGEST = 100, timedelta(days=366)
Row = Mapping[str, Any]


async def _whose(connection: Any, call: Call) -> int:
    """The account that is asked about. Raises RBC2401 to RBC2404."""
    own = call.principal.account_id
    email = as_text(call.params, "email")
    if email is None:
        return own
    if not EMAIL.fullmatch(email):
        raise StrowgerError("RBC2402", field="email")
    if call.principal.parent_id is not None:
        raise StrowgerError("RBC2403", field="email")
    row = await reading.statement(connection, own, call.context.clock.now())
    if row is not None and row["kind"] == POSTPAID:
        raise StrowgerError("RBC2404", field="email")
    child = await reading.child_by_email(connection, own, email)
    if child is None:
        raise StrowgerError("RBC2401", field="email")
    return child


async def get_billing(call: Call) -> Answer:
    """Balance (prepaid) or usage (postpaid)."""
    now = call.context.clock.now()

    async def work(connection: Any) -> tuple[Row | None, Row | None, bool]:
        account = await _whose(connection, call)
        return (
            await reading.statement(connection, account, now),
            await reading.last_recharge(connection, account),
            await auto.active(connection, account),
        )

    with across_accounts():  # a parent may ask for one of its sub-accounts, which _whose makes sure of
        row, last, debited = await call.context.database.run(work)
    if row is None:
        raise StrowgerError("RBC2405")
    data: dict[str, Any] = {
        "account_type": "prepaid" if row["kind"] == "prepaid" else "postpaid",
        "currency_symbol": SYMBOLS.get(row["currency"], row["currency"]),
        "currency_code": row["currency"],
        "as_of": utc_text(now),
    }
    return rbc.success(data | (_prepaid(row, last, debited) if row["kind"] == "prepaid" else _postpaid(row, now)))


def _prepaid(row: Row, last: Row | None, debited: bool) -> dict[str, Any]:
    return {
        "balance_amount": float(row["balance"]),
        "auto_debit_status": "active" if debited else "inactive",
        "last_recharge_date": last["created_at"].date().isoformat() if last else None,
        "last_recharge_amount": float(last["amount"]) if last else None,
        "credit_limit": float(row["credit_limit"]),
    }


def _postpaid(row: Row, now: datetime) -> dict[str, Any]:
    shared = row["kind"] == "shared"
    limit = row["month_limit"] if shared else row["credit_limit"]
    used = row["month_spent"] if shared else max(Decimal(0), -row["balance"])
    first = row["first_day"]
    return {
        "usage_amount": float(row["month_spent"]),
        "is_75_percent_used": bool(limit) and used >= limit * LIMIT_WARNING,
        "limit_used_duration": f"{first.isoformat()} to {now.date().isoformat()}" if first else "",
        "credit_limit": None if limit is None else float(limit),
    }


async def get_ledger(call: Call) -> Answer:
    """Movements of the balance."""
    now = call.context.clock.now()
    end = read_moment(call.params, "to", "RBC2406", end=True) or now
    start = read_moment(call.params, "from", "RBC2406") or end - timedelta(days=30)
    if end - start > LONGEST or end < start:
        raise StrowgerError("RBC2406", "At most 366 days, the earlier first", field="from")
    page = read_whole(call.params, "page", 1, 10_000, code="RBC2406")
    service, offset = as_text(call.params, "service"), (page - 1) * PAGE

    async def work(connection: Any) -> list[Row]:
        account = await _whose(connection, call)
        return await reading.entries(connection, account, start, end, service, PAGE, offset)

    with across_accounts():  # as above
        rows = await call.context.database.run(work)
    return rbc.success([_entry(row) for row in rows])


def _entry(row: Row) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "date": utc_text(row["created_at"]),
        "type": KINDS.get(row["kind"], row["kind"]),
        "service": row["service"],
        "reference": row["reference"],
        "messages": row["messages"],
        "amount": float(row["amount"]),
        "balance_after": None if row["balance_after"] is None else float(row["balance_after"]),
    }


async def get_prices(call: Call) -> Answer:
    """What a unit costs the account."""
    service, country = as_text(call.params, "service") or "sms", as_text(call.params, "country")
    if service not in PRICED:
        raise StrowgerError("E400", f"Must be one of {', '.join(PRICED)}", field="service")
    if country is not None and not re.fullmatch(r"[A-Za-z]{2}", country):
        raise StrowgerError("E400", "Must be an ISO country code", field="country")
    context = call.context

    async def work(connection: Any) -> list[dict[str, Any]]:
        row = await repository.terms(connection, call.principal.account_id)
        if row is None:
            raise StrowgerError("RBC2405")
        return prices_of(await repository.tariffs(connection), Terms(**row), service, country, context.clock.now())

    return rbc.success(await context.database.run(work))


def prices_of(
    rows: list[Row], terms: Terms, service: str | None, country: str | None, now: datetime
) -> list[dict[str, Any]]:
    """The prices that hold for an account now: for each place of the lists the one that wins, with its margin."""
    book = PriceList(rows)
    owners = {terms.account_id, terms.parent_id, None}
    places: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        fits = row["currency"] == terms.currency and row["account_id"] in owners and service in (None, row["channel"])
        if fits and (country is None or row["country"] in (None, country.upper())):
            place = (row["channel"], row["country"] or "", row["network"] or "", row["type"] or "", row["sender"] or "")
            places[place] = row
    found = []
    for place in sorted(places):
        row = places[place]
        rate = book.find(
            row["channel"],
            terms,
            row["country"],
            type_=row["type"],
            sender=row["sender"] or "",
            network=row["network"],
            at=now,
        )
        if rate is not None and (rate.network, rate.type, rate.sender) == (row["network"], row["type"], row["sender"]):
            found.append({
                "service": row["channel"], "country": row["country"], "network": row["network"], "type": row["type"],
                "sender": row["sender"], "currency_code": terms.currency, "unit_price": float(rate.unit_price),
                "fee": float(rate.fee), "refund_undelivered": rate.refund_undelivered,
            })  # fmt: skip
    return found


EMAIL_FIELD = Parameter("email", TEXT, "A sub-account's e-mail address; for a prepaid parent.")
BILLING_EXAMPLE = rbc.body({
    "account_type": "prepaid", "currency_symbol": "€", "currency_code": "EUR", "as_of": "2026-01-05T10:11:12Z",
    "balance_amount": 512.4, "auto_debit_status": "inactive", "last_recharge_date": "2026-01-02", "last_recharge_amount": 500,
    "credit_limit": 0,
})  # fmt: skip
ENTRY_EXAMPLE = rbc.body([{
    "id": "019b76da-a800-7000-8000-5a1d3c9e0f42", "date": "2026-01-05T10:11:12Z", "type": "charge", "service": "sms",
    "reference": "batch", "messages": 12, "amount": -0.6, "balance_after": 512.4,
}])  # fmt: skip
PRICE_EXAMPLE = rbc.body([{
    "service": "sms", "country": "GB", "network": None, "type": None, "sender": None, "currency_code": "EUR",
    "unit_price": 0.04, "fee": 0, "refund_undelivered": False,
}])  # fmt: skip
WHOSE_CODES = ("RBC2401", "RBC2402", "RBC2403", "RBC2404", "RBC2405")
BILLING = rbc.envelope({
    "type": "object", "required": ["account_type", "currency_symbol", "currency_code", "as_of", "credit_limit"],
    "properties": {"account_type": {"enum": ["prepaid", "postpaid"]}, "currency_symbol": TEXT, "currency_code": TEXT},
})  # fmt: skip


def _operation(
    path: str, name: str, summary: str, text: str, handler: Any, codes: tuple[str, ...], **more: Any
) -> Operation:
    return Operation(
        "GET",
        path,
        name,
        summary,
        text,
        handler,
        codes=(*codes, *rbc.CODES),
        tag="Billing",
        area="platform",
        failure=rbc.failure,
        **more,
    )


def _billing(path: str, name: str, summary: str) -> Operation:
    return _operation(
        path, name, summary, "Balance of a prepaid account, usage of this month of a postpaid one.", get_billing,
        WHOSE_CODES, parameters=(EMAIL_FIELD,), result=BILLING, example=BILLING_EXAMPLE, permission="usage.read",
    )  # fmt: skip


OPERATIONS = [
    _billing("/{sid}/billing", "get_billing", "Balance or usage"),
    _billing("/{sid}/billing/details", "get_billing_details", "Balance or usage, other path"),
    _operation(
        "/{sid}/billing/ledger", "get_ledger", "Ledger", "Movements of the balance, newest first, 100 a page.", get_ledger,
        ("RBC2406", *WHOSE_CODES),
        parameters=(
            Parameter("from", TEXT, "ISO date or date-time (UTC). Default 30 days before `to`.", example="2026-01-01"),
            Parameter("to", TEXT, "ISO date (inclusive) or date-time. Default now.", example="2026-01-31"),
            Parameter("service", TEXT, "Only this service, such as sms."),
            Parameter("page", {"type": ["string", "integer"]}, "From 1."),
            EMAIL_FIELD,
        ),
        result=rbc.envelope({"type": "array", "items": {"type": "object", "required": ["id", "date", "type", "amount"]}}),
        example=ENTRY_EXAMPLE, permission="billing.read",
    ),
    _operation(
        "/{sid}/billing/prices", "get_prices", "Prices", "What a unit costs this account now, its margin included.", get_prices,
        ("RBC2405",),
        parameters=(
            Parameter("service", {"enum": list(PRICED)}, "Default sms."),
            Parameter("country", TEXT, "Only prices for this country and for every country.", example="GB"),
        ),
        result=rbc.envelope({"type": "array", "items": {"type": "object", "required": ["service", "unit_price"]}}),
        example=PRICE_EXAMPLE, permission="billing.read",
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
