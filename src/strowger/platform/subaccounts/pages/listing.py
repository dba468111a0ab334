"""The list of sub-accounts and the page of one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from litestar import Response

from strowger.console import menu, palette
from strowger.console.pages import Action, AnyRequest, Crumb, Visitor, context_of, page, render
from strowger.console.table import Column, Empty, Filter, Row, RowAction, SqlSource, Table
from strowger.console.visitor import Visitor as Who
from strowger.foundation.database import Database
from strowger.foundation.errors import StrowgerError
from strowger.foundation.money import format_money
from strowger.platform.gateway.services import SERVICES
from strowger.platform.subaccounts import repository, service
from strowger.platform.subaccounts.pages.shared import (
    CREDIT_TYPES,
    LIST,
    STATUSES,
    TONES,
    as_page_error,
    found,
    tabs,
)
from strowger.platform.subaccounts.repository import SUB

menu.register("Subaccounts", "Subaccounts", LIST, "users-group", 10)
palette.register_action("Add a sub-account", f"{LIST}/new", "user-plus")
EVENTS = 50
ACTS = {
    "created": "Created", "edited": "Edited", "recharged": "Recharged", "suspended": "Suspended", "resumed": "Resumed",
    "deleted": "Deleted", "invited": "Invited", "joined": "Invitation taken", "services": "Services changed",
    "spend cap": "Spend cap changed", "entered": "Entered from the main account", "left": "Left again",
    "key revealed": "Key revealed",
}  # fmt: skip
TURNS = {"danger": {"deleted", "suspended"}, "info": {"entered", "left", "key revealed"}}


def path_of(row: Row, act: str = "") -> str:
    """The page of a sub-account."""
    return f"{LIST}/of/{row['sid']}{act}"


def amount_text(row: Any) -> str:
    """Balance, or this month's use and limit."""
    shown = format_money(row["amount"], row["currency"])
    if row["credit_type"] != "shared":
        return shown
    limit = row["month_limit"]
    return f"{shown} of {format_money(limit, row['currency'])} used" if limit is not None else f"{shown} used"


def channel_text(channels: list[str]) -> str:
    """Services in words."""
    return ", ".join(SERVICES.get(name, name) for name in channels)


def _is_open(row: Row) -> bool:
    return row["status"] in ("invited", "active")


TABLE = Table(
    "subaccounts",
    columns=(
        Column("name", "Subaccount Name", sort=True, href=path_of),
        Column("email", "Subaccount Email", sort=True),
        Column("sid", "SID", "mono", shown=False),
        Column("channels", "Channels", value=lambda row: channel_text(row["channels"])),
        Column("credit_type", "Credit Type", sort=True, label_of=CREDIT_TYPES.__getitem__),
        Column("amount", "Balance/Usage", sort=True, value=amount_text),
        Column("status", "Status", "status", sort=True, tone=TONES, label_of=STATUSES.__getitem__),
        Column("created_at", "Created", "time", sort=True, shown=False),
    ),
    filters=(Filter("status", "Status", "multi", tuple(STATUSES.items())), Filter("created_at", "Created", "time")),
    search="Search by name or e-mail address",
    sort="number",
    empty=Empty(
        "No sub-accounts yet",
        "A sub-account is an account below yours for a team, a region or a customer: with its own SID, key and budget.",
        Action("Add a Subaccount", f"{LIST}/new", "plus"),
        'curl -X POST -H "api-key: $STROWGER_API_KEY" … /subaccounts',
    ),
    row_actions=(
        RowAction("Recharge", lambda row: path_of(row, "/recharge"), "cash",
                  when=lambda row: _is_open(row) and row["credit_type"] == "assigned"),
        RowAction("Login to Subaccount", lambda row: path_of(row, "/enter"), "login", "POST",
                  when=lambda row: row["status"] != "deleted"),
        RowAction("Edit Subaccount", lambda row: path_of(row, "/edit"), "pencil", when=lambda row: row["status"] != "deleted"),
        RowAction("Suspend", lambda row: path_of(row, "/suspend"), "player-pause", "POST", danger=True, when=_is_open,
                  confirm=lambda row: f"“{row['name']}” stops sending and nobody can sign in to it. Its balance stays."),
        RowAction("Resume", lambda row: path_of(row, "/resume"), "player-play", "POST",
                  when=lambda row: row["status"] == "suspended"),
    ),
)  # fmt: skip


def source(database: Database, visitor: Who, today: Any, chosen: bool) -> SqlSource:
    """The sub-accounts of an account; deleted ones only when a status was chosen."""
    rows = repository.list_rows(today)
    return SqlSource(
        database, rows if chosen else rows.where(SUB.status != "deleted"), SUB.parent_id, key=("number",),
        columns={name: SUB[name] for name in ("number", "name", "email", "status", "credit_type", "created_at")},
        search=repository.search_names,
    )  # fmt: skip


@page(LIST, permission="subaccounts.read")
async def list_subaccounts(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The list."""
    context = context_of(request)
    try:
        await context.database.run(lambda c: service.parent_of(c, visitor.account_id))
    except StrowgerError as problem:
        raise as_page_error(problem) from None
    now = context.clock.now()
    chosen = "status" in TABLE.query(request, visitor, now).filters
    return await TABLE.respond(
        request, visitor, source(context.database, visitor, visitor.local(now).date(), chosen), title="Subaccounts",
        template="subaccounts/list.html", tabs=tabs(LIST),
        actions=[Action("Add a Subaccount", f"{LIST}/new", "plus", primary=True, key="c")],
    )  # fmt: skip


def _detail(detail: dict[str, Any]) -> list[tuple[str, str]]:
    def text(value: Any) -> str:
        if isinstance(value, list) and len(value) == 2:
            return f"{value[0]} → {value[1]}"
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    return [(name.replace("_", " ").capitalize(), text(value)) for name, value in detail.items() if value is not None]


@page(f"{LIST}/of/{{sid:str}}", permission="subaccounts.read")
async def show_subaccount(request: AnyRequest, visitor: Visitor, sid: str) -> Response[Any]:
    """One sub-account: what it is, what it may, what was done to it."""
    row = await found(request, visitor, sid)
    events = await context_of(request).database.run(
        lambda c: repository.events(c, visitor.account_id, row["account_id"], EVENTS)
    )
    story = [
        {
            "title": ACTS.get(event["act"], event["act"]),
            "at": event["at"],
            "tone": next((tone for tone, acts in TURNS.items() if event["act"] in acts), "neutral"),
            "text": f"by {event['by_user']}" + (f" from {event['ip']}" if event["ip"] else ""),
            "facts": _detail(event["detail"]),
            "raw": "",
        }
        for event in events
    ]
    shared = row["credit_type"] == "shared"
    amounts = {"amount": row["month_usage"] if shared else row["balance"]}
    return await render(
        request, "subaccounts/show.html", title=row["name"], crumbs=[Crumb("Subaccounts", LIST)], row=row, story=story,
        shared=shared, base=path_of(dict(row)), money_text=amount_text({**dict(row), **amounts}), tone=TONES[row["status"]],
        status_text=STATUSES[row["status"]], credit_text=CREDIT_TYPES[row["credit_type"]], services=SERVICES,
        cap=_money(row["day_cap"], row["currency"]), low_at=_money(row["low_at"], row["currency"]),
        empty_balance=not row["balance"],
    )  # fmt: skip


def _money(value: Decimal | None, currency: str) -> str:
    return "" if value is None else format_money(value, currency)


pages: list[Any] = [list_subaccounts, show_subaccount]
