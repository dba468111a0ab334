"""What may be done with a flow: publish, pause, resume, rename, duplicate, delete, another token, export."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Any

from litestar import Response

from strowger.console.form import Field, Form
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.flows import service
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.pages.shared import LIST, READ, WRITE, crumbs, found
from strowger.engagement.flows.schemas import MAX_NAME, Flow, State

ONE = f"{LIST}/{{flow_id:int}}"


async def _do(request: AnyRequest, flow: Flow, work: Awaitable[Any], done: str, to: str = "") -> Page:
    """Do something, then back with a word about it."""
    try:
        await work
    except Refused as problem:
        return redirect(request, flow.path, str(problem), "warning")
    return redirect(request, to or flow.path, done)


@page(f"{ONE}/publish", methods=["POST"], permission=WRITE)
async def publish(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """Put the draft in place of what is published."""
    flow = await found(request, visitor, flow_id)
    try:
        problems = await service.publish(context_of(request), visitor.account_id, flow_id, visitor.name)
    except Refused as problem:
        return redirect(request, flow.path, str(problem), "warning")
    if problems:
        words = "One thing is" if len(problems) == 1 else f"{len(problems)} things are"
        return redirect(request, flow.path, f"{words} still missing; the list says what.", "warning")
    return redirect(request, flow.path, f"{flow.name} is published.")


@page(f"{ONE}/pause", methods=["POST"], permission=WRITE)
async def pause(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """Refuse triggers until it is resumed; executions under way go on."""
    flow = await found(request, visitor, flow_id)
    work = service.set_state(context_of(request), visitor.account_id, flow_id, State.PAUSED)
    return await _do(request, flow, work, f"{flow.name} is paused.")


@page(f"{ONE}/resume", methods=["POST"], permission=WRITE)
async def resume(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """Take triggers again."""
    flow = await found(request, visitor, flow_id)
    work = service.set_state(context_of(request), visitor.account_id, flow_id, State.PUBLISHED)
    return await _do(request, flow, work, f"{flow.name} takes triggers again.")


@page(f"{ONE}/rotate", methods=["POST"], permission=WRITE)
async def rotate(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """Give the webhook another address."""
    flow = await found(request, visitor, flow_id)
    work = service.rotate(context_of(request), visitor.account_id, flow_id)
    return await _do(request, flow, work, "This is the new address. The old one is unknown from now on.")


@page(f"{ONE}/duplicate", methods=["POST"], permission=WRITE)
async def duplicate(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """A new draft like this one."""
    flow = await found(request, visitor, flow_id)
    try:
        made = await service.duplicate(context_of(request), visitor.account_id, flow_id, visitor.name)
    except Refused as problem:
        return redirect(request, flow.path, str(problem), "warning")
    return redirect(request, f"{LIST}/{made}", "This is the copy, a draft.")


@page(f"{ONE}/delete", methods=["POST"], permission=WRITE)
async def delete(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """Remove a flow; its logs stay."""
    flow = await found(request, visitor, flow_id)
    work = service.delete(context_of(request), visitor.account_id, flow_id)
    return await _do(request, flow, work, f"{flow.name} is deleted.", LIST)


@page(f"{ONE}/export", permission=READ)
async def export(request: AnyRequest, visitor: Visitor, flow_id: int) -> Response[Any]:
    """Download the draft as JSON, without the values of secret headers."""
    flow = await found(request, visitor, flow_id)
    name = re.sub(r"[^a-z0-9]+", "-", flow.name.lower()).strip("-") or str(flow.id)
    headers = {"Content-Disposition": f'attachment; filename="flow-{name}.json"'}
    return Response(service.exported(flow), media_type="application/json", headers=headers)


def _rename(flow: Flow) -> Form:
    field = Field("name", "Name", required=True, min_length=3, max_length=MAX_NAME)
    return Form("flow-name", (field,), submit="Rename", cancel=flow.path)


@page(f"{ONE}/rename", permission=WRITE)
async def rename_form(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """Another name."""
    flow = await found(request, visitor, flow_id)
    form = _rename(flow).blank(visitor, name=flow.name)
    return await render(request, "console/form_page.html", title="Rename", crumbs=crumbs(flow), form=form)


@page(f"{ONE}/rename", methods=["POST"], permission=WRITE)
async def rename(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """Give it another name."""
    flow = await found(request, visitor, flow_id)
    form = await _rename(flow).read(request, visitor)
    if form.ok:
        try:
            await service.rename(context_of(request), visitor.account_id, flow_id, form["name"], visitor.name)
            return redirect(request, flow.path, "Renamed.")
        except Refused as problem:
            form.fail("name", str(problem))
    return await render(
        request, "console/form_page.html", title="Rename", crumbs=crumbs(flow), form=form, status=form.status
    )


pages: list[Any] = [publish, pause, resume, rotate, duplicate, delete, export, rename_form, rename]
