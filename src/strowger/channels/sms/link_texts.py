"""Putting short links into the texts of a request (sms.md 3.15): in place of ``{URL}``, of every link, and of ``{kadvanced}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from strowger.channels.sms.fields import MAX_BODY
from strowger.channels.sms.shortening import (
    Link,
    Links,
    OwnLink,
    Shortener,
    UrlData,
    check_url,
    read_url_data,
    refuse,
)
from strowger.foundation.database import OUTAGES
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.messaging.schemas import NewRequest, Variant, Write
from strowger.platform.gateway.operations import Call
from strowger.platform.gateway.params import Params

PLACE = re.compile(r"\{(?:URL|url)\}")
LINK = re.compile(r"https?://[^\s<>\"'{}|\\^`]+", re.IGNORECASE)
TRAILING = ".,;:!?)]"
PERSONAL = "{kadvanced}"
AUTOMATIC, TRACKED = "shorten_links", "track_links"  # settings of the account
Writer = Callable[[int, str], str]


def wants_links(params: Params, settings: Mapping[str, Any], body: str) -> bool:
    """Whether a text can have to do with short links at all; most do not, and are not looked at further."""
    return bool(params.get("url_data") or PERSONAL in body or settings.get(AUTOMATIC))


class LinkTexts:
    """The short links of one request, in its texts."""

    def __init__(self, call: Call, now: datetime) -> None:
        self._call, self._now = call, now
        self._shortener: Shortener | None = getattr(call.state, "shortener", None)
        self._links: Links | None = None
        self._own: dict[str, OwnLink | None] = {}
        base = self._shortener.base if self._shortener else ""
        self._base = f"{base}/"
        self._personal = re.compile(re.escape(self._base) + r"([A-Za-z0-9_-]{3,30})/\{kadvanced\}")

    async def look_up(self, texts: Iterable[str]) -> None:
        """Find the links of all ``{kadvanced}`` in these texts, in one query."""
        slugs = {slug for text in texts if PERSONAL in text for slug in self._personal.findall(text)}
        missing = slugs - self._own.keys()
        if missing and self._shortener is not None:
            try:
                found = await self._shortener.find(self._call.principal.account_id, missing)
            except OUTAGES as problem:
                raise Unavailable from problem
            self._own.update((slug, found.get(slug)) for slug in missing)

    async def plan(self, params: Params, body: str) -> Writer | None:
        """How the text for (n, recipient) is made; None when it stays as it is.

        Raises E617 when text and wish do not fit together, E618 (slug taken), E615 and E616 (the clicks' callback).
        """
        wanted = await self._wanted(params, body)
        write = self._plan_wish(body, wanted) if wanted is not None else None
        if PERSONAL not in body:
            return write
        await self.look_up([body])
        links = {slug: self._own_link(slug) for slug in self._personal.findall(body)}
        if PERSONAL in self._personal.sub("", body):
            raise refuse(f"{PERSONAL} must follow one of your short links: {self._base}<slug>/{PERSONAL}")
        return lambda n, recipient: _bounded(
            self._personal.sub(
                lambda found: links[found[1]].place(n, recipient), write(n, recipient) if write else body
            )
        )

    def writes(self) -> tuple[tuple[Write, Any], ...]:
        """What has to be written together with the messages."""
        return self._links.writes() if self._links is not None else ()

    async def _wanted(self, params: Params, body: str) -> UrlData | None:
        """What the request asks for, else what the account does with every link."""
        if params.get("url_data"):
            found = await read_url_data(params["url_data"], self._call, self._now)
            if found is not None:
                return found
        settings = self._call.principal.settings
        if not settings.get(AUTOMATIC) or self._shortener is None or PLACE.search(body) or not self._foreign(body):
            return None
        return UrlData(True, None, None, bool(settings.get(TRACKED, True)), None, None)

    def _begin(self) -> Links:
        if self._links is None:
            if self._shortener is None:
                raise refuse("Links cannot be shortened here; write the link into 'body'")
            call = self._call
            self._links = self._shortener.begin(call.principal.account_id, call.id, self._now)
        return self._links

    def _own_link(self, slug: str) -> Link:
        own = self._own.get(slug)
        if own is None:
            raise refuse(f"You have no short link {self._base}{slug}")
        if own.expires_at is not None and own.expires_at <= self._now:
            raise refuse(f"The short link {self._base}{slug} is past its time")
        return self._begin().shorten(own.url, slug, True, None, own.expires_at)

    def _plan_wish(self, body: str, wanted: UrlData) -> Writer | None:
        if PLACE.search(body):
            if wanted.url is None:
                raise refuse("The text has {URL}, but there is no url")
            if not wanted.shorten:
                text = _bounded(PLACE.sub(lambda _: str(wanted.url), body))
                return lambda n, recipient: text
            link = self._shorten(wanted.url, wanted)
            return lambda n, recipient: _bounded(PLACE.sub(lambda _: link.place(n, recipient), body))
        if wanted.url is not None:
            raise refuse("The text has no {URL} for the url")
        return self._plan_every(body, wanted) if wanted.shorten else None

    def _plan_every(self, body: str, wanted: UrlData) -> Writer | None:
        """Every link of the text is shortened, but for short ones; punctuation that ends a sentence does not belong to it."""
        found = self._foreign(body)
        if not found:
            if PERSONAL in body:
                return None
            raise refuse("There is nothing to shorten: no url, and no link in the text")
        if wanted.slug and len(found) > 1:
            raise refuse("slug names one link, but the text has several")
        made = {url: self._shorten(check_url(url), wanted) for url in found}

        def write(n: int, recipient: str) -> str:
            def put(match: re.Match[str]) -> str:
                url = match.group().rstrip(TRAILING)
                return made[url].place(n, recipient) + match.group()[len(url) :] if url in made else match.group()

            return _bounded(LINK.sub(put, body))

        return write

    def _foreign(self, body: str) -> list[str]:
        """The links of a text that are not short ones of this installation, each once."""
        found = {match.group().rstrip(TRAILING): None for match in LINK.finditer(body)}
        return [url for url in found if not url.startswith(self._base)]

    def _shorten(self, url: str, wanted: UrlData) -> Link:
        return self._begin().shorten(url, wanted.slug, wanted.track, wanted.callback, wanted.expires_at)


def _bounded(text: str) -> str:
    if len(text) > MAX_BODY:
        raise StrowgerError("E607", f"{len(text)} characters with its links; at most {MAX_BODY}", field="body")
    return text


async def put_links(call: Call, params: Params, request: NewRequest) -> None:
    """Put short links into the texts of a request for which every recipient gets the same."""
    texts = LinkTexts(call, request.created_at)
    write = await texts.plan(params, request.body)
    if write is None:
        return
    made = [write(n, recipient) for n, recipient in enumerate(request.recipients, 1)]
    if len(set(made)) == 1:
        request.body = made[0]
    else:
        request.each = own_texts(request, made)
    request.writes = (*request.writes, *texts.writes())


def own_texts(request: NewRequest, texts: Sequence[str]) -> list[Variant | None]:
    """A message for each recipient that differs from the request in its text only."""
    same = Variant(
        request.type, request.sender, "", request.valid_until, request.priority, request.options, request.callback,
        request.due_at,
    )  # fmt: skip
    return [replace(same, body=text) for text in texts]
