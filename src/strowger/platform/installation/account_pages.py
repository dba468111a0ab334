"""Installation > Accounts: all accounts, one account with people, limits and features, and what may be done with it."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu, palette
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, Table
from strowger.foundation.database import Connection
from strowger.foundation.money import ZERO, format_money
from strowger.platform.access import sign_in
from strowger.platform.billing.pages.everyones import EveryonesSource
from strowger.platform.features import repository as flags
from strowger.platform.features import service as features
from strowger.platform.installation import repository, service
from strowger.platform.installation.repository import ACCOUNT, WALLET

LIST, FEATURES = "/operator/accounts", "/operator/features"
STATES = {"active": "Active", "trial": "Trial", "suspended": "Suspended", "inactive": "Inactive", "closed": "Closed"}
TONES = {"active": "success", "trial": "info", "suspended": "danger", "inactive": "neutral", "closed": "neutral"}
ACTS = {"suspend": "Suspend", "open": "Open", "close": "Close for good"}
CHOICES = (("", "As for everybody"), ("on", "On"), ("off", "Off"))

menu.register("Installation", "Accounts", LIST, "building-community", 5)
menu.register("Installation", "Features", FEATURES, "toggle-right", 7)
palette.register_action("Find an account of the installation", LIST, "building-community")

ACCOUNTS = Table(
    "accounts",
    columns=(
        Column("name", "Account", sort=True),
        Column("sid", "SID", "mono"),
        Column("state", "State", "status", sort=True, tone=TONES, label_of=lambda code: STATES.get(code, code)),
        Column("parent", "Main account"),
        Column("country", "Country", sort=True),
        Column("kind", "Billing", label_of=str.capitalize),
        Column("balance", "Balance", sort=True,
               value=lambda row: "" if row["balance"] is None else format_money(row["balance"], row["currency"])),
        Column("id", "Since", "time", sort=True, value=lambda row: row["created_at"]),
    ),
    filters=(
        Filter("state", "State", "multi", tuple(STATES.items())), Filter("country", "Country"),
        Filter("created_at", "Since", "time"), Filter("balance", "Balance", "number"),
    ),
    search="Name or SID",
    empty=Empty("No accounts", "Accounts come by sign-up, by invitation, or by `strowger account create`."),
    row_href=lambda row: f"{LIST}/{row['id']}",
)  # fmt: skip
REASON = Field("reason", "Reason", "textarea", required=True, min_length=3, max_length=500, rows=2,
               help="The owners read it in a mail.")  # fmt: skip
LIMITS = Form(
    "account-limits",
    (
        Field("day_cap", "Daily spend cap", "number", least=0, width="half", help="Empty: none."),
        Field("rate", "Requests per second and key", "number", least=1, most=100_000, width="half",
              help="Empty: that of the installation."),
    ),
    submit="Save limits", guard_leaving=False,
)  # fmt: skip


def state_form() -> Form:
    """What may be done with an account."""
    return Form(
        "account-state",
        (Field("act", "What to do", "radio", required=True, options=tuple(ACTS.items())), REASON),
        submit="Do it", guard_leaving=False,
    )  # fmt: skip


def features_form(action: str, known: dict[str, Any], everybody: bool) -> Form:
    """One choice for each feature of this installation."""
    options = CHOICES[1:] if everybody else CHOICES
    return Form(
        "features",
        tuple(
            Field(one.key, one.label, "select", options=options, default=_chosen(known.get(one.key), everybody), help=one.text,
                  width="half")
            for one in features.present()
        ),
        submit="Save features", action=action, guard_leaving=False,
    )  # fmt: skip


def _chosen(flag: Any, everybody: bool) -> str:
    if flag is None:
        return "on" if everybody else ""
    return "on" if flag["enabled"] else "off"


@page(LIST, permission="installation.read")
async def list_accounts(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """All accounts of the installation."""
    source = EveryonesSource(
        context_of(request).database, repository.account_rows(), ACCOUNT.id, key=("id",),
        columns={
            **{name: ACCOUNT[name] for name in ("id", "name", "state", "country", "created_at")}, "balance": WALLET.balance,
        },
        search=repository.search, nullable=frozenset({"balance"}),
    )  # fmt: skip
    return await ACCOUNTS.respond(request, visitor, source, title="Accounts")


async def _page(
    request: AnyRequest, visitor: Visitor, account_id: int, *, state: FormState | None = None, limits: FormState | None = None,
    chosen: FormState | None = None,
) -> Page:  # fmt: skip
    context = context_of(request)
    now = context.clock.now()

    async def read(connection: Connection) -> Any:
        return (
            await repository.one(connection, account_id, now),
            await repository.users(connection, account_id),
            await repository.children(connection, account_id),
            await repository.decisions(connection, account_id),
            await flags.flags(connection, account_id),
        )

    row, users, children, decisions, known = await context.database.run(read)
    if row is None:
        raise NotFoundException
    path = f"{LIST}/{account_id}"
    state = state or state_form().blank(visitor)
    limits = limits or LIMITS.blank(
        visitor,
        day_cap="" if row["day_cap"] is None else f"{row['day_cap'].normalize():f}",
        rate=str(row["rate"] or ""),
    )
    chosen = chosen or features_form(f"{path}/features", known, everybody=False).blank(visitor)
    failed = not (state.ok and limits.ok and chosen.ok)
    return await render(
        request, "installation/account.html", title=row["name"], crumbs=[Crumb("Accounts", LIST)], row=row, users=users,
        children=children, decisions=decisions, state=state, limits=limits, chosen=chosen, here=path, status=422 if failed else 200,
        may=visitor.may("installation.write"), tone=TONES.get(row["state"], "neutral"), states=STATES,
        show=lambda value: format_money(value or ZERO, row["currency"]),
    )  # fmt: skip


@page(f"{LIST}/{{account_id:int}}", permission="installation.read")
async def show_account(request: AnyRequest, visitor: Visitor, account_id: int) -> Page:
    """One account: its people, money, use, limits, features, and the record of decisions."""
    return await _page(request, visitor, account_id)


@page(f"{LIST}/{{account_id:int}}/state", methods=["POST"], permission="installation.write")
async def change_state(request: AnyRequest, visitor: Visitor, account_id: int) -> Page:
    """Suspend an account, open it again, or close it."""
    form = await state_form().read(request, visitor)
    if form.ok:
        try:
            state = await service.act(
                context_of(request), account_id, form["act"], form["reason"].strip(), visitor.email
            )
        except service.NotPossible as problem:
            form.fail("act", str(problem))
        else:
            return redirect(request, f"{LIST}/{account_id}", f"The account {service.WORDS[state]}.")
    return await _page(request, visitor, account_id, state=form)


@page(f"{LIST}/{{account_id:int}}/limits", methods=["POST"], permission="installation.write")
async def save_limits(request: AnyRequest, visitor: Visitor, account_id: int) -> Page:
    """Set what an account may spend in a day, and how fast its keys may call."""
    form = await LIMITS.read(request, visitor)
    if form.ok and form["rate"] is not None and form["rate"] != int(form["rate"]):
        form.fail("rate", "Enter a whole number.")
    if not form.ok:
        return await _page(request, visitor, account_id, limits=form)
    rate = None if form["rate"] is None else int(form["rate"])
    await service.limit(context_of(request), account_id, form["day_cap"], rate)
    return redirect(request, f"{LIST}/{account_id}", "Limits saved.")


@page(f"{LIST}/{{account_id:int}}/features", methods=["POST"], permission="installation.write")
async def save_features(request: AnyRequest, visitor: Visitor, account_id: int) -> Page:
    """Switch features of an account on and off."""
    form = await features_form(f"{LIST}/{account_id}/features", {}, everybody=False).read(request, visitor)
    if not form.ok:
        return await _page(request, visitor, account_id, chosen=form)
    wanted = {key: {"on": True, "off": False}.get(value) for key, value in form.values.items()}
    changed = await features.switch(context_of(request), account_id, wanted, visitor.email)
    return redirect(request, f"{LIST}/{account_id}", f"{changed} changed.")


@page(f"{LIST}/{{account_id:int}}/users/{{user_id:int}}/unlock", methods=["POST"], permission="installation.write")
async def unlock_user(request: AnyRequest, visitor: Visitor, account_id: int, user_id: int) -> Page:
    """Let somebody who is locked out try again."""
    await sign_in.unlock(context_of(request), account_id, user_id)
    return redirect(request, f"{LIST}/{account_id}", "Unlocked.")


@page(FEATURES, permission="installation.read")
async def show_features(request: AnyRequest, visitor: Visitor) -> Page:
    """What is on for everybody."""
    known = await context_of(request).database.run(lambda c: flags.flags(c, None))
    form = features_form(FEATURES, known, everybody=True).blank(visitor)
    return await render(request, "installation/features.html", title="Features", form=form)


@page(FEATURES, methods=["POST"], permission="installation.write")
async def save_for_everybody(request: AnyRequest, visitor: Visitor) -> Page:
    """Switch features on and off for everybody who has no own setting."""
    form = await features_form(FEATURES, {}, everybody=True).read(request, visitor)
    if not form.ok:
        return await render(request, "installation/features.html", title="Features", form=form, status=form.status)
    wanted = {key: False if value == "off" else None for key, value in form.values.items()}
    changed = await features.switch(context_of(request), None, wanted, visitor.email)
    return redirect(request, FEATURES, f"{changed} changed.")


pages: list[Any] = [
    list_accounts, show_account, change_state, save_limits, save_features, unlock_user, show_features, save_for_everybody,
]  # fmt: skip
