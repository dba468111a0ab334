"""Shapes of short links: as they are made, as they are opened, as a message's page shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class NewToken:
    """A link in one message; ``token`` None: the link is shared by all of the request."""

    token: str | None
    n: int
    recipient: str


@dataclass(slots=True)
class NewLink:
    """A link as a request wants it, with the messages that carry it."""

    account_id: int
    request_id: UUID
    slug: str
    long_url: str
    callback: dict[str, Any] | None
    expires_at: datetime | None
    created_at: datetime
    tokens: list[NewToken] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OwnWish:
    """A link that is made by itself; ``slug`` None: one is chosen. ``callback`` is Target.to_json(), ``link_type`` URL or FILE."""

    url: str
    slug: str | None = None
    title: str = ""
    advanced: bool = False
    callback: dict[str, Any] | None = None
    link_type: str = "URL"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who opens a link."""

    at: datetime
    ip: str | None
    user_agent: str | None
    language: str | None
    referer: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link leads to, and whose message it was in (None for a shared link)."""

    link_id: int
    account_id: int
    long_url: str
    expired: bool
    callback: dict[str, Any] | None
    request_id: UUID | None = None
    n: int | None = None
    recipient: str = ""
