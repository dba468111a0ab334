"""Variables as the wizard picks them: in the query of GET and DELETE, in the body of POST and PUT (platform.md 6.2)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from strowger.platform.callbacks.profiles.errors import refuse
from strowger.platform.callbacks.profiles.schemas import WITH_BODY, Draft
from strowger.platform.callbacks.profiles.values import read_object
from strowger.platform.callbacks.templates import PLACEHOLDER

PICKED_LIMIT = 100
_PAIR = re.compile(r"[^=&?]+=(?:<[^<>]+>|\{[^{}]+\})")


def with_variables(draft: Draft, picked: object, generate_body: bool) -> Draft:
    """The profile with these variables in place of those it has. Raises StrowgerError RBC307."""
    names = read_object(picked, "RBC307", "dynamic_variables")
    names = names.split(",") if isinstance(names, str) else names
    if not isinstance(names, list) or len(names) > PICKED_LIMIT:
        raise refuse("RBC307", "dynamic_variables", f"Must be a list of at most {PICKED_LIMIT} names")
    names = list(dict.fromkeys(str(name).strip() for name in names))
    for name in names:
        if not PLACEHOLDER.fullmatch(f"<{name}>"):
            raise refuse("RBC307", "dynamic_variables", f"{name[:40]!r} is no name of a variable")
    if draft.method not in WITH_BODY:
        return replace(draft, url=url_with(draft.url, names))
    if not generate_body:
        return draft
    constants = {
        key: value
        for key, value in (draft.body if isinstance(draft.body, dict) else {}).items()
        if not (isinstance(value, str) and PLACEHOLDER.fullmatch(value))
    }
    body: Any = {**{name: f"<{name}>" for name in names}, **constants}
    if draft.body_type not in ("json", "form"):
        body = "\n".join(f"{name}: <{name}>" for name in names) if draft.body_type == "text" else draft.body
    return replace(draft, body=body)


def url_with(url: str, names: list[str]) -> str:
    """The URL whose query carries these variables, instead of the pairs of one placeholder that it had."""
    head, mark, fragment = url.partition("#")
    path, _, query = head.partition("?")
    kept = [pair for pair in query.split("&") if pair and not _PAIR.fullmatch(pair)]
    pairs = kept + [f"{name}=<{name}>" for name in names]
    return path + ("?" + "&".join(pairs) if pairs else "") + mark + fragment


def names_in(draft: Draft) -> list[str]:
    """The variables that a profile uses, in order of their first place."""
    found: dict[str, None] = {}
    for text in _texts([draft.url, draft.body, list(draft.headers.values())]):
        found.update(dict.fromkeys(one[1] or one[2] for one in PLACEHOLDER.finditer(text)))
    return list(found)


def replacers_of(draft: Draft) -> dict[str, Any]:
    """Each name of body or query with its placeholder or constant."""
    if draft.method in WITH_BODY:
        return dict(draft.body) if isinstance(draft.body, dict) else {}
    query = draft.url.partition("#")[0].partition("?")[2]
    return {name: value for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in [*_texts(item), key]]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return []
