"""Reading a definition that was sent, and what is wrong with one before it can be published (voice.md 6.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from strowger.engagement.flows import widgets as _widgets  # noqa: F401 - registers the library
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.schemas import (
    MAX_DEFINITION,
    MAX_NOTES,
    MAX_WIDGET_NAME,
    MAX_WIDGETS,
    START,
    WIDGET_ID,
    Definition,
    Problem,
    Widget,
)
from strowger.engagement.flows.variables import is_known, names_in, widget_of
from strowger.engagement.flows.widgets.base import Choices, type_of
from strowger.engagement.flows.widgets.jump import JumpConfig

FAR = 100_000  # of the canvas, from its middle


def read_definition(raw: Any) -> Definition:
    """A definition in its stored form, complete or not. Raises Refused, naming the widget."""
    try:
        found = msgspec.convert(raw, Definition)
    except msgspec.ValidationError as problem:
        raise Refused(f"This is no flow: {problem}") from None
    if len(found.widgets) > MAX_WIDGETS:
        raise Refused(f"{len(found.widgets)} widgets; at most {MAX_WIDGETS}.")
    ids = {widget.id for widget in found.widgets}
    if len(ids) < len(found.widgets):
        raise Refused("Two widgets have the same ID.")
    if sum(widget.type == START for widget in found.widgets) != 1:
        raise Refused("A flow has one Start widget.")
    for widget in found.widgets:
        _read(widget, ids)
    if len(msgspec.json.encode(found)) > MAX_DEFINITION:
        raise Refused("The flow is too large.")
    return found


def _read(widget: Widget, ids: set[str]) -> None:
    """Check and tidy up one widget."""
    if not WIDGET_ID.fullmatch(widget.id):
        raise Refused(f"{widget.id[:40]!r} is no widget ID: use letters, digits and _.")
    try:
        kind = type_of(widget.type)
        config = kind.read(widget.config)
    except Refused as problem:
        raise Refused(f"{widget.id}: {problem}") from None
    if len(widget.name) > MAX_WIDGET_NAME or len(widget.notes) > MAX_NOTES or "\0" in widget.name + widget.notes:
        raise Refused(f"{widget.id}: a name has at most {MAX_WIDGET_NAME} characters, notes {MAX_NOTES}.")
    widget.config = msgspec.to_builtins(config)
    names = {branch.name for branch in kind.branches(config)}
    widget.next = {name: to for name, to in widget.next.items() if name in names and to in ids}
    widget.x, widget.y = (max(-FAR, min(FAR, place)) for place in (widget.x, widget.y))


def problems_of(definition: Definition, choices: Choices) -> list[Problem]:
    """Why it cannot be published; empty when it can."""
    return [*_of_widgets(definition, choices), *_of_graph(definition)]


def _of_widgets(definition: Definition, choices: Choices) -> Iterator[Problem]:
    apis = {widget.id for widget in definition.widgets if widget.type == "api"}
    for widget in definition.widgets:
        kind = type_of(widget.type)
        config = kind.read(widget.config)
        for found in kind.check(config, choices):
            yield Problem(found.text, widget.id, found.field)
        for field, text in kind.texts(config):
            for name in names_in(text):
                asked = widget_of(name)
                if not is_known(name):
                    yield Problem(f"There is no variable {{{{{name}}}}}.", widget.id, field)
                elif asked is not None and asked not in apis:
                    yield Problem(f"{{{{{name}}}}}: there is no API widget {asked}.", widget.id, field)
        open_ = [branch for branch in kind.branches(config) if branch.name not in widget.next]
        for branch in open_:
            if branch.needed:
                yield Problem(f"Connect the branch “{branch.label}”.", widget.id)
        if kind.either and len(open_) == len(kind.branches(config)):
            yield Problem("Connect at least one branch.", widget.id)


def _of_graph(definition: Definition) -> Iterator[Problem]:
    start = definition.start
    if start is None:
        return
    reached, waiting = set(), [start.id]
    while waiting:
        widget = definition.find(waiting.pop())
        if widget is None or widget.id in reached:
            continue
        reached.add(widget.id)
        waiting.extend(widget.next.values())
        if widget.type == "jump":
            config = msgspec.convert(widget.config, JumpConfig)
            if config.kind == "widget":
                waiting.append(config.widget)
    for widget in definition.widgets:
        if widget.id not in reached:
            yield Problem("Nothing leads to this widget: connect it, or delete it.", widget.id)
    looping = next(_loops(definition), None)
    if looping is not None:
        yield Problem("This way leads back to a widget before it; use a Jump to go back.", looping)


def _loops(definition: Definition) -> Iterator[str]:
    """A widget from whose branches one comes back to it, without recursion: flows may be 200 widgets deep."""
    done: set[str] = set()
    for first in definition.widgets:
        path: list[tuple[str, Iterator[str]]] = []
        on_path: set[str] = set()
        _enter(definition, first.id, path, on_path, done)
        while path:
            here, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                on_path.discard(here)
                done.add(here)
            elif following in on_path:
                yield here
                return
            else:
                _enter(definition, following, path, on_path, done)


def _enter(
    definition: Definition, widget_id: str, path: list[tuple[str, Iterator[str]]], on_path: set[str], done: set[str]
) -> None:
    widget = definition.find(widget_id)
    if widget is not None and widget_id not in done:
        path.append((widget_id, iter(widget.next.values())))
        on_path.add(widget_id)
