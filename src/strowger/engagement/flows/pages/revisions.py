"""What was published: the last 20 revisions, to look at and to restore."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.exceptions import NotFoundException

from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.flows import service
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.pages.editor import outline
from strowger.engagement.flows.pages.shared import LIST, READ, WRITE, crumbs, found, tabs
from strowger.engagement.flows.repository import flows
from strowger.engagement.flows.schemas import Definition, Widget

BASE = f"{LIST}/{{flow_id:int}}/revisions"


def differences(old: Definition, new: Definition) -> list[tuple[str, str]]:
    """What the second has that the first has not, and the other way round: widget and word."""
    before, after = ({w.id: w for w in d.widgets} for d in (old, new))
    found_ = [(after[key].name or key, "added") for key in after if key not in before]
    found_ += [(before[key].name or key, "removed") for key in before if key not in after]
    for key in before.keys() & after.keys():
        words = _changed(before[key], after[key])
        if words:
            found_.append((after[key].name or key, words))
    return sorted(found_)


def _changed(old: Widget, new: Widget) -> str:
    parts = (
        ("settings", old.config != new.config or old.type != new.type), ("connections", old.next != new.next),
        ("name or notes", (old.name, old.notes) != (new.name, new.notes)),
    )  # fmt: skip
    words = [word for word, is_so in parts if is_so]
    return f"{', '.join(words)} changed" if words else ""


@page(BASE, permission=READ)
async def revisions(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """What was published, newest first."""
    flow = await found(request, visitor, flow_id)
    async with context_of(request).database.acquire() as connection:
        rows = await flows.revisions(connection, visitor.account_id, flow_id)
    return await render(
        request, "flows/revisions.html", title="Revisions", crumbs=crumbs(flow), flow=flow, rows=rows,
        tabs=tabs(flow, "Revisions"),
    )  # fmt: skip


@page(f"{BASE}/{{number:int}}", permission=READ)
async def revision(request: AnyRequest, visitor: Visitor, flow_id: int, number: int) -> Page:
    """One revision: its widgets, and how the draft differs from it."""
    flow = await found(request, visitor, flow_id)
    async with context_of(request).database.acquire() as connection:
        stored = await flows.revision(connection, visitor.account_id, flow_id, number)
    if stored is None:
        raise NotFoundException
    definition = msgspec.convert(stored, Definition)
    return await render(
        request, "flows/revision.html", title=f"Revision {number}", crumbs=crumbs(flow), flow=flow, number=number,
        widgets=outline(definition, []), changes=differences(definition, flow.definition), tabs=tabs(flow, "Revisions"),
    )  # fmt: skip


@page(f"{BASE}/{{number:int}}/restore", methods=["POST"], permission=WRITE)
async def restore(request: AnyRequest, visitor: Visitor, flow_id: int, number: int) -> Page:
    """Put a revision in place of the draft."""
    flow = await found(request, visitor, flow_id)
    try:
        await service.restore(context_of(request), visitor.account_id, flow_id, number, visitor.name)
    except Refused as problem:
        return redirect(request, flow.path, str(problem), "warning")
    return redirect(request, flow.path, f"The draft is revision {number} again. Publish it to let it run.")


pages: list[Any] = [revisions, revision, restore]
