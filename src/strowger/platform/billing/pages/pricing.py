"""The operator's price lists: table, one price, import of a file, history."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Visitor, context_of, page, redirect, render
from strowger.console.sql_source import SqlSource
from strowger.console.table import Column, Empty, Filter, Row, RowAction, Table
from strowger.console.upload import Upload
from strowger.foundation.sheets import SheetProblem
from strowger.platform.billing import importing
from strowger.platform.billing.importing import BadPrice
from strowger.platform.billing.models import Tariff
from strowger.platform.billing.pages.everyones import EveryonesSource
from strowger.platform.billing.repository import prices as queries
from strowger.platform.gateway.services import PRICED

HERE = "/operator/prices"
CRUMBS = [Crumb("Price lists", HERE)]
MAX_FILE = 8 * 1024 * 1024
TARIFF = Tariff.__table__.c
STATES = {"valid": "Valid", "coming": "Coming", "ended": "Ended"}

menu.register("Installation", "Price lists", HERE, "report-money", 30)


def _path(row: Row, act: str = "") -> str:
    return f"{HERE}/{row['id']}{act}"


TABLE = Table(
    "price-list",
    columns=(
        Column("channel", "Channel", sort=True, label_of=lambda name: PRICED.get(name, name)),
        Column("account", "For", value=lambda row: row["account_name"] or "Everyone"),
        Column("sid", "SID", "mono", shown=False),
        Column("country", "Country", sort=True, value=lambda row: row["country"] or "every"),
        Column("network", "Network", value=lambda row: row["network"] or "every", shown=False),
        Column("type", "Route type", value=lambda row: row["type"] or "every"),
        Column("sender", "Sender begins with", value=lambda row: row["sender"] or "anything"),
        Column("unit_price", "Price of a unit", "number", sort=True),
        Column("fee", "Fee", "number", shown=False),
        Column("currency", "Currency", sort=True),
        Column("refund_undelivered", "Refund", value=lambda row: "when undelivered" if row["refund_undelivered"] else "no"),
        Column("valid_from", "From", "time", sort=True),
        Column("valid_until", "Until", "time", sort=True),
        Column("created_by", "By", shown=False),
        Column("note", "Note", shown=False),
        Column("id", "Number", "number", sort=True, shown=False),
    ),
    filters=(
        Filter("channel", "Channel", "multi", tuple(PRICED.items())), Filter("country", "Country"),
        Filter("currency", "Currency"),
        Filter("type", "Route type"), Filter("sender", "Sender"), Filter("valid_from", "From", "time"),
        Filter("state", "State", "select", tuple(STATES.items())),
    ),
    search="Search by account, network or note",
    empty=Empty("No prices yet", "Without a price nothing can be sent. Prices are for a channel and currency; what is left empty "
                "fits all.", Action("Add a price", f"{HERE}/new", "plus")),
    row_href=_path,
    row_actions=(
        RowAction("Change", _path, "pencil"),
        RowAction("End now", lambda row: _path(row, "/end"), "calendar-x", "POST", danger=True,
                  confirm=lambda row: "From now on nothing has this price. Earlier messages keep theirs."),
    ),
)  # fmt: skip
FORM = Form(
    "price",
    (
        Field("channel", "Channel", "select", options=tuple(PRICED.items()), default="sms", required=True, width="half"),
        Field("account", "For the account (SID)", max_length=60, width="half", help="Empty: everyone."),
        Field("country", "Country", max_length=2, width="half", placeholder="Every", attrs={"maxlength": 2}),
        Field("network", "Network", max_length=40, width="half", placeholder="Every"),
        Field("type", "Route type", max_length=20, width="half", placeholder="Every", help="Such as OTP, TXN, MKT."),
        Field("sender", "Sender begins with", max_length=15, width="half", placeholder="Anything"),
        Field("unit_price", "Price of a unit", required=True, width="half", attrs={"inputmode": "decimal"}),
        Field("currency", "Currency", required=True, max_length=3, width="half", attrs={"maxlength": 3}),
        Field("fee", "Fee of a unit", default="0", width="half", attrs={"inputmode": "decimal"},
              help="On top of the price; never given back."),
        Field("refund_undelivered", "Give the price back when a message is not delivered", "checkbox"),
        Field("valid_from", "From", width="half", placeholder="Now", help="ISO date, UTC; empty: now."),
        Field("valid_until", "Until", width="half", placeholder="Open", help="ISO date, UTC; empty: until another one begins."),
        Field("note", "Note", max_length=200),
    ),
    submit="Save price", cancel=HERE,
)  # fmt: skip


def source(database: Any, now: Any) -> SqlSource:
    """All prices of the installation."""
    states = {
        "valid": (TARIFF.valid_from <= now) & (TARIFF.valid_until.is_(None) | (TARIFF.valid_until > now)),
        "coming": TARIFF.valid_from > now,
        "ended": TARIFF.valid_until <= now,
    }
    rows = queries.price_rows()
    names = ("id", "channel", "country", "currency", "unit_price", "valid_from", "valid_until", "type", "sender")
    return EveryonesSource(
        database, rows, TARIFF.id, key=("id",), columns={name: TARIFF[name] for name in names},
        search=queries.search_prices, filters={"state": lambda name: states[name]},
        nullable=frozenset({"country", "valid_until"}),
    )  # fmt: skip


@page(HERE, permission="installation.read")
async def list_prices(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """All prices, with CSV and XLSX."""
    context = context_of(request)
    actions = [
        Action("Add a price", f"{HERE}/new", "plus", primary=True, key="c"),
        Action("Import", f"{HERE}/import", "file-import"),
    ]
    return await TABLE.respond(
        request, visitor, source(context.database, context.clock.now()), title="Price lists", actions=actions
    )


async def _page(request: AnyRequest, form: FormState, title: str, history: list[Any] | None = None) -> Response[Any]:
    return await render(
        request, "billing/price.html", title=title, crumbs=CRUMBS, form=form, status=form.status, history=history or []
    )


async def _save(request: AnyRequest, visitor: Visitor, form: FormState) -> bool:
    row = {
        name: ("yes" if value is True else "" if value is False else str(value)) for name, value in form.values.items()
    }
    try:
        await importing.save(context_of(request), [importing.read_price(row)], visitor.email)
    except BadPrice as problem:
        form.fail(problem.field, str(problem))
    return form.ok


@page(f"{HERE}/new", methods=["GET", "POST"], permission="installation.write")
async def new_price(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Add a price."""
    if request.method == "GET":
        return await _page(request, FORM.blank(visitor, currency=visitor.currency), "Add a price")
    form = await FORM.read(request, visitor)
    if form.ok and await _save(request, visitor, form):
        return redirect(request, HERE, "Price saved.")
    return await _page(request, form, "Add a price")


def _plain(value: Any) -> str:
    return f"{value.normalize():f}"


@page(f"{HERE}/{{price_id:int}}", methods=["GET", "POST"], permission="installation.write")
async def change_price(request: AnyRequest, visitor: Visitor, price_id: int) -> Response[Any]:
    """Change a price: it ends, and the new one begins. The history stays."""
    context = context_of(request)

    async def work(connection: Any) -> tuple[Any, list[Any]]:
        return await queries.tariff(connection, price_id), await queries.history(connection, price_id)

    row, history = await context.database.run(work)
    if row is None:
        raise NotFoundException
    if request.method == "GET":
        shown = {
            name: row[name] or "" for name in ("channel", "country", "network", "type", "sender", "currency", "note")
        }
        form = FORM.blank(
            visitor, **shown, account=row["sid"] or "", unit_price=_plain(row["unit_price"]), fee=_plain(row["fee"]),
            refund_undelivered=row["refund_undelivered"],
        )  # fmt: skip
        return await _page(request, form, "Change a price", history)
    form = await FORM.read(request, visitor)
    if form.ok and await _save(request, visitor, form):
        return redirect(request, HERE, "Price saved; the one before ends when it begins.")
    return await _page(request, form, "Change a price", history)


@page(f"{HERE}/{{price_id:int}}/end", methods=["POST"], permission="installation.write")
async def end_price(request: AnyRequest, visitor: Visitor, price_id: int) -> Response[Any]:
    """End a price now."""
    ended = await importing.end(context_of(request), price_id, visitor.email)
    return redirect(
        request, HERE, "The price has ended." if ended else "It had ended already.", "success" if ended else "info"
    )


IMPORT = Upload(
    "Import prices", CRUMBS[0], importing.COLUMNS, {name.replace("_", " "): name for name, _, _ in importing.COLUMNS},
    ",".join(name for name, _, _ in importing.COLUMNS)
    + "\n,sms,GB,,,,EUR,0.04,0,no,,,\n,sms,,,OTP,,EUR,0.06,0,yes,2026-01-01,,One-time passwords",
    importing.MAX_ROWS, MAX_FILE, "What is left empty fits all. All rows are saved, or none.",
)  # fmt: skip


@page(f"{HERE}/import", permission="installation.write")
async def import_page(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The form of an import."""
    return await IMPORT.page(request)


@page(f"{HERE}/import", methods=["POST"], permission="installation.write")
async def import_prices(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Read a file; all of its prices are saved, or none."""
    try:
        _, rows, _ = await IMPORT.read(request)
        prices, errors = importing.read_prices(rows)
        if errors:
            return await IMPORT.page(request, *errors)
        count = await importing.save(context_of(request), prices, visitor.email)
    except (SheetProblem, BadPrice) as problem:
        return await IMPORT.page(request, str(problem))
    return redirect(request, HERE, f"{count} price{'s' if count != 1 else ''} imported.")


pages: list[Any] = [list_prices, new_price, change_price, end_price, import_page, import_prices]
