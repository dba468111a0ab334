"""Checking an ID token (OpenID Connect Core 1.0, 3.1.3.7): signature by a published key, then every claim, by our own clock."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from strowger.platform.sso.errors import SsoProblem

# Asymmetric ones only: "none" and HMAC, whose key might be something public, are never accepted.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 60  # seconds
LONGEST = 20_000


class UnknownKey(SsoProblem):
    """The token is signed with a key that the provider did not publish when it was asked last."""

    def __init__(self) -> None:
        super().__init__("The provider signed with a key that it does not publish.")


class Claims(msgspec.Struct):
    """What is read of a token."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str = ""
    azp: str = ""
    email: str = ""
    email_verified: bool | str | None = None
    name: str = ""


def _payload(token: str, keys: Sequence[dict[str, Any]]) -> bytes:
    """The signed bytes. Raises SsoProblem, UnknownKey."""
    import jwt

    try:
        head = jwt.get_unverified_header(token)
    except jwt.PyJWTError as problem:
        raise SsoProblem("The provider's token cannot be read.") from problem
    if head.get("alg") not in ALGORITHMS:
        raise SsoProblem(f"The provider's token is signed by {str(head.get('alg'))[:20]!r}, which is not accepted.")
    fitting = [key for key in keys if key.get("use", "sig") == "sig" and key.get("kty") in ("RSA", "EC", "OKP")]
    if "kid" in head:
        fitting = [key for key in fitting if key.get("kid") == head["kid"]]
    for key in fitting:
        try:
            usable = jwt.PyJWK(key, None if key.get("alg") else head["alg"])
            return bytes(jwt.PyJWS(algorithms=ALGORITHMS).decode(token, usable, algorithms=list(ALGORITHMS)))
        except jwt.PyJWTError:
            continue
    raise UnknownKey


def read(token: str, keys: Sequence[dict[str, Any]], issuer: str, client_id: str, nonce: str, now: float) -> Claims:
    """The claims of a token that is good for this client, sign-in and moment. Raises SsoProblem, UnknownKey."""
    if len(token) > LONGEST:
        raise SsoProblem("The provider's token is too long.")
    try:
        claims = msgspec.json.decode(_payload(token, keys), type=Claims)
    except msgspec.DecodeError as problem:
        raise SsoProblem("The provider's token lacks something.") from problem
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    wrong = {
        "is not from your provider": claims.iss != issuer,
        "is for somebody else": client_id not in audience,
        "was asked for by somebody else": bool(claims.azp or len(audience) > 1) and claims.azp != client_id,
        "is too old": claims.exp + LEEWAY <= now,
        "is from the future": claims.iat - LEEWAY > now,
        "belongs to another sign-in": not secrets.compare_digest(claims.nonce.encode(), nonce.encode()),
        "names nobody": not claims.sub or len(claims.sub) > 255,
    }
    for what, found in wrong.items():
        if found:
            raise SsoProblem(f"The provider's token {what}.")
    return claims
