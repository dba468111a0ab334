"""Reading a profile's fields: every bound of platform.md 5.1, and a refusal that names the field passed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import msgspec

from strowger.foundation.errors import StrowgerError
from strowger.foundation.http_guard import Refused, read_url
from strowger.foundation.whole import whole_of
from strowger.platform.callbacks.profiles.credentials import read_auth, read_encryption, read_headers
from strowger.platform.callbacks.profiles.errors import refuse
from strowger.platform.callbacks.profiles.picking import with_variables
from strowger.platform.callbacks.profiles.schemas import BODY_TYPES, METHODS, WITH_BODY, Draft, retry_of
from strowger.platform.callbacks.profiles.values import read_object
from strowger.platform.callbacks.profiles.variables import CHANNELS, EVENTS
from strowger.platform.callbacks.schemas import STATUSES
from strowger.platform.callbacks.templates import PLACEHOLDER, has_placeholder

TITLE = re.compile(r"[^\W_][\w \-]*", re.UNICODE)
TITLE_LENGTH = range(3, 101)
URL_LIMIT, BODY_LIMIT, BODY_DEPTH, MESSAGE_LIMIT = 2000, 20_000, 20, 500
RETRIES_LIMIT, WAIT_LIMIT = 9, 86_400
FIXED = ("profile_id", "id", "created_at", "modified_at", "status", "replacers")
Params = Mapping[str, Any]


def read_new(params: Params, static_gcm: bool) -> Draft:
    """The profile that the parameters of a creation describe. Raises StrowgerError RBC303 to RBC316."""
    channel = _channel(params.get("channel"))
    draft = Draft(
        title=_title(params.get("title")),
        channel=channel,
        method=_method(params.get("http_method")),
        url=_url(params.get("url")),
        events=_events(params.get("events"), channel),
    )
    return _complete(_apply(draft, params, static_gcm), params)


def read_change(before: Draft, params: Params, static_gcm: bool) -> Draft:
    """The profile after a partial update. Raises StrowgerError RBC303 to RBC316."""
    for name in FIXED:
        if name in params:
            raise refuse("RBC310", name, "Cannot be set")
    if "channel" in params and _channel(params["channel"]) != before.channel:
        raise refuse("RBC310", "channel", "The channel of a profile cannot change")
    draft = replace(before)
    if "title" in params:
        draft.title = _title(params["title"])
    if "http_method" in params:
        draft.method = _method(params["http_method"])
    if "url" in params:
        draft.url = _url(params["url"])
    if "events" in params:
        draft.events = _events(params["events"], draft.channel)
    return _complete(_apply(draft, params, static_gcm), params)


def _apply(draft: Draft, params: Params, static_gcm: bool) -> Draft:
    """The optional fields; what is not given stays."""
    readers: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "body_type": ("body_type", _body_type),
        "headers": ("headers", lambda value: read_headers(value, draft.headers)),
        "response_message": ("response_message", _response_message),
        "enc": ("enc", lambda value: read_encryption(value, draft.enc, "enc", static_gcm)),
        "auth": ("auth", lambda value: read_auth(value, draft.auth, static_gcm)),
        "retry": ("retry", _retry),
        "statuses": ("statuses", _statuses),
        "signature": ("signed", lambda value: _switch(value, "signature")),
    }
    for name, (attribute, read) in readers.items():
        if name in params:
            setattr(draft, attribute, read(params[name]))
    if "body" in params:
        draft.body = _body(params["body"], draft)
    return draft


def _complete(draft: Draft, params: Params) -> Draft:
    """What depends on several fields: the picked variables, and the body that POST and PUT need."""
    if params.get("dynamic_variables") not in (None, "", []):
        draft = with_variables(draft, params["dynamic_variables"], generate_body="body" not in params)
    if draft.method not in WITH_BODY:
        draft.body = None
    elif draft.body in (None, ""):
        raise refuse("RBC307", "body", f"{draft.method} needs a body")
    elif draft.body_type == "json" and not isinstance(draft.body, dict):
        raise refuse("RBC307", "body", "Must be an object")
    elif draft.body_type not in ("json", "form") and not isinstance(draft.body, str):
        raise refuse("RBC307", "body", f"A body of type {draft.body_type} is a text")
    return draft


def _title(value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if len(text) not in TITLE_LENGTH:
        raise refuse("RBC303", "title", "Must have 3 to 100 characters")
    if not TITLE.fullmatch(text):
        raise refuse(
            "RBC303", "title", "Letters, digits, spaces, hyphens and underscores only, a letter or digit first"
        )
    return text


def _method(value: object) -> str:
    method = value.strip().upper() if isinstance(value, str) else ""
    if method not in METHODS:
        raise refuse("RBC305", "http_method", f"Must be one of {', '.join(METHODS)}")
    return method


def _url(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        raise refuse("RBC306", "url", "Is required")
    return check_url(text, "url", "RBC306")


def check_url(text: str, field: str, code: str) -> str:
    """An absolute http(s) URL whose host is fixed; placeholders may stand in path and query."""
    if len(text) > URL_LIMIT:
        raise refuse(code, field, f"Is longer than {URL_LIMIT} characters")
    if any(ord(c) <= 32 or ord(c) == 127 for c in PLACEHOLDER.sub("x", text)):
        raise refuse(code, field, "Holds a space or control character")
    authority = re.split(r"[/?#]", text.partition("://")[2], maxsplit=1)[0]
    if "@" in authority:
        raise refuse(code, field, "May not hold a user name or password; use `auth`")
    if has_placeholder(authority):
        raise refuse(code, field, "May hold placeholders in its path and query only")
    try:
        read_url(text)
    except Refused as problem:
        raise refuse(code, field, str(problem)) from None
    return text


def _channel(value: object) -> str:
    if value in (None, ""):
        return "default"
    name = str(value).strip().lower()
    if name not in CHANNELS:
        raise refuse("RBC309", "channel", f"Must be one of {', '.join(CHANNELS)}")
    return name


def _events(value: object, channel: str) -> tuple[str, ...]:
    known = CHANNELS[channel]
    if value in (None, "", []):
        return () if channel == "default" else known.names[:1]
    items = read_object(value, "RBC309", "events")
    if isinstance(items, str):
        items = items.split(",")
    if not isinstance(items, list) or len(items) > 20:
        raise refuse("RBC309", "events", "Must be a list of names")
    events = tuple(dict.fromkeys(str(item).strip() for item in items))
    for event in events:
        if event not in (EVENTS if channel == "default" else known.names):
            raise refuse("RBC309", "events", f"{event[:40]!r} is none of {', '.join(known.names)}")
    return events


def _body_type(value: object) -> str:
    name = str(value or "json").strip().lower()
    if name not in BODY_TYPES:
        raise refuse("RBC307", "body_type", f"Must be one of {', '.join(BODY_TYPES)}")
    return name


def _body(value: object, draft: Draft) -> Any:
    found = value if draft.body_type in ("xml", "html", "text") else read_object(value, "RBC307", "body", strict=False)
    if found is None or found == "":
        return None
    if not isinstance(found, dict | str):
        raise refuse("RBC307", "body", "Must be an object")
    if len(msgspec.json.encode(found)) > BODY_LIMIT:
        raise refuse("RBC307", "body", f"Is longer than {BODY_LIMIT} bytes")
    if _depth(found) > BODY_DEPTH:
        raise refuse("RBC307", "body", f"Is nested deeper than {BODY_DEPTH} levels")
    return found


def _depth(value: object) -> int:
    if isinstance(value, dict | list):
        return 1 + max(map(_depth, value.values() if isinstance(value, dict) else value), default=0)
    return 0


def _response_message(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MESSAGE_LIMIT:
        raise refuse("RBC307", "response_message", f"Must be a text of at most {MESSAGE_LIMIT} characters")
    return value


def _switch(value: object, field: str) -> bool:
    words = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
    found = words.get(str(value).strip().lower())
    if found is None:
        raise StrowgerError("E400", "Must be true or false", field=field)
    return found


def _statuses(value: object) -> tuple[str, ...]:
    if value in (None, "", []):
        return ()
    items = read_object(value, "RBC316", "statuses")
    items = items.split(",") if isinstance(items, str) else items
    if not isinstance(items, list):
        raise refuse("RBC316", "statuses", "Must be a list")
    found = tuple(dict.fromkeys(str(item).strip().upper().replace("_", "-") for item in items))
    for status in found:
        if status not in STATUSES:
            raise refuse("RBC316", "statuses", f"{status[:30]!r} is none of {', '.join(sorted(STATUSES))}")
    return found


def _retry(value: object) -> dict[str, Any] | None:
    if value in (None, "", {}):
        return None
    given = read_object(value, "RBC316", "retry")
    if not isinstance(given, dict):
        raise refuse("RBC316", "retry", "Must be an object with count and interval")
    interval = given.get("interval")
    if interval is not None and (not isinstance(interval, list) or len(interval) > RETRIES_LIMIT):
        raise refuse("RBC316", "retry", f"interval must be a list of at most {RETRIES_LIMIT} numbers of seconds")
    waits = [_number(item, 1, WAIT_LIMIT, "interval") for item in interval or ()]
    count = _number(given["count"], 0, RETRIES_LIMIT, "count") if given.get("count") is not None else len(waits)
    retries, kept = retry_of({"count": count, "interval": waits})
    return {"count": retries, "interval": list(kept)}


def _number(value: object, low: int, high: int, name: str) -> int:
    number = whole_of(value, low, high)
    if number is None:
        raise refuse("RBC316", "retry", f"{name} must be a whole number from {low} to {high}")
    return number


CHANGEABLE = frozenset(
    {field.name for field in fields(Draft)} | {"http_method", "dynamic_variables", "signature"}
) - {"method", "signed", "channel"}  # fmt: skip
