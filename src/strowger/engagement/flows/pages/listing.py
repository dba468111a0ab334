"""The list of flows, and the account's option for them."""

from __future__ import annotations

from typing import Any

from litestar.response import Response

from strowger.console import menu, palette
from strowger.console.form import Field, Form
from strowger.console.pages import Action, AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, Row, RowAction, Table
from strowger.engagement.flows.pages.shared import CRUMB, LIST, LOGS, READ, WRITE
from strowger.engagement.flows.repository import accounts
from strowger.engagement.flows.repository import flows as repository
from strowger.engagement.flows.schemas import LABELS, TONES, TRIGGERS, State

NEW = Action("Create a flow", f"{LIST}/new", "plus", primary=True, key="c")
OPTIONS = Action("Options", f"{LIST}/options", "settings")
menu.register("Flow Builder", "Flows", LIST, "sitemap", 10)
menu.register("Flow Builder", "Flow logs", LOGS, "list-details", 20)
palette.register_action("Create a flow", f"{LIST}/new", "sitemap")


def _path(ending: str = "") -> Any:
    return lambda row: f"{LIST}/{row['id']}{ending}"


def _is(*states: State) -> Any:
    return lambda row: row["state"] in states


def _triggers(row: Row) -> str:
    return ", ".join(TRIGGERS[name] for name in row["triggers"])


def _revision(row: Row) -> str:
    return f"{row['revision']}{' and changes' if row['changed'] else ''}" if row["revision"] else ""


TABLE = Table(
    "flows",
    (
        Column("name", "Flow", sort=True),
        Column("id", "Flow ID", "mono", sort=True),
        Column("trigger", "Trigger", value=_triggers),
        Column("widgets", "Widgets", "number", sort=True),
        Column("revision", "Revision", value=_revision),
        Column("state", "Status", "status", sort=True, tone=TONES, label_of=lambda state: LABELS.get(state, state)),
        Column("modified_at", "Modified", "time", sort=True),
        Column("modified_by", "Modified by", sort=True),
        Column("published_at", "Published", "time", sort=True, shown=False),
        Column("created_at", "Created", "time", sort=True, shown=False),
    ),
    (
        Filter("trigger", "Trigger", "multi", tuple(TRIGGERS.items())),
        Filter("state", "Status", "multi", tuple(LABELS.items())),
        Filter("modified_at", "Modified", "time"),
    ),
    search="Name or flow ID",
    row_href=_path(),
    row_actions=(
        RowAction("Open", _path(), "eye"),
        RowAction("Logs", lambda row: f"{LOGS}?flow_id={row['id']}", "list-details"),
        RowAction("Duplicate", _path("/duplicate"), "copy", "POST"),
        RowAction("Export", _path("/export"), "download"),
        RowAction(
            "Pause", _path("/pause"), "player-pause", "POST", when=_is(State.PUBLISHED),
            confirm=lambda row: f"Pause {row['name']}? Its triggers are refused until you resume it.",
        ),
        RowAction("Resume", _path("/resume"), "player-play", "POST", when=_is(State.PAUSED)),
        RowAction(
            "Delete", _path("/delete"), "trash", "POST", danger=True,
            confirm=lambda row: f"Delete {row['name']} with its revisions? Its address stops working; its logs stay.",
        ),
    ),
    empty=Empty(
        "No flows yet",
        "A flow does what you set out: a webhook or an incoming SMS begins it, then it sends messages, asks your systems and "
        "decides by their answers, the clock and the calendar.",
        NEW,
    ),
)  # fmt: skip
CHOICE = Form(
    "flow-options",
    (
        Field("choice", "The widget Choice also runs in executions that a webhook began", "checkbox",
              help="Off: it is passed over there, as in the reference, and the execution goes on at its first connected branch."),
    ),
    cancel=LIST,
)  # fmt: skip


@page(LIST, permission=READ)
async def flows(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The flows of the account, newest first."""
    source = repository.source(context_of(request).database)
    imports = Action("Import", f"{LIST}/import", "upload")
    return await TABLE.respond(request, visitor, source, title="Flows", actions=[OPTIONS, imports, NEW])


@page(f"{LIST}/options", permission=WRITE)
async def options(request: AnyRequest, visitor: Visitor) -> Page:
    """What the account chose for all of its flows."""
    async with context_of(request).database.acquire() as connection:
        on = await accounts.choice_in_webhook(connection, visitor.account_id)
    form = CHOICE.blank(visitor, choice=on)
    return await render(request, "console/form_page.html", title="Options of flows", crumbs=[CRUMB], form=form)


@page(f"{LIST}/options", methods=["POST"], permission=WRITE)
async def save_options(request: AnyRequest, visitor: Visitor) -> Page:
    """Keep what was chosen."""
    form = await CHOICE.read(request, visitor)
    database = context_of(request).database
    await database.run(lambda c: accounts.set_choice_in_webhook(c, visitor.account_id, form["choice"]))
    return redirect(request, LIST, "Saved.")


pages: list[Any] = [flows, options, save_options]
