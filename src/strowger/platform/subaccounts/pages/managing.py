"""Adding and changing sub-accounts: the forms, with the same checks as the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response

from strowger.console.code import ApiCall
from strowger.console.form import Field, Form, FormState, Values
from strowger.console.pages import AnyRequest, Crumb, Visitor, context_of, page, redirect, render
from strowger.foundation.errors import StrowgerError
from strowger.foundation.money import format_money
from strowger.platform.gateway.services import SERVICES
from strowger.platform.ip_configs import service as ip_configs
from strowger.platform.subaccounts import service
from strowger.platform.subaccounts.pages.listing import path_of
from strowger.platform.subaccounts.pages.shared import LIST, actor_of, as_page_error, found, refuse, sentence
from strowger.platform.subaccounts.schemas import read_amount
from strowger.platform.subaccounts.service import Row

Answer = Response[Any]
CRUMBS = [Crumb("Subaccounts", LIST)]
ALERT = (
    Field("low_balance_alert_limit", "Low Balance Alert Amount", "number", least=0, width="half",
          help="Told when the balance falls under it; empty: no alert."),
    Field("low_balance_alert_emails", "Send Alert to", max_length=2000, width="half",
          help="Up to 10 e-mail addresses, separated by commas."),
)  # fmt: skip
LIMIT = Field("monthly_limit", "Monthly Usage Limit", "number", least=1, width="half",
              help="What it may use of your limit in a month; empty: no limit of its own.")  # fmt: skip
MARGIN = Field("margin", "Margin in per cent", "number", least=0, most=1000, default="0", width="half",
               help="Put on your prices for this sub-account; it comes back to your balance.")  # fmt: skip
CAP = Field("day_cap", "Daily spend cap", "number", least=0, width="half",
            help="Sending stops for the day when it is spent; told at 80 and 100 per cent. Empty: no cap.")  # fmt: skip
CHANNELS = Field("channels", "Select Channel", "checks", options=tuple(SERVICES.items()), default=["sms"])


def _api_params(values: Values) -> dict[str, Any]:
    """The form's values as the API takes them; what is empty is left out."""
    given = {name: value for name, value in values.items() if value not in ("", None) and name != "day_cap"}
    limit, emails = given.get("low_balance_alert_limit"), str(given.pop("low_balance_alert_emails", ""))
    if limit is not None or emails.strip(", "):
        given["low_balance_alert"] = True
        given["low_balance_alert_emails"] = [part.strip() for part in emails.split(",") if part.strip()]
    return {name: str(v) if name in NUMBERS else v for name, v in given.items()}


NUMBERS = {"credit_amount", "low_balance_alert_limit", "monthly_limit", "margin"}


def _create_code(values: Values, visitor: Visitor, base_url: str) -> ApiCall:
    return ApiCall("POST", f"{base_url}/api/v1/{visitor.sid}/subaccounts", json=_api_params(values))


def _config_field(names: Sequence[str]) -> Field:
    return Field(
        "ip_config_name", "IP configuration", "select", options=(("", "None"), *((name, name) for name in names)), width="half",
        help="Its keys work only from these, and from what a key lists itself. Keys made later take it, too.",
    )  # fmt: skip


async def _config_names(request: AnyRequest, visitor: Visitor, kept: str | None = None) -> list[str]:
    """The account's IP configurations, and the one that the sub-account has of its own."""
    found = [row["name"] for row in await ip_configs.list_configs(context_of(request), visitor.account_id)]
    return found if kept in (None, *found) else [*found, str(kept)]


def _create_form(may_share: bool, configs: Sequence[str]) -> Form:
    """The form of a new sub-account; only a postpaid account can share its limit."""
    shared = (("shared", "Shared Usage", "It spends your monthly limit."),) if may_share else ()
    return Form(
        "create-subaccount",
        (
            Field("account_name", "Subaccount Name", required=True, max_length=160, width="half",
                  help="Letters, digits and spaces."),
            Field("email", "Subaccount Email", "email", required=True, max_length=254, width="half", help="Of its owner."),
            Field("is_invited", "Send an invitation email to the subaccount", "checkbox", default=True),
            Field("country_iso_code", "Country", required=True, pattern="[A-Za-z]{2}",
                  pattern_text="Enter two letters, such as DE.", width="half", attrs={"maxlength": 2},
                  help="Two letters; cannot be changed later."),
            CHANNELS,
            Field("subaccount_credit_type", "Credit usage", "radio", required=True, default="assigned", options=(
                ("assigned", "Assign Budget", "It spends a balance of its own, which you fill."), *shared,
            )),
            Field("credit_amount", "Initial Credit", "number", least=0, width="half", help="Moved from your balance."),
            *ALERT, *((LIMIT,) if may_share else ()), MARGIN, CAP, _config_field(configs),
        ),
        submit="Add Subaccount", action=f"{LIST}/new", cancel=LIST, code=_create_code,
    )  # fmt: skip


async def _form_of(request: AnyRequest, visitor: Visitor) -> Form:
    """The form of a new sub-account for this parent. Raises the error page of an account that may have none."""
    try:
        parent = await context_of(request).database.run(lambda c: service.parent_of(c, visitor.account_id))
    except StrowgerError as problem:
        raise as_page_error(problem) from None
    return _create_form(parent["kind"] == "postpaid", await _config_names(request, visitor))


def _edit_form(row: Row, configs: Sequence[str]) -> Form:
    name = Field("account_name", "Subaccount Name", required=True, max_length=160)
    own = (LIMIT,) if row["credit_type"] == "shared" else (
        Field("credit_amount", "Credit Amount", "number", least=0, width="half", required=True,
              help="The new balance: the difference comes from, or goes back to, yours."),
        *ALERT,
    )  # fmt: skip
    fields = (name, CHANNELS, *own, MARGIN, CAP, _config_field(configs))
    return Form("edit-subaccount", fields, submit="Save", action=path_of(dict(row), "/edit"),
                cancel=path_of(dict(row)))  # fmt: skip


def _recharge_form(row: Row) -> Form:
    def code(values: Values, visitor: Visitor, base_url: str) -> ApiCall:
        url = f"{base_url}/api/v1/{visitor.sid}/subaccounts/{row['sid']}/recharges"
        return ApiCall("POST", url, json={"amount": values.get("amount") or "100"})

    field = Field("amount", "Credit Amount", required=True, max_length=20, help="A leading minus takes credit back.",
                  attrs={"inputmode": "decimal"})  # fmt: skip
    return Form("recharge-subaccount", (field,), submit="Add Amount", action=path_of(dict(row), "/recharge"),
                cancel=path_of(dict(row)), code=code, guard_leaving=False)  # fmt: skip


async def _form_page(
    request: AnyRequest, form: FormState, title: str, text: str = "", row: Row | None = None
) -> Answer:
    crumbs = CRUMBS if row is None else [*CRUMBS, Crumb(row["name"], path_of(dict(row)))]
    return await render(
        request, "subaccounts/form.html", title=title, crumbs=crumbs, form=form, status=form.status, text=text
    )


def _check(form: FormState) -> None:
    if not form.values.get("channels"):
        form.fail("channels", "Choose at least one.")


@page(f"{LIST}/new", permission="subaccounts.write")
async def new_subaccount(request: AnyRequest, visitor: Visitor) -> Answer:
    """The form of a new sub-account."""
    form = (await _form_of(request, visitor)).blank(
        visitor, context_of(request).settings.base_url, country_iso_code=visitor.country
    )
    return await _form_page(request, form, "Add a Subaccount")


@page(f"{LIST}/new", methods=["POST"], permission="subaccounts.write")
async def create_subaccount(request: AnyRequest, visitor: Visitor) -> Answer:
    """Make a sub-account and show its key, once."""
    context, form = context_of(request), await (await _form_of(request, visitor)).read(request, visitor)
    _check(form)
    if form.ok:
        params = _api_params({**form.values, "is_invited": form["is_invited"]})
        try:
            made = await service.create(context, actor_of(request, visitor), params)
            if form["day_cap"] is not None:
                await service.set_day_cap(context, actor_of(request, visitor), made.row["sid"], form["day_cap"])
        except StrowgerError as problem:
            refuse(form, problem)
        else:
            return await render(
                request, "subaccounts/made.html", title="Subaccount added", crumbs=CRUMBS, made=made, row=made.row,
                hidden=visitor.numbers_hidden, base_url=context.settings.base_url, next=path_of(dict(made.row)),
            )  # fmt: skip
    return await _form_page(request, form, "Add a Subaccount")


@page(f"{LIST}/of/{{sid:str}}/edit", permission="subaccounts.write")
async def edit_subaccount(request: AnyRequest, visitor: Visitor, sid: str) -> Answer:
    """The form that changes one."""
    row = await found(request, visitor, sid)
    shown = {
        "account_name": row["name"], "channels": row["channels"], "credit_amount": _plain(row["balance"]),
        "low_balance_alert_limit": _plain(row["low_at"]), "low_balance_alert_emails": ", ".join(row["alert_emails"]),
        "monthly_limit": _plain(row["month_limit"]), "margin": _plain(row["margin"]), "day_cap": _plain(row["day_cap"]),
    }  # fmt: skip
    configs = await _config_names(request, visitor, row["ip_config_name"])
    form = _edit_form(row, configs).blank(visitor, ip_config_name=row["ip_config_name"] or "", **shown)
    return await _form_page(request, form, "Edit Subaccount", "E-mail address, country and credit type are fixed.", row)


def _plain(value: Any) -> str:
    return "" if value is None else f"{value.normalize():f}"


@page(f"{LIST}/of/{{sid:str}}/edit", methods=["POST"], permission="subaccounts.write")
async def save_subaccount(request: AnyRequest, visitor: Visitor, sid: str) -> Answer:
    """Change one."""
    context, row, actor = context_of(request), await found(request, visitor, sid), actor_of(request, visitor)
    form = await _edit_form(row, await _config_names(request, visitor, row["ip_config_name"])).read(request, visitor)
    _check(form)
    if form.ok:
        params = _api_params({name: value for name, value in form.values.items() if name != "channels"})
        if form["ip_config_name"] != (row["ip_config_name"] or ""):
            params["ip_config_name"] = form["ip_config_name"]
        else:
            params.pop("ip_config_name", None)
        if row["credit_type"] == "assigned":
            params.setdefault("low_balance_alert", False)
        else:
            params.setdefault("monthly_limit", "")
        try:
            await service.change(context, actor, sid, params)
            await service.set_channels(context, actor, sid, form["channels"])
            if form["day_cap"] != row["day_cap"]:
                await service.set_day_cap(context, actor, sid, form["day_cap"])
        except StrowgerError as problem:
            refuse(form, problem)
        else:
            return redirect(request, path_of(dict(row)), "Subaccount Edited Successfully")
    return await _form_page(request, form, "Edit Subaccount", "", row)


@page(f"{LIST}/of/{{sid:str}}/recharge", methods=["GET", "POST"], permission="subaccounts.write")
async def recharge_subaccount(request: AnyRequest, visitor: Visitor, sid: str) -> Answer:
    """Move credit to or from one."""
    context, row = context_of(request), await found(request, visitor, sid)
    declared = _recharge_form(row)
    text = f"Subaccount Balance: {format_money(row['balance'], row['currency'])}"
    if request.method == "GET":
        return await _form_page(request, declared.blank(visitor, context.settings.base_url), "Recharge", text, row)
    form = await declared.read(request, visitor)
    if form.ok:
        try:
            await service.recharge(context, actor_of(request, visitor), sid, read_amount({"amount": form["amount"]}))
        except StrowgerError as problem:
            refuse(form, problem)
        else:
            return redirect(request, path_of(dict(row)), "Recharge is processed successfully")
    return await _form_page(request, form, "Recharge", text, row)


@page(
    [f"{LIST}/of/{{sid:str}}/suspend", f"{LIST}/of/{{sid:str}}/resume"],
    methods=["POST"],
    permission="subaccounts.write",
)
async def switch_subaccount(request: AnyRequest, visitor: Visitor, sid: str) -> Answer:
    """Suspend or resume one."""
    resumes = request.url.path.endswith("/resume")
    act = service.resume if resumes else service.suspend
    return await _act(request, visitor, sid, act, "resumed" if resumes else "suspended")


@page(f"{LIST}/of/{{sid:str}}/delete", methods=["POST"], permission="subaccounts.write")
async def delete_subaccount(request: AnyRequest, visitor: Visitor, sid: str) -> Answer:
    """Delete a suspended one without balance."""

    async def act(context: Any, actor: Any, sid: str) -> Any:
        return await service.delete(context, actor, sid, only_empty=True)

    return await _act(request, visitor, sid, act, "deleted")


async def _act(request: AnyRequest, visitor: Visitor, sid: str, act: Any, word: str) -> Answer:
    row = await found(request, visitor, sid)
    try:
        await act(context_of(request), actor_of(request, visitor), sid)
    except StrowgerError as problem:
        return redirect(request, path_of(dict(row)), sentence(problem), "danger")
    return redirect(request, path_of(dict(row)), f"Subaccount “{row['name']}” {word}.")


@page(f"{LIST}/of/{{sid:str}}/invite", methods=["POST"], permission="subaccounts.write")
async def invite_subaccount(request: AnyRequest, visitor: Visitor, sid: str) -> Answer:
    """Send a new invitation and show its link."""
    context, row = context_of(request), await found(request, visitor, sid)
    try:
        link = await service.invite(context, actor_of(request, visitor), sid)
    except StrowgerError as problem:
        return redirect(request, path_of(dict(row)), sentence(problem), "danger")
    return await render(
        request, "subaccounts/invited.html", title="Invitation sent", crumbs=[*CRUMBS, Crumb(row["name"], path_of(dict(row)))],
        row=row, link=None if visitor.numbers_hidden else link, next=path_of(dict(row)),
    )  # fmt: skip


@page(f"{LIST}/of/{{sid:str}}/key", methods=["POST"], permission="subaccounts.write")
async def reveal_key(request: AnyRequest, visitor: Visitor, sid: str) -> Answer:
    """Show the sub-account's first key; the record says so."""
    context, row = context_of(request), await found(request, visitor, sid)
    if visitor.numbers_hidden:
        return redirect(
            request, path_of(dict(row)), "The key reads whole numbers, which your role does not see.", "danger"
        )
    try:
        key = await service.reveal_key(context, actor_of(request, visitor), row)
    except StrowgerError as problem:
        raise as_page_error(problem) from None
    if key is None:
        return redirect(request, path_of(dict(row)), "It has no active key.", "warning")
    return await render(
        request, "subaccounts/key.html", title="API key", crumbs=[*CRUMBS, Crumb(row["name"], path_of(dict(row)))], row=row,
        key=key, base_url=context.settings.base_url, next=path_of(dict(row)),
    )  # fmt: skip


pages: list[Any] = [
    new_subaccount, create_subaccount, edit_subaccount, save_subaccount, recharge_subaccount, switch_subaccount,
    delete_subaccount, invite_subaccount, reveal_key,
]  # fmt: skip
