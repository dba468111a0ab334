"""The request log in the console: the list, one request with its answer, failures by code and endpoint."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.console import menu, palette
from strowger.console.code import snippets
from strowger.console.pages import Action, AnyRequest, Crumb, Page, context_of, page, render
from strowger.console.table import Column, Empty, Filter, Row, SqlSource, Table, equals
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.database import Database
from strowger.foundation.ids import uuid_time
from strowger.platform.gateway.errors import ERRORS
from strowger.platform.gateway.models import RequestLog
from strowger.platform.requests import repository, service
from strowger.platform.requests.service import SPANS, code_path

LIST = "/requests"
TABS = (("Requests", LIST), ("Errors", f"{LIST}/errors"))
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CLASSES = (("2", "Done (2xx)"), ("4", "Refused (4xx)"), ("5", "Failed (5xx)"))
TONES = {2: "success", 3: "info", 4: "warning", 5: "danger"}
STATUS_TONES = {status: TONES[status // 100] for status in range(200, 600)}
SPAN_WORDS = {"24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days"}

menu.register("Developers", "API requests", LIST, "list-details", 45)

TABLE = Table(
    "requests",
    (
        Column("id", "Time", "time", sort=True, value=lambda row: uuid_time(row["id"])),
        Column("method", "Method"),
        Column("path", "Path", "mono"),
        Column("status", "HTTP", "status", tone=STATUS_TONES, label_of=str),
        Column("error_code", "Code", "mono", href=lambda row: code_path(row["error_code"])),
        Column("duration_ms", "Duration (ms)", "number"),
        Column("key_name", "API key"),
        Column("ip", "Address", "mono", shown=False),
        Column("request_id", "Request ID", "mono", value=lambda row: row["id"], shown=False),
    ),
    (
        Filter("at", "Time", "time"),
        Filter("class", "Answer", "multi", CLASSES),
        Filter("error_code", "Code"),
        Filter("method", "Method", "multi", [(one, one) for one in METHODS]),
        Filter("path", "Path"),
        Filter("endpoint", "Endpoint", more=True),
        Filter("key_name", "API key", more=True),
        Filter("ip", "Address", more=True),
    ),
    search="Request id or path",
    empty=Empty(
        "No API requests yet",
        "Calls of the API with your keys are kept here for 30 days, every failure among them, with numbers and texts masked."
        " Each answer carries its request id in X-Request-Id.",
        Action("Make the first call", "/docs", "book"),
    ),
    row_href=lambda row: f"{LIST}/{row['id']}",
)


def tabs_of(path: str) -> list[tuple[str, str, bool]]:
    """The tabs of these pages."""
    return [(label, target, target == path) for label, target in TABS]


def source(database: Database) -> SqlSource:
    """The rows of the list."""
    r = RequestLog.__table__.c
    return SqlSource(
        database,
        repository.rows(),
        r.account_id,
        key=("id",),
        columns={"id": r.id, "method": r.method, "path": r.path, "ip": r.ip},
        search=repository.searched,
        filters={
            "at": lambda span: repository.within(span.start, span.end),
            "class": repository.of_classes,
            "error_code": repository.of_code,
            "method": equals(r.method),
            "endpoint": equals(repository.ENDPOINT),
        },
    )


@page(LIST, permission="developers.read")
async def requests(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The list."""
    return await TABLE.respond(
        request,
        visitor,
        source(context_of(request).database),
        title="API requests",
        template="requests/list.html",
        tabs=tabs_of(LIST),
    )


@page(f"{LIST}/errors", permission="developers.read")
async def errors(request: AnyRequest, visitor: Visitor) -> Page:
    """Failures by code and endpoint (?span=24h, 7d, 30d)."""
    span = request.query_params.get("span", "24h")
    span = span if span in SPANS else "24h"
    found = await service.failures(context_of(request), visitor.account_id, span)
    return await render(
        request, "requests/errors.html", title="API errors", crumbs=[Crumb("Developers"), Crumb("API requests", LIST)],
        tabs=tabs_of(f"{LIST}/errors"), failures=found, span=span, spans=SPAN_WORDS, zone=visitor.time_zone,
    )  # fmt: skip


@page(f"{LIST}/{{request_id:uuid}}", permission="developers.read")
async def one_request(request: AnyRequest, visitor: Visitor, request_id: UUID) -> Page:
    """A request with its answer, what its code means, and the same call as code."""
    context = context_of(request)
    row = await repository.one(context.database, visitor.account_id, request_id)
    if row is None:
        raise NotFoundException
    return await render(
        request,
        "requests/request.html",
        title=f"{row['method']} {row['path']}",
        row=row,
        at=uuid_time(row["id"]),
        tone=TONES.get(row["status"] // 100, "neutral"),
        error=ERRORS.get(row["error_code"] or ""),
        asked=service.shown(row["request_body"]),
        answered=service.shown(row["response_body"]),
        snippets=snippets(service.as_call(row, context.settings.base_url)),
    )


async def find_request(context: Context, visitor: Visitor, text: str) -> list[palette.Hit]:
    """The request of an id that was pasted, or the page of an error code."""
    if text.upper() in ERRORS:
        entry = ERRORS[text.upper()]
        return [
            palette.Hit(entry.code, f"/docs/errors/{entry.code}", "alert-triangle", entry.text, "Error codes", True)
        ]
    try:
        request_id = UUID(text)
    except ValueError:
        return []
    if not visitor.may("developers.read"):
        return []
    row: Row | Any = await repository.one(context.database, visitor.account_id, request_id)
    if row is None:
        return []
    label = f"{row['method']} {row['path']}"
    return [palette.Hit(label, f"{LIST}/{request_id}", "list-details", str(row["status"]), "API requests", True)]


palette.register_finder("requests", find_request)
pages: list[Any] = [requests, errors, one_request]
