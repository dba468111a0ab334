"""A callback's HTTP request: URL, headers and body with the message's variables in them (platform.md 6.2, 6.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from strowger.foundation.http_guard import read_url
from strowger.platform.callbacks.schemas import Target
from strowger.platform.callbacks.templates import (
    Escape,
    Variables,
    json_escape,
    names_of,
    one_line,
    percent_encode,
    render_json,
    render_markup,
    render_text,
)

BODY_LIMIT = 262_144
USER_AGENT = "strowger-callback/1"
JSON, FORM, TEXT = "application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-8"
# The default payloads of sms.md 4.3 and 4.4.
SENT_NAMES = (
    "id",
    "kid",
    "recipient",
    "source",
    "status",
    "status_trace",
    "description",
    "timestamp",
    "ref",
    "ref1",
    "ref2",
    "campaign_name",
    "units",
)
RECEIVED_NAMES = (
    "description",
    "id",
    "kid",
    "recipient",
    "source",
    "status",
    "status_trace",
    "message",
    "keyword",
    "operator",
    "circle",
    "timestamp",
    "parts[n]",
)
_SENT = frozenset(SENT_NAMES)
_FORM_LIKE = re.compile(r"[^=&\s{}<>\"]+=[^\s\"]*")


class TooLarge(Exception):
    """The rendered body is larger than BODY_LIMIT."""


@dataclass(slots=True)
class Request:
    """What is sent, before signing."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None


@lru_cache(maxsize=4096)
def endpoint_of(account_id: int, url: str) -> str:
    """What concurrency is bounded by: the receiver's scheme, host and port, per account."""
    head, _, _ = url.partition("<")
    head, _, _ = head.partition("{")
    origin, _ = read_url(head)
    return f"{account_id} {origin.address}"


def names_used(target: Mapping[str, Any]) -> frozenset[str] | None:
    """The variables of an outgoing message that a request to this target (Target.to_json) can show; None: any of them.

    What is queued keeps no others: they would cost more than the rest of the row.
    """
    payload = target.get("payload")
    if "profile" in target or "sealed" in target or "header" in target or isinstance(payload, str):
        return None
    if target["method"] == "GET":
        return names_of(target["url"])
    if payload is None:
        return names_of(target["url"]) | _SENT
    return names_of(target["url"]) | names_of(msgspec.json.encode(payload).decode())


def render(target: Target, variables: Variables) -> Request:
    """The request for one event. Raises TooLarge."""
    url = render_text(target.url, variables, percent_encode)
    headers = {name: render_text(text, variables, one_line) for name, text in target.headers}
    if target.method == "GET":
        return Request("GET", url, headers, None)
    named = next((text for name, text in headers.items() if name.lower() == "content-type"), None)
    body, kind = _body(target.payload, variables, named)
    if len(body) > BODY_LIMIT:
        raise TooLarge(f"The body has {len(body)} bytes, at most {BODY_LIMIT} are sent")
    if named is None:
        headers["Content-Type"] = kind
    return Request(target.method, url, headers, body)


def _body(payload: Any, variables: Variables, named: str | None) -> tuple[bytes, str]:
    if payload is None:
        names = RECEIVED_NAMES if variables.get("direction") == "MO" else SENT_NAMES
        body = {name: variables.get(name, "") for name in names}
        if variables.get("vars"):  # what a keyword's pattern captured
            body["vars"] = variables["vars"]
        return msgspec.json.encode(body), JSON
    if isinstance(payload, str):
        return _text_body(payload, variables, named)
    return msgspec.json.encode(render_json(payload, variables)), JSON


def _text_body(payload: str, variables: Variables, named: str | None) -> tuple[bytes, str]:
    """A payload given as text: JSON stays JSON with typed values; other texts are escaped for what they are."""
    if named is None or "json" in named:
        template = _as_json(payload)
        if template is not None:
            return msgspec.json.encode(render_json(template, variables)), JSON
    kind, escaped = _kind_of(payload, named)
    if escaped is None:
        return render_markup(payload, variables).encode(), kind
    return render_text(payload, variables, escaped).encode(), kind


@lru_cache(maxsize=1024)
def _as_json(payload: str) -> Any:
    try:
        template = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return None
    return template if isinstance(template, dict | list) else None


def _kind_of(payload: str, named: str | None) -> tuple[str, Escape | None]:
    """Content type of a text and how values are escaped in it; None stands for markup."""
    kind, start = (named or "").lower(), payload.lstrip()
    if "json" in kind or (not kind and start.startswith(("{", "["))):
        return JSON, json_escape
    if "urlencoded" in kind or (not kind and _FORM_LIKE.fullmatch(start.replace("<", "").replace(">", ""))):
        return FORM, percent_encode
    if "xml" in kind or "html" in kind or (not kind and (start.startswith("<?xml") or "</" in start)):
        return "application/xml", None
    return TEXT, str
