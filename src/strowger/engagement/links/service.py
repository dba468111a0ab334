"""Making short links: chosen in memory, written in the transaction of the messages that carry them."""

from __future__ import annotations

import secrets
import string
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from strowger.channels.sms.shortening import OwnLink
from strowger.engagement.links import repository
from strowger.engagement.links.schemas import NewLink, NewToken, OwnWish
from strowger.foundation.database import Database
from strowger.foundation.errors import StrowgerError
from strowger.messaging.schemas import Write

ALPHABET = string.ascii_letters + string.digits
SLUG_LENGTH = 7  # 62^7 names: a clash of two that are made at random is not to be expected
TOKEN_LENGTH = 6  # fixed, so that all recipients' texts are of one length
RESERVED = frozenset({"api", "docs", "health", "healthz", "robots", "static", "favicon"})


TRIES = 5  # at a name that nobody has


async def make_own(database: Database, account_id: int, wish: OwnWish, now: datetime) -> tuple[int, str]:
    """Make a link by itself; returns its id and slug. Raises StrowgerError E618 for a slug that is taken or reserved."""
    if wish.slug is not None and wish.slug.lower() in RESERVED:
        raise StrowgerError("E618", "This slug is reserved", field="slug")
    for _ in range(1 if wish.slug else TRIES):
        slug = wish.slug or _random(SLUG_LENGTH)
        async with database.acquire() as connection:
            made = await repository.make_own(connection, account_id, slug, wish, now)
        if made is not None:
            return made, slug
    raise StrowgerError("E618", "The slug is taken", field="slug")


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


@dataclass(slots=True)
class RequestLink:
    """One short link of a request, collecting the messages that carry it."""

    base: str
    link: NewLink
    track: bool
    tokens: dict[int, str | None] = field(default_factory=dict)

    def place(self, n: int, recipient: str) -> str:
        """The short URL for the message ``n``."""
        if n not in self.tokens:
            token = _random(TOKEN_LENGTH) if self.track else None
            self.tokens[n] = token
            self.link.tokens.append(NewToken(token, n, recipient))
        token = self.tokens[n]
        return f"{self.base}/{self.link.slug}" + (f"/{token}" if token else "")


@dataclass(slots=True)
class RequestLinks:
    """The short links of one request."""

    base: str
    account_id: int
    request_id: UUID
    now: datetime
    made: list[RequestLink] = field(default_factory=list)

    def shorten(
        self, url: str, slug: str | None, track: bool, callback: dict[str, Any] | None, expires_at: datetime | None
    ) -> RequestLink:
        """A short link to ``url``; within a request the same wish makes one link. Raises E618 for a reserved slug.

        Whether the slug leads somewhere else already shows when it is written.
        """
        if slug is not None and slug.lower() in RESERVED:
            raise StrowgerError("E618", "This slug is reserved", field="url_data")
        for known in self.made:
            if known.link.slug == slug and known.link.long_url != url:
                raise StrowgerError("E618", "Two links of the request want this slug", field="url_data")
            same = (known.link.long_url, known.track, known.link.callback, known.link.expires_at)
            if same == (url, track, callback, expires_at) and slug in (None, known.link.slug):
                return known
        link = NewLink(
            self.account_id, self.request_id, slug or _random(SLUG_LENGTH), url, callback, expires_at, self.now
        )
        self.made.append(RequestLink(self.base, link, track))
        return self.made[-1]

    def writes(self) -> tuple[tuple[Write, Any], ...]:
        """What has to be written together with the messages."""
        return tuple((repository.add_links, made.link) for made in self.made)


class LinkMaker:
    """The installation's shortener; ``base`` is what stands before the slug."""

    def __init__(self, base: str, database: Database) -> None:
        self.base = base
        self._database = database

    async def find(self, account_id: int, slugs: Collection[str]) -> dict[str, OwnLink]:
        """Those of the slugs that are short links of the account."""
        async with self._database.pool.acquire(timeout=5) as connection:
            rows = await repository.own_links(connection, account_id, slugs)
        return {row["slug"]: OwnLink(row["long_url"], row["expires_at"]) for row in rows}

    def begin(self, account_id: int, request_id: UUID, now: datetime) -> RequestLinks:
        """The links of a new request."""
        return RequestLinks(self.base, account_id, request_id, now)
