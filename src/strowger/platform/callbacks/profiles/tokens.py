"""Tokens of advanced authentication: fetched once, kept until they expire, fetched by one at a time (platform.md 6.3)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import msgspec

from strowger.foundation.clock import Clock
from strowger.foundation.http_client import GuardedClient, HttpAnswer, OutgoingError
from strowger.platform.callbacks.profiles.encryption import NotDecrypted, decrypt
from strowger.platform.callbacks.profiles.schemas import TokenRequest

TIMEOUT, CONNECT_TIMEOUT = 10.0, 3.0
ANSWER_LIMIT = 65_536
EARLY_SECONDS = 60.0  # a token is renewed so long before it expires
DEFAULT_SECONDS = 300.0  # of a token whose answer names no expiry
LONGEST_SECONDS = 86_400.0
MAX_KEPT = 10_000
TOKEN_LIMIT = 16_384


class AuthFailed(Exception):
    """No token could be had; the message says why, without secrets."""


@dataclass(slots=True)
class Token:
    """A token as it goes into a header, and until when it is used (monotonic seconds)."""

    header: str
    value: str
    until: float


class Tokens:
    """The tokens of profiles. ``version`` changes when a profile does: its old token is not used any more."""

    def __init__(self, http: GuardedClient, clock: Clock) -> None:
        self._http, self._clock = http, clock
        self._kept: dict[UUID, tuple[object, Token]] = {}
        self._fetches: dict[UUID, asyncio.Task[Token]] = {}

    async def header(self, profile_id: UUID, version: object, wanted: TokenRequest, stale: str = "") -> dict[str, str]:
        """The header that carries the token. ``stale`` is a value that the receiver has just refused. Raises AuthFailed."""
        kept = self._kept.get(profile_id)
        if kept and kept[0] == version and kept[1].until > self._clock.monotonic() and kept[1].value != stale:
            return {kept[1].header: kept[1].value}
        fetch = self._fetches.get(profile_id)
        if fetch is None:
            fetch = self._fetches[profile_id] = asyncio.create_task(self._fetch(profile_id, version, wanted))
            fetch.add_done_callback(lambda done: self._done(profile_id, done))
        token = await asyncio.shield(fetch)
        return {token.header: token.value}

    def _done(self, profile_id: UUID, task: asyncio.Task[Token]) -> None:
        self._fetches.pop(profile_id, None)
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may have

    async def _fetch(self, profile_id: UUID, version: object, wanted: TokenRequest) -> Token:
        token = await self.fetch(wanted)
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[profile_id] = (version, token)
        return token

    async def fetch(self, wanted: TokenRequest) -> Token:
        """Ask for a new token. Raises AuthFailed."""
        url, headers, body = request_of(wanted)
        try:
            answer = await self._http.request(
                wanted.auth_method, url, headers=headers, body=body, timeout=TIMEOUT, connect_timeout=CONNECT_TIMEOUT,
                max_response=ANSWER_LIMIT,
            )  # fmt: skip
        except OutgoingError as problem:
            raise AuthFailed(str(problem)) from problem
        if not 200 <= answer.status < 300:
            raise AuthFailed(f"the token server answered {answer.status}")
        return self._read(wanted, answer)

    def _read(self, wanted: TokenRequest, answer: HttpAnswer) -> Token:
        try:
            found = msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise AuthFailed("the token server's answer is not JSON") from None
        text = at_path(found, wanted.token_path)
        if not isinstance(text, str) or not text:
            raise AuthFailed(f"the token server's answer holds no text at {wanted.token_path}")
        if wanted.token_algorithm is not None:
            try:
                text = decrypt(wanted.token_algorithm, text)
            except NotDecrypted:
                raise AuthFailed("the token cannot be decrypted") from None
        prefix = wanted.token_prefix
        if prefix is None:
            kind = found.get("token_type") if isinstance(found, dict) else None
            prefix = str(kind).strip() if kind else "Bearer"
            prefix = "Bearer" if prefix.lower() == "bearer" else prefix
        value = f"{prefix} {text}".strip()
        if len(value) > TOKEN_LIMIT or not value.isprintable():
            raise AuthFailed("the token cannot be sent in a header")
        return Token(wanted.token_header, value, self._clock.monotonic() + _seconds(at_path(found, wanted.expiry_path)))


def _seconds(given: Any) -> float:
    """How long a token is used, given its life in seconds as number or text."""
    try:
        life = float(given)
    except (TypeError, ValueError):
        return DEFAULT_SECONDS
    if not 0 <= life < float("inf"):
        return DEFAULT_SECONDS
    return max(0.0, min(life, LONGEST_SECONDS) - EARLY_SECONDS)


def at_path(value: Any, path: str) -> Any:
    """What stands at a dotted path of objects and lists; None when nothing does."""
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def request_of(wanted: TokenRequest) -> tuple[str, dict[str, str], bytes | None]:
    """URL, headers and body of the request for a token."""
    headers = {"Accept": "application/json", "User-Agent": "strowger-callback/1", **wanted.headers}
    fields: dict[str, str] = {}
    if wanted.type == "oauth2_client_credentials":
        fields["grant_type"] = "client_credentials"
    if wanted.request_style == "basic":
        pair = f"{wanted.client_id}:{wanted.client_secret}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    else:
        fields["client_id"], fields["client_secret"] = wanted.client_id, wanted.client_secret
    fields["scope"], fields["resource"] = wanted.scope, wanted.resource
    fields = {name: value for name, value in fields.items() if value}
    if wanted.auth_method == "GET":
        joint = "&" if urlsplit(wanted.auth_url).query else "?"
        return (wanted.auth_url + joint + urlencode(fields) if fields else wanted.auth_url), headers, None
    if wanted.request_style == "json":
        return wanted.auth_url, {"Content-Type": "application/json", **headers}, msgspec.json.encode(fields)
    return wanted.auth_url, {"Content-Type": "application/x-www-form-urlencoded", **headers}, urlencode(fields).encode()
