"""Adding credits: the form, the history, one recharge, invoices; and where payment services report."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.handlers import post
from litestar.params import PathParameter

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, SqlSource, Table
from strowger.foundation.money import format_money
from strowger.platform.billing import hearing, recharging
from strowger.platform.billing.payments.kind import BadWebhook
from strowger.platform.billing.recharging import MOST, SetUp, Unpayable, least
from strowger.platform.billing.repository import reading
from strowger.platform.billing.repository import recharging as queries
from strowger.platform.billing.repository.reading import RECHARGE

HERE, AUTO = "/billing/credits", "/billing/auto-recharge"
STATUSES = {"pending": "Pending", "paid": "Paid", "failed": "Failed", "refunded": "Refunded"}
TONES = {"pending": "info", "paid": "success", "failed": "danger", "refunded": "neutral"}
MAX_WEBHOOK = 512 * 1024


def _invoice_path(row: Any) -> str | None:
    return f"/billing/invoices/{row['invoice']}.pdf" if row["invoice"] else None


HISTORY = Table(
    "recharges",
    columns=(
        Column("id", "Date", "time", sort=True, value=lambda row: row["created_at"]),
        Column("reference", "Reference", "mono", href=lambda row: f"{HERE}/{row['id']}"),
        Column("method", "Method", sort=True),
        Column("amount", "Amount", "money", sort=True),
        Column("tax", "Tax", "money"),
        Column("total", "Total", "money", sort=True),
        Column("status", "Status", "status", sort=True, tone=TONES, label_of=STATUSES.__getitem__),
        Column("invoice", "Invoice", "mono", href=_invoice_path),
    ),
    filters=(Filter("status", "Status", "multi", tuple(STATUSES.items())), Filter("created_at", "Date", "time")),
    search="Search by reference",
    empty=Empty("No recharges yet", "Credits that you add, with their invoices, are listed here."),
)


def _form(methods: dict[str, SetUp], currency: str) -> Form:
    options = tuple((name, one.kind.label, one.kind.text) for name, one in methods.items())
    lowest = least(currency)
    return Form(
        "add-credits",
        (
            Field("amount", f"Amount ({currency})", "number", required=True, least=lowest, most=MOST,
                  help=f"From {lowest}; tax is added by country.", attrs={"step": "0.01", "min": str(lowest)}),
            Field("method", "Payment", "radio", required=True, options=options, default=options[0][0] if options else ""),
        ),
        submit="Add Credits", action=HERE, guard_leaving=False,
    )  # fmt: skip


def recharge_source(database: Any) -> SqlSource:
    """The recharges of an account."""
    return SqlSource(
        database, reading.recharge_rows(), RECHARGE.account_id, key=("id",), columns=dict(RECHARGE.items()),
        search=lambda text: RECHARGE.reference.icontains(text, autoescape=True),
    )  # fmt: skip


async def _page(request: AnyRequest, visitor: Visitor, form: FormState | None = None) -> Response[Any]:
    context = context_of(request)
    now = context.clock.now()
    row = await context.database.run(lambda c: reading.statement(c, visitor.account_id, now))
    methods = await recharging.set_up(context)
    may = row is not None and row["kind"] == "prepaid" and row["parent_id"] is None and visitor.may("billing.write")
    if may and form is None:
        form = _form(methods, visitor.currency).blank(visitor)
    answer = await HISTORY.respond(
        request, visitor, recharge_source(context.database), title="Add Credits", template="billing/credits.html",
        actions=[Action("Auto-recharge", AUTO, "refresh-dot")] if may else (),
        form=form if may else None, row=row, available=bool(methods),
        own_balance=format_money(row["balance"], visitor.currency) if row else "",
    )  # fmt: skip
    if form is not None and not form.ok:
        answer.status_code = form.status
    return answer


@page(HERE, permission="billing.read")
async def credits_page(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The form and the history."""
    return await _page(request, visitor)


@page(HERE, methods=["POST"], permission="billing.write")
async def add_credits(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Begin a recharge."""
    context = context_of(request)
    form = await _form(await recharging.set_up(context), visitor.currency).read(request, visitor)
    if form.ok and form["amount"] != form["amount"].quantize(recharging.CENT):
        form.fail("amount", "Use at most two decimals.")
    if form.ok:
        try:
            row = await recharging.start(context, visitor.account_id, form["amount"], form["method"], visitor.email)
        except Unpayable as problem:
            form.fail("", str(problem))
        else:
            return redirect(request, f"{HERE}/{row['id']}")
    return await _page(request, visitor, form)


@page(f"{HERE}/{{recharge_id:uuid}}", permission="billing.read")
async def show_recharge(request: AnyRequest, visitor: Visitor, recharge_id: UUID) -> Response[Any]:
    """One recharge: what to do to pay it, or its invoice."""
    context = context_of(request)
    row = await context.database.run(lambda c: queries.one(c, visitor.account_id, recharge_id))
    if row is None:
        raise NotFoundException
    number = await context.database.run(lambda c: queries.invoice_of(c, visitor.account_id, recharge_id))
    method = (await recharging.set_up(context)).get(row["method"])
    return await render(
        request, "billing/recharge.html", title=row["reference"], crumbs=[Crumb("Add Credits", HERE)], row=row, number=number,
        method=method.kind.label if method else row["method"], tone=TONES[row["status"]], status_text=STATUSES[row["status"]],
        instructions=method.config.get("instructions", "") if method else "", show=lambda v: format_money(v, row["currency"]),
    )  # fmt: skip


@page("/billing/invoices/{name:str}", permission="billing.read")
async def download_invoice(request: AnyRequest, visitor: Visitor, name: str) -> Response[Any]:
    """An invoice as PDF."""
    number = name.removesuffix(".pdf")
    row = await context_of(request).database.run(lambda c: queries.invoice(c, visitor.account_id, number))
    if row is None:
        raise NotFoundException
    from strowger.platform.billing.invoice_pdf import render_invoice  # its library is large, and seldom needed

    headers = {"Content-Disposition": f'attachment; filename="{number}.pdf"', "Cache-Control": "no-store"}
    return Response(render_invoice(row), media_type="application/pdf", headers=headers)


@post("/payments/{method:str}/webhook", include_in_schema=False, status_code=200)
async def payment_webhook(request: AnyRequest, method: Annotated[str, PathParameter()]) -> Response[Any]:
    """Where payment services report; only a fitting signature is listened to."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MAX_WEBHOOK:
        return Response({"error": "too large"}, status_code=413)
    body = await request.body()
    try:
        outcome = await hearing.hear(context_of(request), method, dict(request.headers), body)
    except BadWebhook as problem:
        return Response({"error": str(problem)}, status_code=400)
    return Response({"outcome": outcome})


pages: list[Any] = [credits_page, add_credits, show_recharge, download_invoice, payment_webhook]
