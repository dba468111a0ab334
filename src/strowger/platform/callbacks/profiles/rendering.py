"""A profile's request for one event: placeholders, value by value encrypted where the profile says so (platform.md 6.2)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from strowger.platform.callbacks.profiles.encryption import encrypt
from strowger.platform.callbacks.profiles.schemas import WITH_BODY, Draft
from strowger.platform.callbacks.rendering import BODY_LIMIT, FORM, JSON, Request, TooLarge
from strowger.platform.callbacks.templates import (
    PLACEHOLDER,
    Variables,
    as_text,
    look_up,
    one_line,
    percent_encode,
    render_json,
    render_markup,
    render_text,
)

CONTENT_TYPES = {"json": JSON, "xml": "application/xml", "html": "text/html", "text": "text/plain", "form": FORM}
WHOLE = "default"  # the channel whose bodies may ask for the whole event


class Encrypted(Mapping[str, Any]):
    """An event's variables whose values come out encrypted, one by one."""

    def __init__(self, draft: Draft, variables: Variables) -> None:
        assert draft.enc is not None
        self._enc, self._clear = draft.enc, variables

    def __getitem__(self, name: str) -> str:
        return encrypt(self._enc, as_text(look_up(self._clear, name)))

    def get(self, name: str, default: Any = None) -> Any:
        """The encrypted value of a name, a path into an object included; empty stays empty."""
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._clear

    def __iter__(self) -> Any:
        return iter(self._clear)

    def __len__(self) -> int:
        return len(self._clear)


def render_profile(draft: Draft, variables: Variables, credentials: Mapping[str, str]) -> Request:
    """The request, before signing. ``credentials`` are headers that authentication adds. Raises TooLarge."""
    values: Variables = Encrypted(draft, variables) if draft.enc else variables
    url = render_text(draft.url, values, percent_encode)
    headers = {name: render_text(text, variables, one_line) for name, text in draft.headers.items()}
    headers.update(credentials)
    if draft.auth.type == "basic":
        pair = f"{draft.auth.username}:{draft.auth.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    if draft.method not in WITH_BODY:
        return Request(draft.method, url, headers, None)
    body = _body(draft, variables, values)
    if len(body) > BODY_LIMIT:
        raise TooLarge(f"The body has {len(body)} bytes, at most {BODY_LIMIT} are sent")
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = CONTENT_TYPES[draft.body_type]
    return Request(draft.method, url, headers, body)


def _body(draft: Draft, clear: Variables, values: Variables) -> bytes:
    body = draft.body
    if draft.channel == WHOLE and isinstance(body, dict):
        return _whole(draft, body, clear, values)
    if draft.body_type in ("xml", "html"):
        return render_markup(str(body), values).encode()
    if draft.body_type == "form":
        pairs = body if isinstance(body, dict) else {}
        text = "&".join(
            f"{percent_encode(name)}={_form_value(value, values)}" for name, value in pairs.items()
        ) if isinstance(body, dict) else render_text(str(body), values, percent_encode)  # fmt: skip
        return text.encode()
    if draft.body_type == "text":
        return render_text(str(body), values).encode()
    return msgspec.json.encode(_json(body, clear, values))


def _form_value(value: Any, values: Variables) -> str:
    if isinstance(value, str):
        return render_text(value, values, percent_encode) if PLACEHOLDER.search(value) else percent_encode(value)
    return percent_encode(as_text(render_json(value, values)))


def _json(template: Any, clear: Variables, values: Variables) -> Any:
    """Values are those that the profile sends; keys stay in the clear."""
    if isinstance(template, dict):
        return {
            key if key in clear else render_text(key, clear): _json(value, clear, values)
            for key, value in template.items()
        }
    if isinstance(template, list):
        return [_json(item, clear, values) for item in template]
    return render_json(template, values)


def _whole(draft: Draft, body: Mapping[str, Any], clear: Variables, values: Variables) -> bytes:
    """Of a general profile, a value that is empty or names the event is the whole event (platform.md 7.6)."""
    event = clear.get("event")
    filled: dict[str, Any] = {}
    for key, value in body.items():
        if isinstance(value, str) and (value == "" or value.strip("<>{}") == event):
            whole: Any = dict(clear)
            filled[key] = encrypt(draft.enc, as_text(whole)) if draft.enc else whole
        else:
            filled[key] = _json(value, clear, values)
    return msgspec.json.encode(filled)
