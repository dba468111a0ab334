"""The form of a widget: its settings and where its branches lead; adding and deleting."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from litestar.exceptions import NotFoundException

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, is_partial, page, redirect, render
from strowger.engagement.flows import service
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.pages.shared import LIST, READ, WRITE, crumbs, found
from strowger.engagement.flows.schemas import MAX_NOTES, MAX_WIDGET_NAME, MAX_WIDGETS, START, Definition, Flow, Widget
from strowger.engagement.flows.variables import OFFERED
from strowger.engagement.flows.widgets.base import Branch, Choices, WidgetType, type_of

STEP = 280  # between widgets on the canvas
PATH = f"{LIST}/{{flow_id:int}}/widgets/{{widget_id:str}}"


def _widget(flow: Flow, widget_id: str) -> Widget:
    widget = flow.definition.find(widget_id)
    if widget is None:
        raise NotFoundException
    return widget


def _branches(kind: WidgetType[Any], widget: Widget) -> list[Branch]:
    return list(kind.branches(kind.read(widget.config)))


def form_of(flow: Flow, widget: Widget, choices: Choices) -> Form:
    """The form of a widget of a flow."""
    kind = type_of(widget.type)
    others = [(w.id, w.name or w.id) for w in choices.definition.widgets if w.id != widget.id and w.type != START]
    targets = (("", "End here"), *others)
    return Form(
        "widget",
        (
            Field("name", "Name", max_length=MAX_WIDGET_NAME, placeholder=kind.label),
            *_settings(kind, widget, choices),
            *(
                Field(f"next{n}", f"{branch.label}: go to", "select", options=targets)
                for n, branch in enumerate(_branches(kind, widget))
            ),
            Field("notes", "Notes", "textarea", rows=2, max_length=MAX_NOTES),
        ),
        action=f"{flow.path}/widgets/{widget.id}",
        cancel=flow.path,
    )


def _settings(kind: WidgetType[Any], widget: Widget, choices: Choices) -> list[Field]:
    """The fields of the settings; what was chosen once stays a choice, so that it can be seen and replaced."""
    shown = kind.shown(kind.read(widget.config))
    made = []
    for item in kind.fields(choices):
        value = str(shown.get(item.name) or "")
        if item.kind == "select" and value and value not in {option[0] for option in item.options}:
            options = (*item.options, (value, f"{value} (not available)"))
            made.append(replace(item, options=options))
        else:
            made.append(item)
    return made


def _values(flow: Flow, widget: Widget) -> dict[str, Any]:
    kind = type_of(widget.type)
    targets = {f"next{n}": widget.next.get(b.name, "") for n, b in enumerate(_branches(kind, widget))}
    shown = kind.shown(kind.read(widget.config))
    return {"name": widget.name, "notes": widget.notes, **shown, **targets}


async def _show(request: AnyRequest, flow: Flow, widget: Widget, form: FormState, problems: list[str]) -> Page:
    kind = type_of(widget.type)
    apis = [w.id for w in flow.definition.widgets if w.type == "api"]
    names = [*OFFERED, "webhook.", "sms.text", "api:", *(f"api:{one}:" for one in apis)]
    template = "flows/widget_part.html" if is_partial(request) else "flows/widget.html"
    status = 200 if is_partial(request) else form.status  # htmx shows nothing of other answers
    return await render(
        request, template, title=widget.name or kind.label, crumbs=crumbs(flow), form=form, status=status, flow=flow,
        widget=widget, kind=kind, problems=problems, names=names, meanings=OFFERED,
    )  # fmt: skip


async def _fresh(request: AnyRequest, visitor: Visitor, flow: Flow, widget_id: str) -> Page:
    widget = _widget(flow, widget_id)
    choices, problems = await service.look(context_of(request), flow)
    form = form_of(flow, widget, choices).blank(visitor, **_values(flow, widget))
    return await _show(request, flow, widget, form, [one.text for one in problems if one.widget == widget.id])


@page(PATH, permission=READ)
async def widget_form(request: AnyRequest, visitor: Visitor, flow_id: int, widget_id: str) -> Page:
    """The settings of a widget."""
    return await _fresh(request, visitor, await found(request, visitor, flow_id), widget_id)


@page(PATH, methods=["POST"], permission=WRITE)
async def save_widget(request: AnyRequest, visitor: Visitor, flow_id: int, widget_id: str) -> Page:
    """Keep the settings of a widget; what is missing is said, but may be."""
    context, flow = context_of(request), await found(request, visitor, flow_id)
    widget = _widget(flow, widget_id)
    choices, _ = await service.look(context, flow)
    form = await form_of(flow, widget, choices).read(request, visitor)
    if form.ok:
        try:
            await service.edit(
                context, visitor.account_id, flow_id, visitor.name, None, lambda d: _put(d, widget_id, form)
            )
        except Refused as problem:
            known = {item.name for item in form.form.fields}
            form.fail(problem.field if problem.field in known else "", str(problem))
    if not form.ok:
        return await _show(request, flow, widget, form, [])
    if not is_partial(request):
        return redirect(request, flow.path, "Saved.")
    saved = await found(request, visitor, flow_id)
    answer = await _fresh(request, visitor, saved, widget_id)
    answer.headers["HX-Trigger"] = f'{{"flow-saved": {saved.version}}}'
    return answer


def _put(definition: Definition, widget_id: str, form: FormState) -> None:
    """Put what was typed into a definition. Raises Refused."""
    widget = definition.find(widget_id)
    if widget is None:
        raise Refused("Somebody has deleted this widget meanwhile.")
    kind = type_of(widget.type)
    old = kind.read(widget.config)
    config = kind.typed(form.values, old)
    kept = {branch.name for branch in kind.branches(config)}
    targets = {b.name: str(form.values.get(f"next{n}") or "") for n, b in enumerate(kind.branches(old))}
    widget.next = {name: to for name, to in targets.items() if to and name in kept}
    widget.name, widget.notes = form["name"], form["notes"]
    widget.config = service.plain(config)


@page(f"{LIST}/{{flow_id:int}}/widgets", methods=["POST"], permission=WRITE)
async def add_widget(request: AnyRequest, visitor: Visitor, flow_id: int) -> Page:
    """Add a widget, at the end of a branch where one is named, and open its form."""
    flow = await found(request, visitor, flow_id)
    sent = await request.form()
    made: list[str] = []
    try:
        kind = type_of(str(sent.get("type", "")))
        if kind.single:
            raise Refused("A flow has one Start widget.")
        await service.edit(
            context_of(request), visitor.account_id, flow_id, visitor.name, None,
            lambda d: made.append(add(d, kind.key, str(sent.get("after") or ""))),
        )  # fmt: skip
    except Refused as problem:
        return redirect(request, flow.path, str(problem), "warning")
    return redirect(request, f"{flow.path}/widgets/{made[-1]}")


def add(definition: Definition, kind: str, after: str) -> str:
    """Put a new widget into a definition, behind ``after`` (widget and branch apart by a space); returns its id."""
    used = [int(found[1]) for w in definition.widgets if (found := re.fullmatch(rf"{kind}_(\d{{1,6}})", w.id))]
    if len(definition.widgets) >= MAX_WIDGETS:
        raise Refused(f"A flow has at most {MAX_WIDGETS} widgets.")
    widget_id = f"{kind}_{max(used, default=0) + 1}"
    before_id, _, branch = after.partition(" ")
    before = definition.find(before_id)
    x = before.x + STEP if before else max((w.x for w in definition.widgets), default=0) + STEP
    y = before.y if before else 200
    while any(abs(w.x - x) < STEP // 2 and abs(w.y - y) < STEP // 2 for w in definition.widgets):
        y += STEP // 2
    definition.widgets.append(Widget(widget_id, kind, "", "", x, y))
    if before is not None and branch:
        before.next[branch] = widget_id
    return widget_id


@page(f"{PATH}/delete", methods=["POST"], permission=WRITE)
async def delete_widget(request: AnyRequest, visitor: Visitor, flow_id: int, widget_id: str) -> Page:
    """Delete a widget; what led to it leads nowhere."""
    flow = await found(request, visitor, flow_id)

    def remove(definition: Definition) -> None:
        if (widget := definition.find(widget_id)) is None or widget.type == START:
            raise Refused("This widget cannot be deleted.")
        definition.widgets.remove(widget)

    try:
        await service.edit(context_of(request), visitor.account_id, flow_id, visitor.name, None, remove)
    except Refused as problem:
        return redirect(request, flow.path, str(problem), "warning")
    return redirect(request, flow.path, "Deleted.")


pages: list[Any] = [widget_form, save_widget, add_widget, delete_widget]
