"""Finding a value in a body: by a path into JSON, or by a pattern in any text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,4})\]")
_WHOLE = re.compile(r"(?:[^.\[\]]+|\[\d{1,4}\])(?:\.[^.\[\]]+|\[\d{1,4}\])*")


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str | int, ...]:
    """The steps of a path such as ``messages[0].status.name``. Raises ValueError when it is none."""
    if not _WHOLE.fullmatch(path):
        raise ValueError("must be a path such as data.id or messages[0].id")
    return tuple(int(index) if index else name for name, index in _STEP.findall(path))


def find(value: Any, path: str) -> Any:
    """What stands at a path; None when nothing does. A name with dots in it is found whole before it is taken apart."""
    if isinstance(value, dict) and path in value:
        return value[path]
    for step in steps(path):
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return None
    return value


def as_text(value: Any) -> str | None:
    """A found value as text; None for what is no single value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return None


def search(pattern: str, text: str) -> str | None:
    """The first group of a pattern in a text, or the whole match."""
    found = _compiled(pattern).search(text)
    return None if found is None else found[1] if found.re.groups else found[0]


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
