"""Placeholders: ``<name>`` and ``{name}`` in texts and JSON, replaced by a message's variables (platform.md 6.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import msgspec

Variables = Mapping[str, Any]
Escape = Callable[[str], str]

# Voice names carry their widget: keypress:WIDGETID, api:VARIABLE.CHILD, api:WIDGETID:VARIABLE (platform.md 7.5).
_HEAD = r"(?:(?:keypress|api)(?::[A-Za-z0-9_-]+){1,2}|[A-Za-z_][A-Za-z0-9_-]*)"
_NAME = rf"{_HEAD}(?:\[(?:n|\d{{1,3}})\])?(?:\.[A-Za-z0-9_-]+(?:\[\d{{1,3}}\])?)*"
PLACEHOLDER = re.compile(rf"<({_NAME})>|\{{({_NAME})\}}")
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]*")
_STEP = re.compile(r"([^.\[\]]+)(?:\[(n|\d+)\])?")


def has_placeholder(text: str) -> bool:
    """Whether the text holds at least one placeholder."""
    return PLACEHOLDER.search(text) is not None


def look_up(variables: Variables, name: str) -> Any:
    """The value of a variable; "" when there is none.

    ``a.b`` goes into an object; ``parts[2]`` is the second entry of the list ``parts``, ``parts[n]`` all of them.
    """
    value = variables.get(name)
    if value is not None:
        return value
    if "." not in name and "[" not in name:
        return ""
    current: Any = variables
    for key, index in _STEP.findall(name):
        current = current.get(key) if isinstance(current, Mapping) else None
        if index and index != "n":
            at = int(index) - 1
            current = current[at] if isinstance(current, list) and 0 <= at < len(current) else None
    return "" if current is None else current


def as_text(value: Any) -> str:
    """A value inside a text: numbers in decimal, objects and lists as compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return msgspec.json.encode(value).decode()


def percent_encode(text: str) -> str:
    """As one value in a URL: nothing of it can end the value."""
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="")


def json_escape(text: str) -> str:
    """As the inside of a JSON string."""
    return msgspec.json.encode(text)[1:-1].decode()


def xml_escape(text: str) -> str:
    """As text or attribute value in XML and HTML."""
    return escape(text, {'"': "&quot;", "'": "&#39;"})


def one_line(text: str) -> str:
    """As the value of a header: without line breaks."""
    return text.replace("\r", " ").replace("\n", " ").replace("\0", "")


@lru_cache(maxsize=2048)
def _split(text: str) -> tuple[list[str], list[str]]:
    """The literal pieces of a text and the names between them."""
    pieces, names, end = [], [], 0
    for found in PLACEHOLDER.finditer(text):
        pieces.append(text[end : found.start()])
        names.append(found[1] or found[2])
        end = found.end()
    pieces.append(text[end:])
    return pieces, names


@lru_cache(maxsize=2048)
def names_of(text: str) -> frozenset[str]:
    """The variables that a text's placeholders look into: of ``a.b`` both that name and ``a``."""
    _, names = _split(text)
    return frozenset(names).union(re.split(r"[.\[]", name, maxsplit=1)[0] for name in names)


def render_text(text: str, variables: Variables, escaped: Escape = str) -> str:
    """The text with each placeholder replaced by its escaped value."""
    pieces, names = _split(text)
    if not names:
        return text
    out = [pieces[0]]
    for name, piece in zip(names, pieces[1:], strict=True):
        out.append(escaped(as_text(look_up(variables, name))))
        out.append(piece)
    return "".join(out)


def render_markup(text: str, variables: Variables) -> str:
    """Like render_text for XML and HTML, where ``<x>`` is a placeholder only if it is a variable and no tag of the text."""

    def replace(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if found[1] and (name not in variables or f"</{name}>" in text):
            return found[0]
        return xml_escape(as_text(look_up(variables, name)))

    return PLACEHOLDER.sub(replace, text)


def render_json(template: Any, variables: Variables) -> Any:
    """A JSON value with its placeholders replaced, in keys too; a string that is one placeholder keeps the value's type."""
    if isinstance(template, str):
        pieces, names = _split(template)
        if len(names) == 1 and pieces == ["", ""]:
            return look_up(variables, names[0])
        return render_text(template, variables)
    if isinstance(template, dict):
        return {
            key if key in variables else render_text(key, variables): render_json(value, variables)
            for key, value in template.items()
        }
    if isinstance(template, list):
        return [render_json(item, variables) for item in template]
    return template
