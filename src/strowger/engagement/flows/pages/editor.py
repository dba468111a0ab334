"""A flow's page: its state, its address, what is missing, its widgets; and the draft as data."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import ClientException

from strowger.console.code import ApiCall, snippets
from strowger.console.pages import Action, AnyRequest, Page, Visitor, context_of, page, render
from strowger.engagement.flows import service
from strowger.engagement.flows.checking import read_definition
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.pages.shared import CRUMB, LIST, READ, WRITE, found, tabs
from strowger.engagement.flows.schemas import START, WEBHOOK, Definition, Flow, Problem, Widget
from strowger.engagement.flows.widgets.base import TYPES, type_of
from strowger.engagement.flows.widgets.start import StartConfig
from strowger.foundation.context import Context


def outline(definition: Definition, problems: list[Problem]) -> list[dict[str, Any]]:
    """The widgets as a list: Start first, then as they lie on the canvas."""
    return [
        _described(definition, widget, problems)
        for widget in sorted(definition.widgets, key=lambda w: (w.type != START, w.x, w.y, w.id))
    ]


def _described(definition: Definition, widget: Widget, problems: list[Problem]) -> dict[str, Any]:
    kind = type_of(widget.type)
    config = kind.read(widget.config)
    branches = []
    for branch in kind.branches(config):
        to = definition.find(widget.next.get(branch.name, ""))
        branches.append({"name": branch.name, "label": branch.label, "to": (to.name or to.id) if to else ""})
    return {
        "id": widget.id, "name": widget.name or kind.label, "type": widget.type, "label": kind.label, "icon": kind.icon,
        "summary": kind.summary(config), "branches": branches, "notes": widget.notes,
        "problems": [problem.text for problem in problems if problem.widget == widget.id],
    }  # fmt: skip


def address(context: Context, flow: Flow, sid: str) -> str:
    """The address of a flow's webhook; empty before it is published."""
    token = service.token_of(context, flow)
    return f"{context.settings.base_url}/v1/{sid}/flow/{flow.id}/trigger/{token}" if token else ""


def open_branches(definition: Definition) -> list[tuple[str, str]]:
    """The branches that lead nowhere yet, as choices."""
    found_ = []
    for widget in definition.widgets:
        kind = type_of(widget.type)
        for branch in kind.branches(kind.read(widget.config)):
            if branch.name not in widget.next:
                found_.append((f"{widget.id} {branch.name}", f"{widget.name or kind.label}: {branch.label}"))
    return found_


async def _shown(context: Context, visitor: Visitor, flow: Flow) -> dict[str, Any]:
    """What the part of the page needs that changes with the draft."""
    _, problems = await service.look(context, flow)
    definition = flow.definition
    return {
        "flow": flow, "problems": problems, "widgets": outline(definition, problems), "open": open_branches(definition),
        "names": {widget.id: widget.name or type_of(widget.type).label for widget in definition.widgets},
        "types": [kind for kind in TYPES.values() if not kind.single], "may_write": visitor.may(WRITE),
    }  # fmt: skip


@page(f"{LIST}/{{flow_id:int}}", permission=READ)
async def flow_page(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """A flow: state, address, what is missing, widgets."""
    context, flow = context_of(request), await found(request, visitor, flow_id)
    shown = await _shown(context, visitor, flow)
    url = address(context, flow, visitor.sid) if WEBHOOK in flow.triggers and visitor.may(WRITE) else ""
    start = flow.definition.start
    keyed = msgspec.convert(start.config, StartConfig).webhook.require_key if start else False
    call = ApiCall("POST", url, json={"caller": "447700900123", "name": "Ada"}, keyed=keyed) if url else None
    actions = [Action("Export", f"{flow.path}/export", "download"), Action("Rename", f"{flow.path}/rename", "pencil")]
    return await render(
        request, "flows/flow.html", title=flow.name, crumbs=[CRUMB], url=url, snippets=snippets(call) if call else [],
        tabs=tabs(flow, "Widgets"), actions=actions, **shown,
    )  # fmt: skip


class Sent(msgspec.Struct):
    """A draft as a program sends it, and the version on which it rests."""

    version: int
    definition: dict[str, Any]


async def _data(context: Context, flow: Flow) -> dict[str, Any]:
    _, problems = await service.look(context, flow)
    definition = flow.definition
    return {
        "version": flow.version, "changed": flow.changed, "definition": flow.draft, "outline": outline(definition, problems),
        "problems": [{"widget": p.widget, "field": p.field, "text": p.text} for p in problems],
    }  # fmt: skip


def _json(value: Any, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


@page(f"{LIST}/{{flow_id:int}}/draft", permission=READ)
async def draft(request: AnyRequest, visitor: Visitor, flow_id: int) -> Response[Any]:
    """The draft as data, with what is missing."""
    return _json(await _data(context_of(request), await found(request, visitor, flow_id)))


@page(f"{LIST}/{{flow_id:int}}/draft", methods=["POST"], permission=WRITE)
async def save_draft(request: AnyRequest, visitor: Visitor, flow_id: int) -> Response[Any]:
    """Keep a draft that is sent as data. 409: it rests on an older version; 422: it cannot be read."""
    context = context_of(request)
    await found(request, visitor, flow_id)
    try:
        sent = msgspec.json.decode(await request.body(), type=Sent)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise ClientException(f"This is no draft: {problem}") from problem
    try:
        definition = read_definition(sent.definition)
        await service.edit(context, visitor.account_id, flow_id, visitor.name, sent.version, lambda _: definition)
    except Refused as problem:
        return _json({"problem": str(problem)}, 409 if problem.field == "version" else 422)
    return _json(await _data(context, await found(request, visitor, flow_id)))


pages: list[Any] = [flow_page, draft, save_draft]
