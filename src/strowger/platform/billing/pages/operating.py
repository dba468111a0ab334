"""The operator's rooms: accounts and their money, recharges that wait, payment methods, taxes, books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Crumb, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, Row, RowAction, Table
from strowger.foundation.errors import StrowgerError
from strowger.foundation.money import format_money
from strowger.platform.audit import service as audit
from strowger.platform.billing import recharging, service, trail
from strowger.platform.billing.pages.crediting import STATUSES, TONES
from strowger.platform.billing.pages.everyones import EveryonesSource
from strowger.platform.billing.payments import kinds
from strowger.platform.billing.payments.kind import FAILED, PAID, MethodKind
from strowger.platform.billing.recharging import Unpayable
from strowger.platform.billing.repository import reading
from strowger.platform.billing.repository import recharging as queries
from strowger.platform.billing.repository.reading import ACCOUNT, RECHARGE, WALLET

MONEY, RECHARGES, PAYMENTS = "/operator/money", "/operator/recharges", "/operator/payments"
KINDS = {"prepaid": "Prepaid", "postpaid": "Postpaid", "shared": "Shared usage"}

menu.register("Installation", "Accounts' money", MONEY, "coin", 31)
menu.register("Installation", "Recharges", RECHARGES, "building-bank", 32)
menu.register("Installation", "Payments and tax", PAYMENTS, "credit-card", 33)

WALLETS = Table(
    "wallets",
    columns=(
        Column("name", "Account", sort=True, href=lambda row: f"{MONEY}/{row['id']}"),
        Column("sid", "SID", "mono"),
        Column("parent", "Main account", shown=False),
        Column("kind", "Kind", sort=True, label_of=lambda kind: KINDS.get(kind, kind)),
        Column("balance", "Balance", sort=True, value=lambda row: format_money(row["balance"], row["currency"])),
        Column("credit_limit", "Limit", value=lambda row: format_money(row["credit_limit"], row["currency"])),
        Column("state", "State", sort=True),
        Column("id", "Number", "number", sort=True, shown=False),
    ),
    filters=(
        Filter("kind", "Kind", "multi", tuple(KINDS.items())), Filter("state", "State"),
        Filter("balance", "Balance", "number"),
    ),
    search="Search by name or SID",
    empty=Empty("No accounts", "Every account with a wallet is listed here."),
)  # fmt: skip


def _pending(row: Row) -> bool:
    return row["status"] in ("pending", "failed")


WAITING = Table(
    "operator-recharges",
    columns=(
        Column("id", "Date", "time", sort=True, value=lambda row: row["created_at"]),
        Column("reference", "Reference", "mono"),
        Column("account_name", "Account"),
        Column("method", "Method", sort=True),
        Column("amount", "Credits", value=lambda row: format_money(row["amount"], row["currency"])),
        Column("total", "To be paid", sort=True, value=lambda row: format_money(row["total"], row["currency"])),
        Column("status", "Status", "status", sort=True, tone=TONES, label_of=STATUSES.__getitem__),
        Column("note", "Note", shown=False),
        Column("invoice", "Invoice", "mono"),
    ),
    filters=(Filter("status", "Status", "multi", tuple(STATUSES.items())), Filter("method", "Method"),
             Filter("created_at", "Date", "time")),
    search="Search by reference or account",
    empty=Empty("No recharges", "Recharges of all accounts are listed here. Bank transfers wait until you confirm them."),
    row_actions=(
        RowAction("Confirm as paid", lambda row: f"{RECHARGES}/{row['reference']}/paid", "check", "POST", when=_pending,
                  confirm=lambda row: f"{format_money(row['total'], row['currency'])} have arrived with the reference "
                  f"{row['reference']}: the credit is booked and an invoice issued."),
        RowAction("Mark as failed", lambda row: f"{RECHARGES}/{row['reference']}/failed", "ban", "POST", danger=True,
                  when=lambda row: row["status"] == "pending", confirm=lambda row: "The money has not come. Nothing is booked."),
    ),
)  # fmt: skip


@page(MONEY, permission="installation.read")
async def list_wallets(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """All accounts with their money, and the books."""
    database = context_of(request).database
    source = EveryonesSource(
        database, reading.wallet_rows(), ACCOUNT.id, key=("id",),
        columns={"id": ACCOUNT.id, "name": ACCOUNT.name, "state": ACCOUNT.state, "kind": WALLET.kind, "balance": WALLET.balance},
        search=lambda text: ACCOUNT.name.icontains(text, autoescape=True) | ACCOUNT.sid.icontains(text, autoescape=True),
    )  # fmt: skip
    return await WALLETS.respond(
        request, visitor, source, title="Accounts' money", template="billing/wallets.html", books=await reading.books(database),
        show=format_money,
    )  # fmt: skip


ADJUST = Form(
    "adjust",
    (
        Field("amount", "Amount", "number", required=True, width="half", help="Negative takes away."),
        Field("reason", "Reason", required=True, min_length=3, max_length=200, width="half"),
    ),
    submit="Adjust balance", guard_leaving=False,
)  # fmt: skip
TERMS = Form(
    "terms",
    (
        Field("kind", "Kind", "radio", required=True, options=(
            ("prepaid", "Prepaid", "It spends what it has paid."),
            ("postpaid", "Postpaid", "It spends up to the limit and is invoiced after each month."))),
        Field("limit", "Limit of a month", "number", least=0, help="For postpaid accounts."),
        Field("subaccounts", "May have sub-accounts", "checkbox"),
    ),
    submit="Save terms", guard_leaving=False,
)  # fmt: skip


async def _account(request: AnyRequest, account_id: int) -> tuple[Any, list[Any], bool]:
    context = context_of(request)

    async def work(connection: Any) -> tuple[Any, list[Any], bool]:
        row = await reading.statement(connection, account_id, context.clock.now())
        found = await reading.latest(connection, account_id, 30)
        return row, found, await queries.feature(connection, account_id)

    row, entries, feature = await context.database.run(work)
    if row is None:
        raise NotFoundException
    return row, entries, feature


async def _money_page(
    request: AnyRequest,
    visitor: Visitor,
    account_id: int,
    adjust: FormState | None = None,
    terms: FormState | None = None,
) -> Response[Any]:
    row, entries, feature = await _account(request, account_id)
    limit = "" if not row["credit_limit"] else f"{row['credit_limit'].normalize():f}"
    adjust = adjust or ADJUST.blank(visitor)
    terms = terms or TERMS.blank(visitor, kind=row["kind"], limit=limit, subaccounts=feature)
    return await render(
        request, "billing/wallet.html", title=row["name"], crumbs=[Crumb("Accounts' money", MONEY)], row=row, entries=entries,
        adjust=adjust, terms=terms, show=lambda value: format_money(value, row["currency"]), kind=KINDS[row["kind"]],
        base=f"{MONEY}/{account_id}", status=200 if adjust.ok and terms.ok else 422, may=visitor.may("installation.write"),
    )  # fmt: skip


@page(f"{MONEY}/{{account_id:int}}", permission="installation.read")
async def show_wallet(request: AnyRequest, visitor: Visitor, account_id: int) -> Response[Any]:
    """One account's money."""
    return await _money_page(request, visitor, account_id)


@page(f"{MONEY}/{{account_id:int}}/adjust", methods=["POST"], permission="installation.write")
async def adjust_balance(request: AnyRequest, visitor: Visitor, account_id: int) -> Response[Any]:
    """Correct a balance, with a reason."""
    context, form = context_of(request), await ADJUST.read(request, visitor)
    row, _, _ = await _account(request, account_id)
    if form.ok and row["kind"] == "shared":
        form.fail("amount", "It spends its main account's money.")
    if form.ok and (not form["amount"] or abs(form["amount"]) > recharging.MOST):
        form.fail("amount", f"Enter an amount other than 0, at most {recharging.MOST}.")
    if form.ok:
        try:
            await context.database.run(
                lambda c: service.adjust(
                    c, account_id, form["amount"], form["reason"], context.clock.now(), visitor.email
                )
            )
        except service.Overdrawn:
            form.fail("amount", "The account has less than that.")
        else:
            await audit.note(
                context, account_id, trail.OPERATOR, visitor.email, "adjust the balance", amount=form["amount"],
                currency=row["currency"], reason=form["reason"],
            )  # fmt: skip
            return redirect(request, f"{MONEY}/{account_id}", "Balance adjusted.")
    return await _money_page(request, visitor, account_id, adjust=form)


@page(f"{MONEY}/{{account_id:int}}/terms", methods=["POST"], permission="installation.write")
async def save_terms(request: AnyRequest, visitor: Visitor, account_id: int) -> Response[Any]:
    """Make an account prepaid or postpaid, and say whether it may have sub-accounts."""
    context, form = context_of(request), await TERMS.read(request, visitor)
    row, _, _ = await _account(request, account_id)
    limit = form.values.get("limit") or Decimal(0)
    if form.ok and form["kind"] == "postpaid" and not limit:
        form.fail("limit", "A postpaid account needs a limit.")
    if form.ok and row["parent_id"] is not None:
        form.fail("kind", "A sub-account follows its main account.")
    if form.ok:
        wanted = limit if form["kind"] == "postpaid" else Decimal(0)

        async def work(connection: Any) -> None:
            if not await queries.set_kind(connection, account_id, form["kind"], wanted):
                raise StrowgerError("E409", "The account owes more than that limit allows.")
            await queries.set_feature(connection, account_id, form["subaccounts"])

        try:
            await context.database.run(work)
        except StrowgerError as problem:
            form.fail("limit", str(problem.detail))
        else:
            await audit.note(
                context, account_id, trail.OPERATOR, visitor.email, "change the terms", kind=form["kind"], limit=wanted,
                subaccounts=form["subaccounts"],
            )  # fmt: skip
            return redirect(request, f"{MONEY}/{account_id}", "Terms saved.")
    return await _money_page(request, visitor, account_id, terms=form)


@page(RECHARGES, permission="installation.read")
async def list_recharges(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Recharges of all accounts."""
    source = EveryonesSource(
        context_of(request).database, reading.recharge_rows(), RECHARGE.account_id, key=("id",), columns=dict(RECHARGE.items()),
        search=lambda text: RECHARGE.reference.icontains(text, autoescape=True) | ACCOUNT.name.icontains(text, autoescape=True),
    )  # fmt: skip
    return await WAITING.respond(request, visitor, source, title="Recharges")


@page(
    [f"{RECHARGES}/{{reference:str}}/paid", f"{RECHARGES}/{{reference:str}}/failed"], methods=["POST"],
    permission="installation.write",
)  # fmt: skip
async def decide_recharge(request: AnyRequest, visitor: Visitor, reference: str) -> Response[Any]:
    """Confirm that the money has come, or that it has not."""
    status = PAID if request.url.path.endswith("/paid") else FAILED
    try:
        outcome = await recharging.decide(context_of(request), reference, status, "", visitor.email)
    except Unpayable as problem:
        return redirect(request, RECHARGES, str(problem), "danger")
    words = {"paid": "Booked; the invoice is issued.", "failed": "Marked as failed."}
    return redirect(
        request, RECHARGES, words.get(outcome, "It is settled already."), "success" if outcome in words else "info"
    )


def method_form(kind: MethodKind) -> Form:
    """The set-up of a payment method."""
    fields = tuple(
        Field(f.name, f.label, "password" if f.secret else "textarea" if f.name == "instructions" else "text", max_length=2000,
              help=f.help + (" Empty: the stored one stays." if f.secret else ""), default=f.default, autocomplete="off")
        for f in kind.fields
    )  # fmt: skip
    switch = Field("enabled", f"Offer “{kind.label}”", "checkbox")
    return Form(
        f"method-{kind.name}", (switch, *fields), submit="Save", action=f"{PAYMENTS}/{kind.name}", guard_leaving=False
    )


TAX = Form(
    "tax",
    (
        Field("country", "Country", required=True, pattern="[A-Za-z]{2}", pattern_text="Enter two letters.", width="half",
              attrs={"maxlength": 2}),
        Field("rate", "Per cent", "number", required=True, least=0, most=100, width="half"),
        Field("name", "Name", required=True, max_length=40, help="As it stands on invoices, such as VAT."),
    ),
    submit="Save tax", action=f"{PAYMENTS}/tax", guard_leaving=False,
)  # fmt: skip


async def _payments_page(request: AnyRequest, visitor: Visitor, failed: FormState | None = None) -> Response[Any]:
    context = context_of(request)
    rows = {row["name"]: row for row in await context.database.run(queries.methods)}
    forms = []
    for kind in kinds().values():
        row = rows.get(kind.name)
        form = failed if failed is not None and failed.form.name == f"method-{kind.name}" else None
        if form is None:
            shown = {**(row["config"] if row else {}), "enabled": bool(row and row["enabled"])}
            form = method_form(kind).blank(visitor, **shown)
        webhook = f"{context.settings.base_url}/payments/{kind.name}/webhook" if kind.read_webhook else ""
        forms.append((kind, form, webhook))
    tax = failed if failed is not None and failed.form.name == "tax" else TAX.blank(visitor)
    return await render(
        request, "billing/payments.html", title="Payments and tax", forms=forms, tax=tax, status=422 if failed else 200,
        taxes=await context.database.run(queries.taxes), may=visitor.may("installation.write"), base=PAYMENTS,
    )  # fmt: skip


@page(PAYMENTS, permission="installation.read")
async def show_payments(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Payment methods and taxes."""
    return await _payments_page(request, visitor)


@page(f"{PAYMENTS}/tax", methods=["POST"], permission="installation.write")
async def save_tax(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Set the tax of a country."""
    form = await TAX.read(request, visitor)
    if not form.ok:
        return await _payments_page(request, visitor, form)
    await context_of(request).database.run(
        lambda c: queries.save_tax(c, form["country"].upper(), form["name"], form["rate"])
    )
    return redirect(request, PAYMENTS, "Tax saved.")


@page(f"{PAYMENTS}/tax/{{country:str}}/remove", methods=["POST"], permission="installation.write")
async def drop_tax(request: AnyRequest, visitor: Visitor, country: str) -> Response[Any]:
    """Remove the tax of a country."""
    await context_of(request).database.run(lambda c: queries.drop_tax(c, country[:2].upper()))
    return redirect(request, PAYMENTS, "Tax removed.")


@page(f"{PAYMENTS}/{{name:str}}", methods=["POST"], permission="installation.write")
async def save_method(request: AnyRequest, visitor: Visitor, name: str) -> Response[Any]:
    """Set up a payment method."""
    kind = kinds().get(name)
    if kind is None:
        raise NotFoundException
    form = await method_form(kind).read(request, visitor)
    if form.ok:
        given = {f.name: str(form[f.name]).strip() for f in kind.fields}
        try:
            await recharging.save_method(context_of(request), kind, form["enabled"], given)
        except Unpayable as problem:
            form.fail("", str(problem))
        else:
            return redirect(request, PAYMENTS, "Saved.")
    return await _payments_page(request, visitor, form)


pages: list[Any] = [
    list_wallets, show_wallet, adjust_balance, save_terms, list_recharges, decide_recharge, show_payments, save_tax, drop_tax,
    save_method,
]  # fmt: skip
