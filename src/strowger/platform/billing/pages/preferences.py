"""To whom invoices go, the tax numbers, the daily cap and the low-balance alert."""

from __future__ import annotations

import re
from typing import Any

from litestar import Response

from strowger.console.form import EMAIL, Field, Form, FormState, Invalid
from strowger.console.pages import AnyRequest, Visitor, context_of, page, redirect, render
from strowger.platform.billing.repository import reading
from strowger.platform.billing.repository import recharging as queries

HERE = "/billing/preferences"
TAN = r"[A-Za-z]{4}[0-9]{5}[A-Za-z]"
MAX_EMAILS = 10


def _emails(text: str) -> list[str]:
    found = [part for part in re.split(r"[\s,;]+", text) if part]
    wrong = [part for part in found if not EMAIL.fullmatch(part)]
    if wrong:
        raise Invalid(f"{wrong[0]} is no e-mail address.")
    if len(found) > MAX_EMAILS or len({part.lower() for part in found}) < len(found):
        raise Invalid(f"Give at most {MAX_EMAILS} different addresses.")
    return found


def _profile_form(country: str) -> Form:
    india = (
        Field("tan", "TAN", pattern=TAN, pattern_text="Four letters, five digits, one letter.", width="half", max_length=10,
              help="Tax deduction account number; printed on invoices."),
    ) if country == "IN" else ()  # fmt: skip
    return Form(
        "billing-profile",
        (
            Field("company", "Company", max_length=120, autocomplete="organization"),
            Field("address", "Address", "textarea", max_length=300, rows=2, autocomplete="street-address"),
            Field("city", "City", max_length=80, width="half", autocomplete="address-level2"),
            Field("postal_code", "Postal code", max_length=20, width="half", autocomplete="postal-code"),
            Field("state", "State", max_length=80, width="half", autocomplete="address-level1"),
            Field("country", "Country", pattern="[A-Za-z]{2}", pattern_text="Enter two letters, such as DE.", width="half",
                  attrs={"maxlength": 2}, help="Two letters; decides the tax."),
            Field("email", "E-mail address for invoices", "email", max_length=254, width="half", autocomplete="email"),
            Field("tax_id", "VAT or GST number", max_length=30, width="half"),
            *india,
        ),
        submit="Save details", action=HERE,
    )  # fmt: skip


LIMITS = Form(
    "billing-limits",
    (
        Field("day_cap", "Daily spend cap", "number", least=0, width="half",
              help="Sending stops for the day when it is spent. You are told at 80 and at 100 per cent. Empty: no cap."),
        Field("low_at", "Balance Below", "number", least=0, width="half",
              help="You are told once when the balance falls under it, and again after a recharge. Empty: never."),
        Field("emails", "Send Email To", "textarea", rows=2, max_length=2000, parse=_emails,
              help="Up to 10 addresses. Empty: the owners of the account."),
    ),
    submit="Save limits", action=f"{HERE}/limits",
)  # fmt: skip


def _plain(value: Any) -> str:
    return "" if value is None else f"{value.normalize():f}"


async def _page(
    request: AnyRequest, visitor: Visitor, profile: FormState | None = None, limits: FormState | None = None
) -> Response[Any]:
    context = context_of(request)
    now = context.clock.now()

    async def work(connection: Any) -> tuple[Any, Any]:
        found = await queries.profile(connection, visitor.account_id)
        return found, await reading.statement(connection, visitor.account_id, now)

    row, wallet = await context.database.run(work)
    if profile is None:
        shown = {name: row[name] for name in queries.PROFILE_FIELDS} if row else {"country": visitor.country}
        profile = _profile_form(visitor.country).blank(visitor, **shown)
    if limits is None and wallet is not None:
        limits = LIMITS.blank(
            visitor,
            day_cap=_plain(wallet["day_cap"]),
            low_at=_plain(wallet["low_at"]),
            emails="\n".join(wallet["alert_emails"]),
        )
    failed = not profile.ok or (limits is not None and not limits.ok)
    return await render(
        request, "billing/preferences.html", title="Preferences", profile=profile, limits=limits, status=422 if failed else 200,
        may=visitor.may("billing.write"),
    )  # fmt: skip


@page(HERE, permission="billing.read")
async def show_preferences(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Both forms."""
    return await _page(request, visitor)


@page(HERE, methods=["POST"], permission="billing.write")
async def save_profile(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Keep to whom invoices go."""
    form = await _profile_form(visitor.country).read(request, visitor)
    if not form.ok:
        return await _page(request, visitor, profile=form)
    values = {**form.values, "country": form["country"].upper(), "tan": form.values.get("tan", "").upper()}
    await context_of(request).database.run(lambda c: queries.save_profile(c, visitor.account_id, values))
    return redirect(request, HERE, "Request executed successfully")


@page(f"{HERE}/limits", methods=["POST"], permission="billing.write")
async def save_limits(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Keep the daily cap and the low-balance alert."""
    form = await LIMITS.read(request, visitor)
    if not form.ok:
        return await _page(request, visitor, limits=form)
    emails = form["emails"] or []
    await context_of(request).database.run(
        lambda c: queries.save_limits(c, visitor.account_id, form["day_cap"], form["low_at"], emails)
    )
    return redirect(request, HERE, "Request executed successfully")


pages: list[Any] = [show_preferences, save_profile, save_limits]
