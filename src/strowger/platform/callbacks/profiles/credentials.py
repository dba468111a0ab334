"""Reading what authenticates and encrypts: headers, auth, enc. A masked secret that comes back keeps the stored one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from strowger.foundation.http_guard import Refused, read_url
from strowger.foundation.http_wire import is_settable
from strowger.platform.callbacks.profiles.encryption import ALGORITHMS, IV_SIZE
from strowger.platform.callbacks.profiles.errors import refuse
from strowger.platform.callbacks.profiles.schemas import Auth, Encryption, TokenRequest
from strowger.platform.callbacks.profiles.values import read_object

HEADERS_LIMIT, VALUE_LIMIT, TEXT_LIMIT = 20, 1024, 2000
OURS = ("x-callback-", "webhook-")
OUR_NAMES = frozenset({"x-signature", "x-request-id", "user-agent"})
MASK = "****"
SHORTEST_HINTED = 6


def mask(secret: str) -> str:
    """A secret as it is shown: its last two characters, where these give little of it away."""
    return MASK + (secret[-2:] if len(secret) >= SHORTEST_HINTED else "") if secret else ""


def unmask(given: str, stored: str) -> str:
    """What was given, or the stored secret when its mask came back."""
    return stored if stored and given == mask(stored) else given


def read_headers(
    value: object, stored: Mapping[str, str], field: str = "headers", code: str = "RBC315"
) -> dict[str, str]:
    """Static headers; values may hold placeholders."""
    if value in (None, "", [], {}):
        return {}
    found = read_object(value, code, field)
    if not isinstance(found, dict):
        raise refuse(code, field, "Must be an object of names and values")
    if len(found) > HEADERS_LIMIT:
        raise refuse(code, field, f"Holds more than {HEADERS_LIMIT} headers")
    headers: dict[str, str] = {}
    for name, text in found.items():
        lower = name.lower()
        if len(name) > 100 or not is_settable(name) or lower.startswith(OURS) or lower in OUR_NAMES:
            raise refuse(code, field, f"{name[:100]!r} cannot be set")
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            raise refuse(code, field, f"{name} must be a text")
        shown = unmask(str(text), stored.get(name, ""))
        if len(shown) > VALUE_LIMIT or any(ord(c) < 32 or ord(c) == 127 for c in shown):
            raise refuse(code, field, f"{name} is longer than {VALUE_LIMIT} characters or holds a control character")
        headers[name] = shown
    return headers


def read_encryption(value: object, stored: Encryption | None, field: str, static_gcm: bool) -> Encryption | None:
    """The encryption of values; None switches it off. GCM with a fixed IV only where the operator allows it."""
    if value in (None, "", {}):
        return None
    given = read_object(value, "RBC308", field)
    if not isinstance(given, dict):
        raise refuse("RBC308", field, "Must be an object with algo, key and IV")
    algo = str(given.get("algo", stored.algo if stored else "")).strip().upper()
    if algo not in ALGORITHMS:
        raise refuse("RBC308", field, f"algo must be one of {', '.join(ALGORITHMS)}")
    size, mode = ALGORITHMS[algo]
    key = unmask(_text(given, "key", stored.key if stored else "", field, "RBC308"), stored.key if stored else "")
    if len(key.encode()) != size:
        raise refuse("RBC308", field, f"{algo} needs a key of {size} characters")
    iv = given.get("IV", given.get("iv", stored.iv if stored else ""))
    iv = iv if isinstance(iv, str) else ""
    usual = "random" if mode == "GCM" and not static_gcm else "static"
    iv_mode = str(given.get("iv_mode") or usual).strip().lower()
    if iv_mode not in ("static", "random"):
        raise refuse("RBC308", field, "iv_mode must be static or random")
    if iv_mode == "static" and mode == "GCM" and not static_gcm:
        raise refuse("RBC308", field, "GCM with a fixed IV is not safe and not allowed here; use iv_mode random")
    if len(iv.encode()) != IV_SIZE and (iv_mode == "static" or iv):
        raise refuse("RBC308", field, f"IV must have {IV_SIZE} characters")
    return Encryption(algo, key, iv, "random" if iv_mode == "random" else "static")


def read_auth(value: object, stored: Auth, static_gcm: bool) -> Auth:
    """How the receiver is told who calls. Raises RBC311 with the field that is missing."""
    if value in (None, "", {}):
        return Auth()
    given = read_object(value, "RBC311", "auth")
    if not isinstance(given, dict):
        raise refuse("RBC311", "auth", "Must be an object with a type")
    kind = str(given.get("type", "none")).strip().lower()
    if kind == "none":
        return Auth()
    if kind == "basic":
        username = _text(given, "username", given.get("user", ""), "auth")
        password = unmask(_text(given, "password", stored.password, "auth"), stored.password)
        if not username or not password:
            raise refuse("RBC311", "auth", f"{'username' if not username else 'password'} is required")
        if ":" in username:
            raise refuse("RBC311", "auth", "username may not hold a colon")
        return Auth("basic", username, password)
    if kind != "advanced":
        raise refuse("RBC311", "auth", "type must be none, basic or advanced")
    block = given.get("advanced", given)
    if not isinstance(block, dict):
        raise refuse("RBC311", "auth", "advanced must be an object")
    return Auth("advanced", advanced=_read_token(block, stored.advanced, static_gcm))


def _read_token(given: Mapping[str, Any], stored: TokenRequest | None, static_gcm: bool) -> TokenRequest:
    old = stored or TokenRequest("")
    kind = given.get("type")
    values: dict[str, Any] = {
        "type": kind if kind != "advanced" and kind else "oauth2_client_credentials",
        "auth_method": str(given.get("auth_method") or "POST").upper(),
        "request_style": str(given.get("request_style") or "form").lower(),
    }
    for name in ("auth_url", "client_id", "client_secret", "scope", "resource"):
        values[name] = _text(given, name, "", "auth").strip()
    values["client_secret"] = unmask(values["client_secret"], old.client_secret)
    for name, usual in (
        ("token_path", "access_token"),
        ("expiry_path", "expires_in"),
        ("token_header", "Authorization"),
    ):
        values[name] = _text(given, name, "", "auth").strip() or usual
    if given.get("token_prefix") is not None:
        values["token_prefix"] = _text(given, "token_prefix", "", "auth").strip()
    values["headers"] = read_headers(given.get("headers"), old.headers, "auth", "RBC311")
    if given.get("token_algorithm") not in (None, "", {}, "none"):
        values["token_algorithm"] = read_encryption(given["token_algorithm"], old.token_algorithm, "auth", True)
    try:
        token = msgspec.convert(values, TokenRequest)
    except msgspec.ValidationError as problem:
        raise refuse("RBC311", "auth", str(problem)) from None
    _check_token(token)
    return token


def _check_token(token: TokenRequest) -> None:
    if not token.auth_url:
        raise refuse("RBC311", "auth", "auth_url is required")
    try:
        read_url(token.auth_url)
    except Refused as problem:
        raise refuse("RBC311", "auth", f"auth_url: {problem}") from None
    if token.type == "oauth2_client_credentials" and not (token.client_id and token.client_secret):
        raise refuse("RBC311", "auth", f"{'client_secret' if token.client_id else 'client_id'} is required")
    lower = token.token_header.lower()
    if not is_settable(token.token_header) or lower.startswith(OURS) or lower in OUR_NAMES:
        raise refuse("RBC311", "auth", "token_header cannot be set")
    if token.token_prefix is not None and not token.token_prefix.isprintable():
        raise refuse("RBC311", "auth", "token_prefix cannot be sent in a header")


def _text(given: Mapping[str, Any], name: str, usual: Any, field: str, code: str = "RBC311") -> str:
    value = given.get(name, usual)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > TEXT_LIMIT or "\0" in value:
        raise refuse(code, field, f"{name} must be a text of at most {TEXT_LIMIT} characters")
    return value
