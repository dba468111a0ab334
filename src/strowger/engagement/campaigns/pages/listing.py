"""The list of campaigns."""

from __future__ import annotations

from typing import Any

from litestar.response import Response

from strowger.console import menu, palette
from strowger.console.pages import Action, AnyRequest, Visitor, context_of, page
from strowger.console.table import Column, Empty, Filter, Row, RowAction, Table
from strowger.engagement.campaigns.pages.shared import LIST, READ, TYPES
from strowger.engagement.campaigns.repository import campaigns as repository
from strowger.engagement.campaigns.schemas import LABELS, TONES, State

NEW = Action("Launch a campaign", f"{LIST}/new", "speakerphone", primary=True, key="c")
menu.register("Campaigns", "SMS campaigns", LIST, "speakerphone", 10)
palette.register_action("Launch a campaign", f"{LIST}/new", "speakerphone")


def _path(ending: str = "") -> Any:
    return lambda row: f"{LIST}/{row['id']}{ending}"


def _is(*states: State) -> Any:
    return lambda row: row["state"] in states


def _progress(row: Row) -> str:
    return f"{100 * row['accepted'] // row['valid']} %" if row["accepted"] and row["valid"] else ""


TABLE = Table(
    "campaigns",
    (
        Column("name", "Campaign", sort=True),
        Column("id", "ID", "mono", shown=False, value=lambda row: str(row["id"])),
        Column("sender", "Sender", sort=True),
        Column("type", "Type", sort=True),
        Column("valid", "Contacts", "number", sort=True),
        Column("accepted", "Handed over", "number", sort=True),
        Column("progress", "Progress", value=_progress),
        Column("launched_at", "Launched", "time", sort=True),
        Column("next_at", "Next at", "time"),
        Column("created_by", "Created by", sort=True),
        Column("created_at", "Created", "time", sort=True, shown=False),
        Column("state", "Status", "status", sort=True, tone=TONES, label_of=lambda state: LABELS.get(state, state)),
    ),
    (
        Filter("state", "Status", "multi", tuple(LABELS.items())),
        Filter("sender", "Sender"),
        Filter("type", "Type", "multi", TYPES),
        Filter("created_by", "Created by"),
        Filter("created_at", "Created", "time"),
    ),
    search="Name or id",
    row_href=_path(),
    row_actions=(
        RowAction("Open", _path(), "eye"),
        RowAction("Edit", _path("/setup"), "pencil", when=_is(State.DRAFT)),
        RowAction("Reschedule", _path("/reschedule"), "calendar-time", when=_is(State.SCHEDULED)),
        RowAction("Replay", _path("/replay"), "repeat", when=_is(State.SUBMITTED)),
        RowAction("Duplicate", _path("/duplicate"), "copy", "POST"),
        RowAction("Report", _path("/report"), "report", when=lambda row: bool(row["accepted"])),
        RowAction(
            "Cancel", _path("/cancel"), "ban", "POST", danger=True, when=_is(State.PROCESSING),
            confirm=lambda row: f"Cancel {row['name']}? What is queued still goes out, the rest does not.",
        ),
        RowAction(
            "Delete", _path("/delete"), "trash", "POST", danger=True, when=_is(State.DRAFT, State.SCHEDULED),
            confirm=lambda row: f"Delete {row['name']} with its contacts? This cannot be undone.",
        ),
    ),
    live_topic="campaigns",
    empty=Empty(
        "No campaigns yet",
        "A campaign sends one message to many contacts: upload a file or paste numbers, write the text with the contacts' own "
        "values, send now, later or in batches, and see what became of each message.",
        NEW,
    ),
)  # fmt: skip


@page(LIST, permission=READ)
async def campaigns(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The campaigns of the account, newest first."""
    source = repository.source(context_of(request).database, "sms")
    return await TABLE.respond(request, visitor, source, title="SMS campaigns", actions=[NEW])


pages: list[Any] = [campaigns]
