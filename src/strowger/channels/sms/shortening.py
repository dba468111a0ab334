"""Short links: what a send asks for, and the interface by which a shortener makes them (sms.md 3.15).

The shortener belongs to a floor above; the application hands it over as ``app.state.shortener``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from strowger.channels.sms.fields import read_switch
from strowger.channels.sms.schedule.times import parse_moment
from strowger.foundation.errors import StrowgerError
from strowger.messaging.schemas import Write
from strowger.platform.callbacks.profiles.naming import named_profile
from strowger.platform.callbacks.schemas import read_target
from strowger.platform.gateway.operations import Call
from strowger.platform.gateway.params import Params, as_text

MAX_URL = 4096
CLICKS = ("url_shortener", "link_click")  # channel and event of callback profiles
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


@dataclass(frozen=True, slots=True)
class OwnLink:
    """A short link that the account has."""

    url: str
    expires_at: datetime | None


class Shortener(Protocol):
    """Makes short links. ``base`` is what stands before a slug, without the slash between them."""

    base: str

    async def find(self, account_id: int, slugs: Collection[str]) -> Mapping[str, OwnLink]:
        """Those of the slugs that are short links of the account."""

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


def refuse(detail: str) -> StrowgerError:
    """The error of a wish that cannot be."""
    return StrowgerError("E617", detail, field="url_data")


def check_url(url: str) -> str:
    """A URL that a short link may lead to. Raises E617."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as problem:
        raise refuse(f"url: {problem}") from problem
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise refuse("url must begin with http:// or https://")
    if len(url) > MAX_URL or any(c.isspace() or ord(c) < 32 for c in url):
        raise refuse(f"url must be at most {MAX_URL} characters without spaces")
    return url


async def read_url_data(value: object, call: Call, now: datetime) -> UrlData | None:
    """What a send asks for, None when it asks for nothing. Raises E617, E615 and E616 (the click's callback)."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value.strip() or "{}")
        except (msgspec.DecodeError, RecursionError) as problem:
            raise refuse("Must be an object or its JSON text") from problem
    if not isinstance(value, dict):
        raise refuse("Must be an object or its JSON text")
    if not value:
        return None
    url, slug = (as_text({"url_data": value.get(name)}, "url_data", "E617") for name in ("url", "slug"))
    if slug is not None and not SLUG.fullmatch(slug):
        raise refuse("slug must be 3 to 30 letters, digits, _ and -")
    shorten, track = _switch(value, "shorten_url"), _switch(value, "track_user")
    return UrlData(
        shorten != 0,
        check_url(url) if url else None,
        slug,
        bool(track),
        await _callback(value, call),
        _expiry(value, now),
    )


def _switch(value: Params, name: str) -> int | None:
    try:
        return read_switch(value, name, "E617")
    except StrowgerError as problem:
        raise refuse(f"{name}: {problem.detail}") from problem


async def _callback(value: Params, call: Call) -> dict[str, Any] | None:
    """Where clicks are told; a profile wins over a URL, as for messages."""
    profile = value.get("callback_profile_id")
    if profile not in (None, ""):
        found = await named_profile(call.context, call.principal, profile, *CLICKS, "E616", "url_data")
        return found.stored
    given = value.get("callback_url")
    if not given:
        return None
    return read_target(given).to_json(call.context.secrets, call.principal.account_id)


def _expiry(value: Params, now: datetime) -> datetime | None:
    text = as_text({"url_data": value.get("expiry")}, "url_data", "E617")
    if text is None:
        return None
    try:
        moment = parse_moment(text, ZoneInfo("UTC"), "E617", "url_data")
    except StrowgerError as problem:
        raise refuse(f"expiry: {problem.detail}") from problem
    if moment <= now:
        raise refuse("expiry must be in the future")
    return moment
