"""Speaking with a provider: discovery, keys, the exchange of a code. All of it through the guarded client."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from strowger.foundation.context import Context
from strowger.foundation.http_client import OutgoingError
from strowger.platform.sso.errors import SsoProblem

KEPT_SECONDS, SOONEST = 600, 30
LARGEST = 200_000  # bytes of an answer
MOST_KEPT = 500
T = TypeVar("T")
LOCAL = {"localhost", "127.0.0.1", "::1"}


class Discovery(msgspec.Struct, frozen=True):
    """What the provider says about itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Keys(msgspec.Struct):
    keys: list[dict[str, Any]]


class _Tokens(msgspec.Struct):
    id_token: str
    access_token: str = ""


@dataclass(slots=True)
class _Known:
    discovery: Discovery
    keys: list[dict[str, Any]]
    at: float


_known: dict[str, _Known] = {}


def check_url(context: Context, url: str, what: str) -> None:
    """Raise SsoProblem for an address that is not https; while simulators are on, http of the machine itself will do."""
    parts = urlsplit(url)
    local = context.settings.simulators and parts.scheme == "http" and parts.hostname in LOCAL
    if not parts.hostname or parts.username or parts.fragment or not (parts.scheme == "https" or local):
        raise SsoProblem(f"The {what} must be an https address.")


async def _ask(
    context: Context, method: str, url: str, shape: type[T], headers: Mapping[str, str], body: bytes | None = None
) -> T:
    try:
        answer = await context.http.request(
            method, url, headers={"Accept": "application/json", **headers}, body=body, max_response=LARGEST
        )
    except OutgoingError as problem:
        raise SsoProblem(f"The provider cannot be reached: {problem}") from problem
    if answer.status != 200:
        raise SsoProblem(f"The provider answered {answer.status} at {urlsplit(url).path}.")
    try:
        if answer.truncated:
            raise ValueError
        return msgspec.json.decode(answer.body, type=shape)
    except (msgspec.DecodeError, ValueError) as problem:
        raise SsoProblem(f"The provider's answer at {urlsplit(url).path} cannot be read.") from problem


async def learn(context: Context, issuer: str, afresh: bool = False) -> tuple[Discovery, list[dict[str, Any]]]:
    """The provider's description and keys, kept for ten minutes. ``afresh`` asks again, at most every half minute.

    Raises SsoProblem.
    """
    now = context.clock.monotonic()
    known = _known.get(issuer)
    if known and now - known.at < (SOONEST if afresh else KEPT_SECONDS):
        return known.discovery, known.keys
    check_url(context, issuer, "issuer")
    found = await _ask(context, "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", Discovery, {})
    if found.issuer != issuer:
        raise SsoProblem(f"The provider names itself {found.issuer[:200]!r}. Enter exactly that as the issuer.")
    for what in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        check_url(context, getattr(found, what), what.replace("_", " "))
    keys = (await _ask(context, "GET", found.jwks_uri, _Keys, {})).keys
    if len(_known) >= MOST_KEPT:
        _known.clear()
    _known[issuer] = _Known(found, keys, now)
    return found, keys


def forget(issuer: str) -> None:
    """Ask a provider anew the next time."""
    _known.pop(issuer, None)


async def redeem(
    context: Context, found: Discovery, client_id: str, secret: str, code: str, verifier: str, redirect_uri: str
) -> _Tokens:
    """Exchange a code for tokens. Raises SsoProblem."""
    fields = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier,
    }  # fmt: skip
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if secret and "client_secret_basic" in found.token_endpoint_auth_methods_supported:
        pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        fields |= {"client_id": client_id} | ({"client_secret": secret} if secret else {})
    return await _ask(context, "POST", found.token_endpoint, _Tokens, headers, urlencode(fields).encode())


async def user_info(context: Context, found: Discovery, access_token: str) -> dict[str, Any]:
    """What the provider tells about the person apart from the token. Raises SsoProblem."""
    check_url(context, found.userinfo_endpoint, "userinfo endpoint")
    return await _ask(
        context, "GET", found.userinfo_endpoint, dict[str, Any], {"Authorization": f"Bearer {access_token}"}
    )
