"""Dynamic variables (voice.md 6.6): which names there are, and their values in an execution."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from strowger.channels.sms.reports.words import country_name
from strowger.foundation.phone import clean_number, number_facts, plan_facts
from strowger.platform.gateway.params import scalar_text

VARIABLE = re.compile(r"\{\{\s*([^{}]{1,200}?)\s*\}\}")
NUMBERS = ("caller", "callee", "bridge")
PARTS = ("country", "isdcode", "isocode")
# What can be picked where a text is written, with what it means.
OFFERED: Mapping[str, str] = {
    "id": "execution ID",
    "flow_id": "flow ID",
    "trigger": "Webhook or Incoming SMS",
    "caller": "number that the trigger names as caller, or that sent the SMS",
    "callee": "number that was written to, if there is one",
    "bridge": "number of the account at which the flow was reached",
    "starttime": "start of the execution, seconds since 1970",
    "flow_start_time": "the same",
    "now": "present moment, ISO 8601 in UTC",
    "call_type": "Incoming or Outgoing; empty without a call",
    "keypress": "last key pressed; empty without a call",
    **{f"{number}.{part}": f"{part} of {number}" for number in NUMBERS for part in PARTS},
}
OPEN = (
    re.compile(r"webhook\.[^\s{}]+"),
    re.compile(r"api:[^\s:{}]+(?::[^\s{}]+)?"),
    re.compile(r"keypress:\w+"),
    re.compile(r"(?:forward|voicemail|custom)\.\w+"),
    re.compile(r"sms\.(?:text|from|to|id)"),
)
MAX_TEXT = 20_000
Escape = Callable[[str], str]


def names_in(text: str) -> Iterator[str]:
    """The names of the variables in a text."""
    return (found[1] for found in VARIABLE.finditer(text))


def is_known(name: str) -> bool:
    """Whether there is a variable of this name, or may be one at run time."""
    return name in OFFERED or any(pattern.fullmatch(name) for pattern in OPEN)


def widget_of(name: str) -> str | None:
    """The API widget that a name of the form ``api:WIDGETID:VARIABLE`` asks."""
    head, _, rest = name.partition(":")
    return rest.partition(":")[0] if head == "api" and ":" in rest else None


@dataclass(slots=True)
class Scope:
    """The variables of an execution. ``vars`` holds: ``webhook`` (what came in), ``caller``, ``callee``, ``bridge``, ``sms``,
    and ``api``, the answers of API widgets as pairs of widget and answer, the newest last."""

    run_id: str
    flow_id: int
    trigger: str
    started_at: datetime
    now: datetime
    country: str
    vars: Mapping[str, Any]

    def value(self, name: str) -> Any:
        """The value of a variable; None when there is none."""
        plain = {
            "id": self.run_id, "flow_id": self.flow_id, "trigger": self.trigger, "now": self.now.isoformat(timespec="seconds"),
            "starttime": int(self.started_at.timestamp()), "flow_start_time": int(self.started_at.timestamp()),
        }  # fmt: skip
        if name in plain:
            return plain[name]
        if name.startswith("api:"):
            return self._api(name.removeprefix("api:"))
        head, dot, rest = name.partition(".")
        if head in NUMBERS:
            number = str(self.vars.get(head) or "")
            return self._of_number(number, rest) if dot else number
        return dig(self.vars.get(head), rest) if dot and head in ("webhook", "sms") else None

    def text(self, name: str) -> str:
        """The value as text; empty when there is none."""
        return text_of(self.value(name))

    def fill(self, text: str, escaped: Escape = str) -> str:
        """A text with its variables put in, each escaped for the place where it stands."""
        return VARIABLE.sub(lambda found: escaped(self.text(found[1])), text)

    def fill_url(self, url: str) -> str:
        """A URL with its variables put in: encoded, but for one that is its beginning."""
        first = VARIABLE.match(url)
        head = self.text(first[1]) if first else ""
        return head + self.fill(url[first.end() if first else 0 :], lambda value: quote(value, safe=""))

    def _api(self, name: str) -> Any:
        widget, colon, path = name.partition(":")
        answers = [(w, answer) for w, answer in self.vars.get("api", ()) if not colon or w == widget]
        wanted = path if colon else name
        return next((v for _, answer in reversed(answers) if (v := dig(answer, wanted)) is not None), None)

    def _of_number(self, raw: str, part: str) -> str | int | None:
        digits = clean_number(raw, None, self.country)
        facts = number_facts(digits) if digits else None
        if digits is None or facts is None:
            return None
        if part == "isocode":
            return facts.country
        if part == "isdcode":
            found = plan_facts(digits)
            return found.country_code if found else None
        return country_name(facts.country) if part == "country" else None


def dig(value: Any, path: str) -> Any:
    """What stands at a dotted path of a JSON value; a number picks from a list. None when nothing does."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit() and len(part) < 7 and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def text_of(value: Any) -> str:
    """A JSON value as text: scalars as they are, true and false in words, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = scalar_text(value)
    return (json.dumps(value, ensure_ascii=False) if text is None else text)[:MAX_TEXT]


def json_escaped(text: str) -> str:
    """A text as it stands within the quotes of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


ESCAPES: Mapping[str, Escape] = {"json": json_escaped, "xml": escape, "html": escape, "text": str}
