"""Reading the ``callback`` parameter: every bound of sms.md 4.1, and a detail that tells which one was passed over."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec

from strowger.foundation.errors import StrowgerError
from strowger.foundation.http_client import Refused
from strowger.foundation.http_guard import read_url
from strowger.foundation.http_wire import is_settable
from strowger.foundation.whole import whole_of
from strowger.platform.callbacks.schemas import DEFAULT_RETRIES, DEFAULT_WAITS, STATUSES, Target
from strowger.platform.callbacks.templates import PLACEHOLDER, has_placeholder

URL_LIMIT = 2000
HEADERS_LIMIT, HEADER_VALUE_LIMIT = 20, 4000
PAYLOAD_LIMIT = 20_000
PAYLOAD_DEPTH = 20
RETRIES_LIMIT, WAIT_LIMIT = 5, 3600
DEFAULT_QUERY = "id={id}&recipient={recipient}&status={status}&status_trace={status_trace}&timestamp={timestamp}"
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
OURS = ("x-callback-", "webhook-")


def refuse(detail: str) -> NoReturn:
    """Refuse the parameter with E615."""
    raise StrowgerError("E615", detail, field="callback")


def read_callback(value: object) -> Target:
    """The target that the parameter describes. Raises StrowgerError E615."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        text = value.strip()
        if not text.startswith("{"):
            return _read_bare_url(text)
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError):
            refuse("callback is neither a URL nor a JSON object")
    if not isinstance(value, dict):
        refuse("callback must be an object or a URL")
    method = _read_method(value.get("method"))
    retries, waits = _read_retry(value.get("retry"))
    return Target(
        _read_url(value.get("url"), method),
        method,
        _read_headers(value.get("header", value.get("headers"))),
        _read_payload(value.get("payload")) if method == "POST" else None,
        retries,
        waits,
        _read_events(value.get("events")),
    )


def _read_bare_url(text: str) -> Target:
    return _remembered(text) if len(text) <= URL_LIMIT else Target(_read_url(text, "GET"), "GET")


@lru_cache(maxsize=4096)
def _remembered(text: str) -> Target:
    return Target(_read_url(text, "GET"), "GET")


def _read_url(value: object, method: str) -> str:
    if not isinstance(value, str) or not value.strip():
        refuse("callback.url is required")
    url = value.strip()
    if len(url) > URL_LIMIT:
        refuse(f"callback.url is longer than {URL_LIMIT} characters")
    if CONTROL.search(url):
        refuse("callback.url holds a control character")
    try:
        read_url(PLACEHOLDER.sub("x", url) if has_placeholder(url.split("://", 1)[-1].split("/", 1)[0]) else url)
        authority = urlsplit(url).netloc
    except (Refused, ValueError) as problem:
        refuse(f"callback.url: {problem}")
    if "@" in authority:
        refuse("callback.url may not hold a user name or password; put them into a header")
    if has_placeholder(authority):
        refuse("callback.url may hold variables in its path and query only")
    if method == "GET" and not has_placeholder(url):
        url = _with_default_query(url)
    return url


def _with_default_query(url: str) -> str:
    """A GET whose URL names no variable carries the common ones (sms.md 4.1)."""
    head, mark, fragment = url.partition("#")
    joint = "" if head.endswith(("?", "&")) else "&" if "?" in head else "?"
    return head + joint + DEFAULT_QUERY + mark + fragment


def url_as_given(url: str) -> str:
    """A target's URL without the query that was appended here: what the caller knows it by."""
    head, mark, fragment = url.partition(DEFAULT_QUERY)
    return head[:-1] + fragment if mark else url


def _read_method(value: object) -> str:
    if value is None or value == "":
        return "POST"
    method = value.strip().upper() if isinstance(value, str) else ""
    if method not in ("GET", "POST"):
        refuse("callback.method must be GET or POST")
    return method


def _read_headers(value: object) -> tuple[tuple[str, str], ...]:
    if value in (None, "", []):
        return ()
    if not isinstance(value, dict):
        refuse("callback.header must be an object of names and values")
    if len(value) > HEADERS_LIMIT:
        refuse(f"callback.header holds more than {HEADERS_LIMIT} headers")
    return tuple((_read_header_name(name), _read_header_value(name, text)) for name, text in value.items())


def _read_header_name(name: str) -> str:
    if len(name) > 100 or not is_settable(name) or name.lower().startswith(OURS) or name.lower() == "x-signature":
        refuse(f"callback.header: {name[:100]!r} cannot be set")
    return name


def _read_header_value(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        refuse(f"callback.header.{name} must be a string")
    text = str(value)
    if len(text) > HEADER_VALUE_LIMIT or any(c in text for c in "\r\n\0"):
        refuse(f"callback.header.{name} is too long or holds a line break")
    return text


def _read_payload(value: object) -> Any:
    if value is None or value == "":
        return None
    if not isinstance(value, dict | list | str):
        refuse("callback.payload must be an object or a string")
    if len(msgspec.json.encode(value)) > PAYLOAD_LIMIT:
        refuse(f"callback.payload is longer than {PAYLOAD_LIMIT} bytes")
    if _depth(value) > PAYLOAD_DEPTH:
        refuse(f"callback.payload is nested deeper than {PAYLOAD_DEPTH} levels")
    return value


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _read_retry(value: object) -> tuple[int, tuple[int, ...]]:
    if value is None or value == "":
        return DEFAULT_RETRIES, DEFAULT_WAITS
    if not isinstance(value, dict):
        refuse("callback.retry must be an object with count and interval")
    count = DEFAULT_RETRIES
    if value.get("count") is not None:
        count = _read_number(value["count"], 0, RETRIES_LIMIT, "callback.retry.count")
    interval = value.get("interval")
    if interval is None or interval == []:
        return count, DEFAULT_WAITS
    if not isinstance(interval, list) or len(interval) > 20:
        refuse("callback.retry.interval must be a list of seconds")
    waits = tuple(_read_number(item, 1, WAIT_LIMIT, "callback.retry.interval") for item in interval)
    return count, waits


def _read_number(value: object, low: int, high: int, name: str) -> int:
    number = whole_of(value, low, high)
    if number is None:
        refuse(f"{name} must be a whole number from {low} to {high}")
    return number


def _read_events(value: object) -> tuple[str, ...]:
    if value in (None, "", []):
        return ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        refuse("callback.events must be a list of statuses")
    events = [str(item).strip().upper().replace("_", "-") for item in value]
    for event in events:
        if event not in STATUSES:
            refuse(f"callback.events: {event[:30]!r} is none of {', '.join(sorted(STATUSES))}")
    return tuple(dict.fromkeys(events))
