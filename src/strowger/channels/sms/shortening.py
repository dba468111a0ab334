"""Links in messages: what a send asks to be shortened, and the interface by which a shortener does it (sms.md 3.15).

The shortener belongs to a floor above; the application hands it over as ``app.state.shortener``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from strowger.channels.sms.fields import MAX_BODY, read_switch
from strowger.channels.sms.schedule.times import parse_moment
from strowger.foundation.errors import StrowgerError
from strowger.messaging.schemas import NewRequest, Variant, Write
from strowger.platform.callbacks.schemas import read_target
from strowger.platform.gateway.operations import Call
from strowger.platform.gateway.params import Params, as_text

MAX_URL = 4096
PLACE = re.compile(r"\{(?:URL|url)\}")
LINK = re.compile(r"https?://[^\s<>\"'{}|\\^`]+", re.IGNORECASE)
TRAILING = ".,;:!?)]"
SLUG = re.compile(r"[A-Za-z0-9_-]{3,30}", re.ASCII)


class Link(Protocol):
    """One short link of a request."""

    def place(self, n: int, recipient: str) -> str:
        """The short URL for the message ``n``: the link's own, or one of the recipient's own where it is tracked."""


class Links(Protocol):
    """The short links of one request, as they are made."""

    def shorten(
        self, url: str, slug: str | None, track: bool, callback: dict[str, Any] | None, expires_at: datetime | None
    ) -> Link:
        """A short link to ``url``; ``callback`` is Target.to_json(), called on each click."""

    def writes(self) -> tuple[tuple[Write, Any], ...]:
        """What has to be written together with the messages. Writing raises E618 for a slug that leads elsewhere."""


class Shortener(Protocol):
    """Makes short links."""

    def begin(self, account_id: int, request_id: UUID, now: datetime) -> Links:
        """The links of a new request."""


@dataclass(frozen=True, slots=True)
class UrlData:
    """What ``url_data`` asks for. ``url`` None: every link of the text; ``shorten`` False: the long URL takes the place."""

    shorten: bool
    url: str | None
    slug: str | None
    track: bool
    callback: dict[str, Any] | None
    expires_at: datetime | None


def _refuse(detail: str) -> StrowgerError:
    return StrowgerError("E617", detail, field="url_data")


def check_url(url: str) -> str:
    """A URL that a short link may lead to. Raises E617."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as problem:
        raise _refuse(f"url: {problem}") from problem
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise _refuse("url must begin with http:// or https://")
    if len(url) > MAX_URL or any(c.isspace() or ord(c) < 32 for c in url):
        raise _refuse(f"url must be at most {MAX_URL} characters without spaces")
    return url


def read_url_data(value: object, call: Call, now: datetime) -> UrlData | None:
    """What a send asks for, None when it asks for nothing. Raises E617, E615 and E616 (the click's callback)."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value.strip() or "{}")
        except (msgspec.DecodeError, RecursionError) as problem:
            raise _refuse("Must be an object or its JSON text") from problem
    if not isinstance(value, dict):
        raise _refuse("Must be an object or its JSON text")
    if not value:
        return None
    url, slug = (as_text({"url_data": value.get(name)}, "url_data", "E617") for name in ("url", "slug"))
    if slug is not None and not SLUG.fullmatch(slug):
        raise _refuse("slug must be 3 to 30 letters, digits, _ and -")
    shorten, track = _switch(value, "shorten_url"), _switch(value, "track_user")
    return UrlData(
        shorten != 0,
        check_url(url) if url else None,
        slug,
        bool(track),
        _callback(value, call),
        _expiry(value, now),
    )


def _switch(value: Params, name: str) -> int | None:
    try:
        return read_switch(value, name, "E617")
    except StrowgerError as problem:
        raise _refuse(f"{name}: {problem.detail}") from problem


def _callback(value: Params, call: Call) -> dict[str, Any] | None:
    if value.get("callback_profile_id"):
        raise StrowgerError("E616", "There are no callback profiles for clicks; use 'callback_url'", field="url_data")
    given = value.get("callback_url")
    if not given:
        return None
    return read_target(given).to_json(call.state.context.secrets, call.principal.account_id)


def _expiry(value: Params, now: datetime) -> datetime | None:
    text = as_text({"url_data": value.get("expiry")}, "url_data", "E617")
    if text is None:
        return None
    moment = parse_moment(text, ZoneInfo("UTC"), "E617", "url_data")
    if moment <= now:
        raise _refuse("expiry must be in the future")
    return moment


Writer = Callable[[int, str], str]


def plan_text(body: str, wanted: UrlData, links: Links) -> Writer:
    """How the text for (n, recipient) is made. Raises E617 when text and wish do not fit together."""
    if PLACE.search(body):
        if wanted.url is None:
            raise _refuse("The text has {URL}, but there is no url")
        if not wanted.shorten:
            text = _bounded(PLACE.sub(lambda _: str(wanted.url), body))
            return lambda n, recipient: text
        link = links.shorten(wanted.url, wanted.slug, wanted.track, wanted.callback, wanted.expires_at)
        return lambda n, recipient: _bounded(PLACE.sub(lambda _: link.place(n, recipient), body))
    if wanted.url is not None:
        raise _refuse("The text has no {URL} for the url")
    if not wanted.shorten:
        return lambda n, recipient: body
    return _automatic(body, wanted, links)


def _automatic(body: str, wanted: UrlData, links: Links) -> Writer:
    """Every link of the text is shortened; punctuation that ends a sentence does not belong to it."""
    found = {match.group().rstrip(TRAILING): None for match in LINK.finditer(body)}
    if not found:
        raise _refuse("There is nothing to shorten: no url, and no link in the text")
    if wanted.slug and len(found) > 1:
        raise _refuse("slug names one link, but the text has several")
    made = {
        url: links.shorten(check_url(url), wanted.slug, wanted.track, wanted.callback, wanted.expires_at)
        for url in found
    }

    def write(n: int, recipient: str) -> str:
        def put(match: re.Match[str]) -> str:
            url = match.group().rstrip(TRAILING)
            return made[url].place(n, recipient) + match.group()[len(url) :]

        return _bounded(LINK.sub(put, body))

    return write


def _bounded(text: str) -> str:
    if len(text) > MAX_BODY:
        raise StrowgerError("E607", f"{len(text)} characters with its links; at most {MAX_BODY}", field="body")
    return text


def begin_links(call: Call, now: datetime) -> Links:
    """The links of the request that a call makes. Raises E617 when nothing here can shorten."""
    shortener: Shortener | None = getattr(call.state, "shortener", None)
    if shortener is None:
        raise _refuse("Links cannot be shortened here; write the link into 'body'")
    return shortener.begin(call.principal.account_id, call.id, now)


def shorten_links(call: Call, request: NewRequest) -> None:
    """Put the short links of ``url_data`` into the texts of a request for which every recipient gets the same."""
    wanted = read_url_data(call.params["url_data"], call, request.created_at)
    if wanted is None:
        return
    links = begin_links(call, request.created_at)
    write = plan_text(request.body, wanted, links)
    texts = [write(n, recipient) for n, recipient in enumerate(request.recipients, 1)]
    if len(set(texts)) == 1:
        request.body = texts[0]
    else:
        request.each = own_texts(request, texts)
    request.writes = (*request.writes, *links.writes())


def own_texts(request: NewRequest, texts: Sequence[str]) -> list[Variant | None]:
    """A message for each recipient that differs from the request in its text only."""
    same = Variant(
        request.type, request.sender, "", request.valid_until, request.priority, request.options, request.callback,
        request.due_at,
    )  # fmt: skip
    return [replace(same, body=text) for text in texts]
