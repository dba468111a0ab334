"""Billing at a glance, use by day, the ledger, and the account's prices."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from litestar import Response

from strowger.console import menu
from strowger.console.chart import Chart, Series
from strowger.console.pages import Action, AnyRequest, Visitor, context_of, page, render
from strowger.console.table import Column, Empty, Filter, ListSource, Row, SqlSource, Table
from strowger.foundation.money import format_money
from strowger.platform.billing import repository
from strowger.platform.billing.notices import TONES, notice_text
from strowger.platform.billing.prices import Terms
from strowger.platform.billing.repository import reading
from strowger.platform.billing.repository.reading import ENTRY, USAGE
from strowger.platform.billing.routes import KINDS, prices_of
from strowger.platform.gateway.services import PRICED

menu.register("Billing", "Overview", "/billing", "wallet", 10)
menu.register("Billing", "Add Credits", "/billing/credits", "cash", 20)
menu.register("Billing", "Usage", "/billing/usage", "chart-bar", 30)
menu.register("Billing", "Ledger", "/billing/ledger", "receipt", 40)
menu.register("Billing", "Pricing", "/billing/pricing", "list-details", 50)
menu.register("Billing", "Preferences", "/billing/preferences", "adjustments", 60)
DAYS = 30


async def usage_chart(request: AnyRequest, visitor: Visitor) -> Chart:
    """What was spent on each of the last days, by service."""
    context = context_of(request)
    last = visitor.local(context.clock.now()).date()
    first = last - timedelta(days=DAYS - 1)
    rows = await context.database.run(lambda c: reading.used_by_day(c, visitor.account_id, first, last))
    by_service: dict[str, dict[Any, Decimal]] = defaultdict(dict)
    for row in rows:
        by_service[row["service"]][row["day"]] = row["amount"]
    days = [first + timedelta(days=n) for n in range(DAYS)]
    series = [
        Series(PRICED.get(name, name), [found.get(day, Decimal(0)) for day in days]) for name, found in by_service.items()
    ] or [Series("Spent", [Decimal(0)] * DAYS)]  # fmt: skip
    return Chart(
        "spent", f"Spent in the last {DAYS} days", [f"{day:%-d %b}" for day in days], series, "stacked",
        unit=visitor.currency, zone=visitor.time_zone, category_label="Day",
    )  # fmt: skip


@page("/billing", permission="usage.read")
async def billing_overview(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Balance or use, limits, what the account was told, and a chart."""
    context, now = context_of(request), context_of(request).clock.now()

    async def work(connection: Any) -> tuple[Any, list[Any]]:
        found = await reading.statement(connection, visitor.account_id, now)
        notices = await reading.notices(connection, visitor.account_id, 20)
        await reading.see_notices(connection, visitor.account_id, now)
        return found, notices

    row, notices = await context.database.run(work)
    told = [(notice_text(n["kind"], n["detail"]), TONES.get(n["kind"], "info"), n) for n in notices]
    actions = [Action("Add Credits", "/billing/credits", "cash", primary=True)]
    return await render(
        request, "billing/overview.html", title="Billing overview", row=row, told=told, chart=await usage_chart(request, visitor),
        actions=actions if row is not None and row["kind"] == "prepaid" and row["parent_id"] is None else [],
        show=lambda value: "none" if value is None else format_money(value, visitor.currency),
        used_up=row is not None and row["kind"] == "postpaid" and -row["balance"] >= row["credit_limit"],
    )  # fmt: skip


USED = Table(
    "usage",
    columns=(
        Column("key", "Day", sort=True, value=lambda row: row["day"].isoformat()),
        Column("service", "Channel", sort=True, label_of=lambda name: PRICED.get(name, name)),
        Column("messages", "Messages", "number", sort=True),
        Column("amount", "Amount", "money", sort=True),
    ),
    filters=(Filter("service", "Channel", "multi", tuple(PRICED.items())), Filter("amount", "Amount", "number")),
    sort="-key",
    empty=Empty("Nothing spent yet", "What each day cost, by channel, stands here from the first message on.",
                Action("Send a message", "/send", "send")),
)  # fmt: skip


@page("/billing/usage", permission="usage.read")
async def billing_usage(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Use by day and channel, with CSV and XLSX."""
    source = SqlSource(
        context_of(request).database, reading.usage_rows(), USAGE.account_id, key=("key",),
        columns={name: USAGE[name] for name in ("service", "messages", "amount")},
    )  # fmt: skip
    chart = await usage_chart(request, visitor)
    return await USED.respond(request, visitor, source, title="Usage", template="billing/list.html", chart=chart)


LABELS = {
    "reserve": "Messages", "release": "Not sent", "refund": "Refund", "recharge": "Recharge", "adjustment": "Adjustment",
    "transfer_in": "From the other account", "transfer_out": "To the other account", "statement": "Month invoiced",
    "margin": "Margin of a sub-account", "opening": "Opening",
}  # fmt: skip
LEDGER = Table(
    "ledger",
    columns=(
        Column("id", "Date", "time", sort=True, value=lambda row: row["created_at"]),
        Column("kind", "What", sort=True, label_of=lambda kind: LABELS.get(kind, kind)),
        Column("type", "Type", shown=False, value=lambda row: KINDS.get(row["kind"], row["kind"])),
        Column("service", "Channel", sort=True, label_of=lambda name: PRICED.get(name, name)),
        Column("messages", "Messages", "number", sort=True),
        Column("reference", "Reference", shown=False),
        Column("by_user", "By", shown=False),
        Column("amount", "Amount", "money", sort=True),
        Column("balance_after", "Balance after", "money"),
    ),
    filters=(Filter("created_at", "Date", "time"), Filter("kind", "What", "multi", tuple(LABELS.items())),
             Filter("amount", "Amount", "number")),
    search="Search by reference",
    empty=Empty("No movements yet", "Every change of the balance is written here and never changed again.",
                Action("Add Credits", "/billing/credits", "cash")),
)  # fmt: skip


@page("/billing/ledger", permission="billing.read")
async def billing_ledger(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Every movement of the balance."""
    rows, owner = reading.entry_rows(visitor.account_id)
    source = SqlSource(
        context_of(request).database, rows, owner, key=("id",),
        columns={name: ENTRY[name] for name in ("id", "kind", "service", "messages", "amount", "created_at")},
        search=lambda text: ENTRY.reference.icontains(text, autoescape=True), nullable=frozenset({"service"}),
    )  # fmt: skip
    return await LEDGER.respond(request, visitor, source, title="Ledger")


PRICES = Table(
    "own-prices",
    columns=(
        Column("service", "Channel", sort=True, label_of=lambda name: PRICED.get(name, name)),
        Column("country", "Country", sort=True, value=lambda row: row["country"] or "every"),
        Column("network", "Network", value=lambda row: row["network"] or "every"),
        Column("type", "Route type", value=lambda row: row["type"] or "every"),
        Column("sender", "Sender begins with", value=lambda row: row["sender"] or "anything"),
        Column("unit_price", "Price of a unit", "money", sort=True),
        Column("fee", "Fee", "money"),
        Column(
            "refund_undelivered",
            "Refunded when undelivered",
            value=lambda r: "yes" if r["refund_undelivered"] else "no",
        ),
    ),
    filters=(Filter("service", "Channel", "multi", tuple(PRICED.items())), Filter("country", "Country")),
    sort="service",
    empty=Empty(
        "No prices yet", "What a message costs you stands here once the operator has set prices in your currency."
    ),
)


@page("/billing/pricing", permission="billing.read")
async def own_prices(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """What a unit costs the account, read-only."""
    context = context_of(request)

    async def rows(account_id: int) -> list[Row]:
        async def work(connection: Any) -> list[Row]:
            terms = await repository.terms(connection, account_id)
            listed = await repository.tariffs(connection)
            found = prices_of(listed, Terms(**terms), None, None, context.clock.now()) if terms else []
            return [
                {**row, "id": n, "unit_price": Decimal(str(row["unit_price"])), "fee": Decimal(str(row["fee"]))}
                for n, row in enumerate(found)
            ]

        return await context.database.run(work)

    return await PRICES.respond(request, visitor, ListSource(rows, searched=("country",)), title="Pricing")


pages: list[Any] = [billing_overview, billing_usage, billing_ledger, own_prices]
