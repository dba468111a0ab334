"""Shapes of callback profiles: what is stored, what is sealed, and what the hot paths need of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal
from uuid import UUID

import msgspec

from strowger.platform.callbacks.schemas import Target

PROFILES = "profiles"  # the channel on which changes are told: forget what you know of profiles
FINAL: tuple[str, ...] = ()
# ten tries over 75.6 hours.
RETRIES = 9
WAITS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
BODY_TYPES = ("json", "xml", "html", "text", "form")
METHODS = ("GET", "POST", "PUT", "DELETE")
WITH_BODY = frozenset({"POST", "PUT"})


class ProfileStatus(IntEnum):
    """States of a profile (platform.md 5.2). FAILING: switched off by nothing but failures."""

    ACTIVE = 1
    FAILING = 2
    DISABLED = 3


class Encryption(msgspec.Struct, frozen=True, omit_defaults=True):
    """How values are encrypted (platform.md 6.4). ``iv`` may be empty when ``iv_mode`` is random."""

    algo: str
    key: str
    iv: str = ""
    iv_mode: Literal["static", "random"] = "static"


class TokenRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a token is fetched, and how it is shown to the receiver (platform.md 6.3)."""

    auth_url: str
    type: Literal["oauth2_client_credentials", "custom"] = "oauth2_client_credentials"
    auth_method: Literal["GET", "POST"] = "POST"
    client_id: str = ""
    client_secret: str = ""
    request_style: Literal["form", "json", "basic"] = "form"
    scope: str = ""
    resource: str = ""
    token_path: str = "access_token"  # noqa: S105 - where the answer holds it
    expiry_path: str = "expires_in"
    token_algorithm: Encryption | None = None
    headers: dict[str, str] = {}
    token_header: str = "Authorization"  # noqa: S105 - a header's name
    token_prefix: str | None = None


class Auth(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the receiver is told who calls."""

    type: Literal["none", "basic", "advanced"] = "none"
    username: str = ""
    password: str = ""
    advanced: TokenRequest | None = None


@dataclass(slots=True)
class Draft:
    """A profile as it is to be stored: checked, secrets in the clear."""

    title: str
    channel: str
    method: str
    url: str
    events: tuple[str, ...] = ()
    statuses: tuple[str, ...] = FINAL
    headers: dict[str, str] = field(default_factory=dict)
    body_type: str = "json"
    body: Any = None
    response_message: str = ""
    enc: Encryption | None = None
    auth: Auth = field(default_factory=Auth)
    retry: dict[str, Any] | None = None
    signed: bool = True


@dataclass(slots=True)
class Profile:
    """A stored profile with its secrets opened; ``secrets`` sign, newest first."""

    id: UUID
    account_id: int
    sid: str
    pod: str
    draft: Draft
    status: ProfileStatus
    created_at: datetime
    modified_at: datetime
    secrets: tuple[bytes, ...] = ()
    previous_until: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    disabled_at: datetime | None = None
    disabled_why: str | None = None
    deleted_at: datetime | None = None

    @property
    def name(self) -> str:
        """The public id, ``<POD>_<uuid>``."""
        return profile_name(self.pod, self.id)

    @property
    def target(self) -> Target:
        """Where callbacks go, with the schedule of retries."""
        draft = self.draft
        retries, waits = retry_of(draft.retry)
        return Target(draft.url, draft.method, tuple(draft.headers.items()), draft.body, retries, waits, draft.statuses)


def profile_name(pod: str, profile_id: UUID) -> str:
    """The public id of a profile."""
    return f"{pod}_{profile_id}"


def read_name(text: str) -> UUID | None:
    """The uuid in a public id; None when it is none. The pod is not compared: ids of a moved account stay valid."""
    pod, mark, rest = text.strip().partition("_")
    if not mark or len(pod) != 2 or not pod.isalpha():
        return None
    try:
        found = UUID(rest)
    except ValueError:
        return None
    return found if str(found) == rest.lower() else None


def retry_of(stored: dict[str, Any] | None) -> tuple[int, tuple[int, ...]]:
    """Number of retries and the waits before them, in seconds."""
    if not stored:
        return RETRIES, WAITS
    return int(stored["count"]), tuple(stored["interval"]) or WAITS
