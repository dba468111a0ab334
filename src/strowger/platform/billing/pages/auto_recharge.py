"""Billing > Add Credits > Auto-recharge: mark, amount, limit, and the stored payment method."""

from __future__ import annotations

from typing import Any

from litestar import Response

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Crumb, Visitor, context_of, page, redirect, render
from strowger.platform.billing import auto_recharging, recharging
from strowger.platform.billing.auto_recharging import HERE
from strowger.platform.billing.recharging import SetUp, Unpayable
from strowger.platform.billing.repository import auto, reading

CREDITS = Crumb("Add Credits", "/billing/credits")


def _form(methods: dict[str, SetUp], currency: str) -> Form:
    options = tuple((name, one.kind.label, "") for name, one in methods.items())
    lowest = recharging.least(currency)
    return Form(
        "auto-recharge",
        (
            Field("threshold", f"When the balance falls below ({currency})", "number", required=True, least=0,
                  most=recharging.MOST, width="half"),
            Field("amount", f"Add ({currency})", "number", required=True, least=lowest, most=recharging.MOST, width="half",
                  help=f"From {lowest}; tax is added by country."),
            Field("month_limit", f"At most in a month ({currency})", "number", least=lowest, width="half", help="Empty: no limit."),
            Field("enabled", "Recharge by itself", "checkbox", default=True),
            Field("method", "Payment", "radio", required=True, options=options, default=options[0][0] if options else "",
                  help="Another one than before has to be stored anew."),
        ),
        submit="Save", action=HERE, guard_leaving=False,
    )  # fmt: skip


async def _page(request: AnyRequest, visitor: Visitor, form: FormState | None = None) -> Response[Any]:
    context = context_of(request)
    now = context.clock.now()

    async def read(connection: Any) -> tuple[Any, Any]:
        return (
            await reading.statement(connection, visitor.account_id, now),
            await auto.one(connection, visitor.account_id),
        )

    account, row = await context.database.run(read)
    methods = auto_recharging.able(await recharging.set_up(context))
    may = account is not None and account["kind"] == "prepaid" and account["parent_id"] is None
    if form is None and may and methods:
        shown: dict[str, Any] = {}
        if row is not None:
            plain = {name: row[name] for name in ("threshold", "amount", "month_limit")}
            shown = {name: "" if value is None else f"{value.normalize():f}" for name, value in plain.items()}
            shown |= {"enabled": row["enabled"], "method": row["method"]}
        form = _form(methods, visitor.currency).blank(visitor, **shown)
    label = methods[row["method"]].kind.label if row is not None and row["method"] in methods else ""
    return await render(
        request, "billing/auto_recharge.html", title="Auto-recharge", crumbs=[CREDITS], form=form, row=row, may=may,
        method=label, status=form.status if form is not None else 200,
    )  # fmt: skip


@page(HERE, permission="billing.read")
async def show_auto_recharge(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """What is set up, and how the last recharge went."""
    return await _page(request, visitor)


@page(HERE, methods=["POST"], permission="billing.write")
async def save_auto_recharge(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Save mark, amount and limit; the payment method is stored next when there is none."""
    context = context_of(request)
    methods = auto_recharging.able(await recharging.set_up(context))
    form = await _form(methods, visitor.currency).read(request, visitor)
    for name in ("threshold", "amount", "month_limit"):
        value = form.values.get(name)
        if form.ok and value is not None and value != value.quantize(recharging.CENT):
            form.fail(name, "Use at most two decimals.")
    if form.ok:
        try:
            ready = await auto_recharging.save(
                context, visitor.account_id, form["method"], form["threshold"], form["amount"], form["month_limit"],
                form["enabled"], visitor.email,
            )  # fmt: skip
        except Unpayable as problem:
            form.fail("", str(problem))
        else:
            words = "Saved." if ready else "Saved. Store a payment method to begin."
            return redirect(request, HERE, words, "success" if ready else "info")
    return await _page(request, visitor, form)


@page(f"{HERE}/store", methods=["POST"], permission="billing.write")
async def store_method(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Go to the payment service's page on which a payment method is stored."""
    try:
        await auto_recharging.begin_storing(context_of(request), visitor.account_id, visitor.email)
    except Unpayable as problem:
        return redirect(request, HERE, str(problem), "danger")
    return redirect(request, HERE, "Go on at the payment service.", "info")


@page(f"{HERE}/forget", methods=["POST"], permission="billing.write")
async def forget_method(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Forget the payment method; nothing is recharged by itself any more."""
    await context_of(request).database.run(lambda c: auto.forget(c, visitor.account_id))
    return redirect(request, HERE, "Forgotten.")


pages: list[Any] = [show_auto_recharge, save_auto_recharge, store_method, forget_method]
