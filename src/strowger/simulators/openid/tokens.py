"""ID tokens as the simulated provider signs them, rightly and in named wrong ways."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

LIVES: Final = 300
MISBEHAVIOURS: Final = {
    "wrong_nonce": "the nonce is another one",
    "no_nonce": "there is no nonce",
    "expired": "the token ended an hour ago",
    "future": "the token was made an hour from now",
    "wrong_audience": "the token is for another client",
    "two_audiences": "the token is for two clients and asked for by the other",
    "wrong_issuer": "the token says another issuer",
    "alg_none": "the token is not signed",
    "alg_hmac": "the token is signed with the client's secret",
    "key_as_secret": "the token is signed by HMAC with the public key as its secret",
    "foreign_key": "the token is signed with a key that is not published, under the published one's id",
    "no_subject": "the token names nobody",
    "unverified": "the address is not verified",
    "silent_on_verified": "nothing is said about whether the address is verified",
    "no_email": "there is no address",
    "wrong_state": "the state comes back changed",
    "token_error": "the token endpoint answers 500",
    "not_json": "the token endpoint answers with a web page",
    "huge": "the token endpoint answers with a megabyte",
    "lying_discovery": "the discovery document names another issuer",
}


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Signer:
    """The provider's key. ``renew`` puts another one in its place."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    kid: str = "key-1"

    def renew(self) -> None:
        """A new key under a new id, as providers do now and then."""
        self.key, self.kid = rsa.generate_private_key(65537, 2048), f"key-{secrets.token_hex(4)}"

    def published(self) -> dict[str, Any]:
        """The key set."""
        numbers = self.key.public_key().public_numbers()
        n, e = (b64(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
        return {"keys": [
            {"kty": "EC", "use": "enc", "kid": "of-no-use", "crv": "nonsense"},
            {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": n, "e": e},
        ]}  # fmt: skip

    def sign(self, claims: dict[str, Any], wrong: str, secret: str) -> str:
        """A token. ``wrong`` names a misbehaviour of signatures; others are in the claims already."""
        alg = {"alg_none": "none", "alg_hmac": "HS256", "key_as_secret": "HS256"}.get(wrong, "RS256")
        head = b64(msgspec.json.encode({"alg": alg, "typ": "JWT", "kid": self.kid}))
        body = f"{head}.{b64(msgspec.json.encode(claims))}"
        if wrong == "alg_none":
            return f"{body}."
        if wrong in ("alg_hmac", "key_as_secret"):
            key = secret.encode() if wrong == "alg_hmac" else msgspec.json.encode(self.published()["keys"][1])
            return f"{body}.{b64(hmac.digest(key, body.encode(), 'sha256'))}"
        key_pair = rsa.generate_private_key(65537, 2048) if wrong == "foreign_key" else self.key
        return f"{body}.{b64(key_pair.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def claims_of(issuer: str, client_id: str, nonce: str, person: dict[str, Any], wrong: str) -> dict[str, Any]:
    """What a token says."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": "https://evil.example" if wrong == "wrong_issuer" else issuer,
        "aud": {"wrong_audience": "another", "two_audiences": [client_id, "another"]}.get(wrong, client_id),
        "iat": now + (3600 if wrong == "future" else 0),
        "exp": now + {"expired": -3600, "future": 7200}.get(wrong, LIVES),
        "sub": person["sub"], "nonce": "another" if wrong == "wrong_nonce" else nonce,
        "email": person["email"], "email_verified": wrong != "unverified", "name": person.get("name", ""),
    }  # fmt: skip
    if wrong == "two_audiences":
        claims["azp"] = "another"
    gone = {"no_nonce": "nonce", "no_subject": "sub", "no_email": "email", "silent_on_verified": "email_verified"}
    claims.pop(gone.get(wrong, ""), None)
    return claims


def challenge_of(verifier: str) -> str:
    """The PKCE challenge (S256) of a verifier."""
    return b64(hashlib.sha256(verifier.encode()).digest())
