"""The audit log in the console: list with filters and export, one entry, a check of the chain (U-97)."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.layout import Action
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.rights import sentence_of
from strowger.console.table import Column, Empty, Filter, Row, Table
from strowger.console.visitor import Visitor
from strowger.platform.audit import repository, service
from strowger.platform.audit import trail as _trail  # noqa: F401 - every changing page is written down
from strowger.platform.gateway.operations import OPERATIONS

LIST = "/settings/audit"
MAX_NUMBER = 2**63 - 1
menu.register("Settings", "Audit Log", LIST, "history", 90)


def words_of(action: str) -> str:
    """An action in words: what the page or operation says of itself."""
    method, _, path = action.partition(" ")
    if path.startswith("/v"):
        bare = "/{sid}" + path[3:]
        return next((o.summary for o in OPERATIONS if o.method == method and o.path == bare), action)
    return sentence_of(method, path) or action


def _changed(row: Row) -> str:
    found = dict.fromkeys(f"{change['table']} {change['id']}".strip() for change in row["changes"])
    return ", ".join(list(found)[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


ENTRIES = Table(
    "audit",
    columns=(
        Column("number", "No.", "number", sort=True),
        Column("at", "When", "time", sort=True),
        Column("actor", "Who"),
        Column("role", "Role", shown=False),
        Column("action", "What", label_of=words_of, href=lambda row: f"{LIST}/{row['number']}"),
        Column("changed", "Changed", value=_changed),
        Column("path", "Address", "mono", shown=False),
        Column("ip", "From", "mono"),
        Column("user_agent", "Browser", shown=False),
        Column(
            "changes", "Before and after", "mono", shown=False, value=lambda row: row["changes"] and str(row["changes"])
        ),
        Column("hash", "Hash", "mono", shown=False),
    ),
    filters=(
        Filter("at", "When", "time"),
        Filter("actor", "Who", "text"),
        Filter("changed", "Table or value", "text"),
        Filter("ip", "From", "text"),
    ),
    search="Who, address or changed value",
    empty=Empty(
        "Nothing was changed yet",
        "Every change that somebody makes in the console or by API is written here: who, what, before and after, from where. "
        "Entries cannot be changed or removed.",
    ),
    row_href=lambda row: f"{LIST}/{row['number']}",
)


@page(LIST, permission="audit.read")
async def entries(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """What was changed, the latest first."""
    return await ENTRIES.respond(
        request,
        visitor,
        repository.entry_source(context_of(request).database),
        title="Audit Log",
        actions=[Action("Check the chain", f"{LIST}/check", "shield-check")],
    )


@page(f"{LIST}/check", permission="audit.read")
async def check(request: AnyRequest, visitor: Visitor) -> Page:
    """Follow the chain of hashes and tell whether it is whole."""
    found = await service.verify(context_of(request), visitor.account_id)
    if found.broken is not None:
        return redirect(
            request, LIST, f"The chain breaks at entry {found.broken}: it was altered in the database.", "danger"
        )
    if not found.entries:
        return redirect(request, LIST, "There is nothing to check yet.", "info")
    return redirect(request, LIST, f"{found.entries} entries, each fits the one before. Last hash: {found.head[:16]}…")


@page(f"{LIST}/{{number:int}}", permission="audit.read")
async def entry(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """One entry with the rows before and after."""
    found = await service.get(context_of(request), visitor.account_id, number)
    if found is None:
        raise NotFoundException
    lines = [(change, sorted({*(change["before"] or {}), *(change["after"] or {})})) for change in found.changes]
    return await render(
        request, "audit/entry.html", title=words_of(found.action), entry=found, lines=lines, number=number
    )


pages: list[Any] = [entries, check, entry]
