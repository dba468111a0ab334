"""An authenticator in software: makes passkeys and signs, as a browser hands it to the server; also wrongly, where a test asks."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "http://localhost:8080"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class SoftKey:
    """One passkey."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(32))
    handle: str = ""
    count: int = 0
    origin: str = ORIGIN
    flags: int = PRESENT | VERIFIED

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
                           "clientExtensionResults": {}})  # fmt: skip

    def create(self, options: dict[str, Any]) -> str:
        """The answer to options of a registration."""
        self.handle = options["user"]["id"]
        point = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        data = (
            hashlib.sha256(options["rp"]["id"].encode()).digest()
            + bytes([self.flags | ATTESTED])
            + self.count.to_bytes(4, "big")
        )
        data += bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options)
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(statement)})

    def get(self, options: dict[str, Any]) -> str:
        """The answer to options of a sign-in."""
        self.count += 1
        data = hashlib.sha256(options["rpId"].encode()).digest() + bytes([self.flags]) + self.count.to_bytes(4, "big")
        client = self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature),
                             "userHandle": self.handle})  # fmt: skip
