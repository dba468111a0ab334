"""Uploaded Reports: the files that were asked for, made by schedules, or put there by the operator (sms.md 7.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar.response import Response

from strowger.console import menu
from strowger.console.pages import Action, AnyRequest, context_of, page
from strowger.console.table import Column, Empty, Filter, Row, RowAction, SqlSource, Table
from strowger.console.visitor import Visitor
from strowger.foundation.database import Database
from strowger.platform.reports import repository
from strowger.platform.reports.models import Report
from strowger.platform.reports.schemas import (
    DONE,
    FORMATS,
    LABELS,
    QUEUED,
    RUNNING,
    TONES,
    UPLOADED,
    params_of,
)
from strowger.platform.reports.types import all_types, find_type

LIST = "/reports"
READ, WRITE = "reports.read", "reports.write"
BUSY = (QUEUED, RUNNING)
REQUEST = Action("Request a report", f"{LIST}/new", "file-analytics", primary=True, key="c")
menu.register("Channels", "Reports", LIST, "file-analytics", 80)


def type_title(name: str) -> str:
    """A type in words."""
    kind = find_type(name)
    return "Uploaded by staff" if name == UPLOADED else kind.title if kind else name


def visible_types(visitor: Visitor) -> list[str]:
    """The types that a visitor may see."""
    return [UPLOADED, *(kind.name for kind in all_types() if visitor.may(kind.permission))]


def period_of(row: Mapping[str, Any]) -> str:
    """The days that a report is of."""
    if row["type"] == UPLOADED:
        return "–"
    params = params_of(row)
    if params.first == params.last:
        return params.first.isoformat()
    return f"{params.first.isoformat()} to {params.last.isoformat()}"


def percent(row: Mapping[str, Any]) -> int:
    """How far a report is."""
    return 100 if row["state"] == DONE else round(100 * row["done_spans"] / row["spans"]) if row["spans"] else 0


def path_of(row: Row) -> str:
    """The page of a report."""
    return f"{LIST}/{row['id']}"


COLUMNS = (
    Column("title", "Report name", sort=True, href=path_of),
    Column("type", "Type", label_of=type_title, shown=False),
    Column("requested_by", "Requested by", sort=True, value=lambda row: row["requested_by"] or "Schedule"),
    Column("id", "Requested on", "time", sort=True, value=lambda row: row["created_at"]),
    Column("period", "Period", value=period_of),
    Column("format", "Format", label_of=lambda name: FORMATS.get(name, name.upper())),
    Column("rows", "Rows", "number", sort=True),
    Column("size", "Size (bytes)", "number", sort=True, shown=False),
    Column("state", "Status", "status", sort=True, tone=TONES, label_of=LABELS.__getitem__),
    Column("progress", "Done (%)", "number", value=percent),
    Column("expires_at", "Expires on", "time", sort=True),
)
ACTIONS = (
    RowAction("Download", lambda row: f"{path_of(row)}/download", "download", when=lambda row: row["state"] == DONE),
    RowAction("Regenerate", lambda row: f"{path_of(row)}/again", "refresh", "POST",
              when=lambda row: row["type"] != UPLOADED and row["state"] not in BUSY),
    RowAction("Email again", lambda row: f"{path_of(row)}/mail", "mail-forward", when=lambda row: row["state"] == DONE),
    RowAction("Cancel", lambda row: f"{path_of(row)}/cancel", "ban", "POST", when=lambda row: row["state"] in BUSY,
              confirm=lambda row: f"“{row['title']}” is not made."),
    RowAction("Delete", lambda row: f"{path_of(row)}/delete", "trash", "POST", danger=True,
              when=lambda row: row["state"] not in BUSY,
              confirm=lambda row: f"“{row['title']}” and its file are removed; links in mails stop working."),
)  # fmt: skip


def table(visitor: Visitor) -> Table:
    """The list for a visitor: the filter offers the types they may see."""
    types = [(name, type_title(name)) for name in visible_types(visitor)]
    return Table(
        "reports", COLUMNS,
        (Filter("type", "Type", "multi", types), Filter("state", "Status", "multi", list(LABELS.items())),
         Filter("created_at", "Requested", "time")),
        search="Name or person",
        empty=Empty(
            "No reports yet",
            "Ask for a report, and its file waits here for seven days. What Settings > Notifications sends by itself is "
            "listed here, too.",
            REQUEST,
        ),
        row_href=path_of, row_actions=ACTIONS, live_topic="reports",
    )  # fmt: skip


def report_source(database: Database, visitor: Visitor, notification: str | None = None) -> SqlSource:
    """The reports of the visitor's account that they may see."""
    return SqlSource(
        database, repository.report_rows(visible_types(visitor), notification), repository.tenant(), key=("id",),
        columns=dict(Report.__table__.c.items()),
        search=lambda text: (
            Report.title.icontains(text, autoescape=True) | Report.requested_by.icontains(text, autoescape=True)
        ),
        nullable=frozenset({"expires_at"}),
    )  # fmt: skip


@page(LIST, permission=READ)
async def reports(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The list of reports and their files."""
    actions = [REQUEST]
    if visitor.may("installation.write"):
        actions.append(Action("Upload a report", f"{LIST}/upload", "upload"))
    return await table(visitor).respond(
        request, visitor, report_source(context_of(request).database, visitor), title="Reports", actions=actions
    )


def moment_text(visitor: Visitor, moment: datetime | None) -> str:
    """A moment for people, in their zone."""
    return visitor.local(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


pages: list[Any] = [reports]
