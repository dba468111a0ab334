"""A template's text: its fixed parts and variables, filling it, and whether a text is one of its forms (sms.md 3.5, 7.2).

Pure. ``{#var#}`` are variables without a name, ``{name}`` named ones; ``{URL}`` and ``{kadvanced}`` are kept for the link that is
put in later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.params import scalar_text

ANONYMOUS = "#var#"
URL_PLACES, PERSONAL_LINK = frozenset({"URL", "url"}), "kadvanced"
URL_NAMES = URL_PLACES | {PERSONAL_LINK}
PLACEHOLDER = re.compile(r"\{(#var#|[A-Za-z0-9_]{1,30})\}")
DLT_VALUE, PLAIN_VALUE = 30, 200  # characters that a variable may stand for, with and without a content registry
_SPACES = re.compile(r"[^\S\n]+")
_NUMBERED = re.compile(r"#?var[ _]?(\d{1,4})#?", re.IGNORECASE)
Values = Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True, slots=True)
class Content:
    """A text in pieces: ``fixed`` has one part more than there are ``names``."""

    fixed: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def variables(self) -> list[str]:
        """What values are asked for, in order: ``var1``, ``var2`` ... for the anonymous, each other name once."""
        found: dict[str, None] = {}
        for position, name in enumerate(self.names, 1):
            if name == ANONYMOUS:
                found[f"var{self.names[:position].count(ANONYMOUS)}"] = None
            elif name not in URL_NAMES:
                found[name] = None
        return list(found)


@lru_cache(maxsize=4096)
def split(text: str) -> Content:
    """A template's text in its pieces."""
    pieces = PLACEHOLDER.split(text)
    return Content(tuple(pieces[::2]), tuple(pieces[1::2]))


def fill(content: Content, values: Values, defaults: Mapping[str, str], *, strict: bool = True) -> str:
    """The text with its values. Surplus values are ignored.

    Raises StrowgerError E611 for a variable that has neither value nor default (when ``strict``; else it stays as it
    is), E612 for a value that is no text.
    """
    found = _positional(content, values) if isinstance(values, Sequence) else _named(content, values)
    pieces = [content.fixed[0]]
    anonymous = 0
    for name, fixed in zip(content.names, content.fixed[1:], strict=True):
        shown = name
        if name == ANONYMOUS:
            anonymous += 1
            shown = f"var{anonymous}"
        value = None if name in URL_NAMES else _text(found.get(shown), shown)
        value = defaults.get(shown) if value is None else value
        if value is None and strict and name not in URL_NAMES:
            raise StrowgerError("E611", f"No value for {shown}", field="template_data")
        pieces += ["{" + name + "}" if value is None else value, fixed]
    return "".join(pieces)


def _text(value: Any, name: str) -> str | None:
    if value is None:
        return None
    text = scalar_text(value)
    if text is None or "\0" in text:
        raise StrowgerError("E612", f"The value for {name} must be text", field="template_data")
    return text


def _positional(content: Content, values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(content.variables, values, strict=False))


def _named(content: Content, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by variable: names as written, then without regard to case; anonymous ones by the spellings of clients."""
    given = {str(name).strip().removeprefix("{").removesuffix("}"): value for name, value in values.items()}
    folded = {name.lower(): value for name, value in reversed(given.items())}
    named = {name for name in content.names if name != ANONYMOUS}
    found = {name: given.get(name, folded.get(name.lower())) for name in named}
    anonymous = content.names.count(ANONYMOUS)
    if anonymous:
        found |= _anonymous(anonymous, given, folded, {name.lower() for name in named})
    return found


def _anonymous(count: int, given: Mapping[str, Any], folded: Mapping[str, Any], named: set[str]) -> dict[str, Any]:
    single = folded.get(ANONYMOUS, folded.get("var"))
    numbered = {
        int(match[1]): value for name, value in given.items() if (match := _NUMBERED.fullmatch(name)) and match[1]
    }
    values: list[Any]
    if isinstance(single, list):
        values = single
    elif count == 1 and single is not None:
        values = [single]
    elif numbered:
        values = [numbered.get(number) for number in range(1, count + 1)]
    else:
        values = [value for name, value in given.items() if name.lower() not in named]
    return {f"var{number}": value for number, value in enumerate(values[:count], 1)}


def collapse(text: str) -> str:
    """Line ends and runs of spaces as the comparison sees them."""
    return _SPACES.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def matches(content: Content, text: str, limit: int) -> bool:
    """Whether a text is the template with values of up to ``limit`` characters. Fixed parts count with their case.

    The ends that can be reached are kept as bits of one number, so that time grows with the text's length, never with
    the ways of dividing it among the variables.
    """
    text, parts = collapse(text), [collapse(part) for part in content.fixed]
    if parts[0]:  # spaces at the ends count as one, whether they are there or not
        text, parts[0] = " " + text.lstrip(" "), " " + parts[0].lstrip(" ")
    if parts[-1]:
        text, parts[-1] = text.rstrip(" ") + " ", parts[-1].rstrip(" ") + " "
    if not text.startswith(parts[0]):
        return False
    reached = 1 << len(parts[0])
    seen: dict[str, int] = {}
    before = parts[0]
    for part in parts[1:]:
        ends = _spread(reached, limit) & ((1 << (len(text) + 1)) - 1)
        if before[-1:] == part[:1] == " ":
            ends |= reached >> 1  # nothing between two spaces: they have become one
        if part:
            if part not in seen:
                seen[part] = _places(part, text)
            ends = (ends & seen[part]) << len(part)
        if not ends:
            return False
        reached, before = ends, part
    return bool(reached >> len(text) & 1)


def _spread(reached: int, limit: int) -> int:
    """Every bit also at the ``limit`` places above it."""
    width = 1
    while width <= limit:
        step = min(width, limit + 1 - width)
        reached |= reached << step
        width += step
    return reached


def _places(part: str, text: str) -> int:
    found, at = 0, text.find(part)
    while at >= 0:
        found |= 1 << at
        at = text.find(part, at + 1)
    return found
