"""A simulated OpenID Connect provider: discovery, keys, authorization code with PKCE, tokens; everybody is let in as one person.

``POST /control/person`` says who signs in next, ``/control/misbehave`` what goes wrong, ``/control/renew`` makes a new key.
"""

from __future__ import annotations

import base64
import html
import secrets
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import parse_qs, unquote, urlencode

import msgspec
from aiohttp import web

from strowger.simulators.openid.tokens import MISBEHAVIOURS, Signer, challenge_of, claims_of

SECRET: Final = "simulated-secret"  # noqa: S105 - everybody may know it
ADA: Final = {"sub": "ada-1", "email": "ada@example.com", "name": "Ada Lovelace"}


@dataclass(slots=True)
class Grant:
    """A code that was given out."""

    nonce: str
    challenge: str
    redirect_uri: str
    person: dict[str, Any]


class Provider:
    """The provider: ``async with Provider() as provider`` listens on ``provider.port``."""

    def __init__(
        self, port: int = 0, host: str = "127.0.0.1", *, client_id: str = "strowger", secret: str | None = None
    ) -> None:
        self.port, self.host, self.client_id, self.secret = port, host, client_id, secret or SECRET
        self.person: dict[str, Any] = dict(ADA)
        self.wrong = ""
        self.signer = Signer()
        self._grants: dict[str, Grant] = {}
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it is, which is its issuer."""
        return f"http://{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=65536)
        app.add_routes([
            web.get("/.well-known/openid-configuration", self._discovery), web.get("/keys", self._keys),
            web.get("/authorize", self._authorize), web.post("/token", self._token),
            web.get("/control/state", self._state), web.post("/control/person", self._person),
            web.post("/control/misbehave", self._misbehave), web.post("/control/renew", self._renew),
        ])  # fmt: skip
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _discovery(self, _: web.Request) -> web.Response:
        issuer = "https://evil.example" if self.wrong == "lying_discovery" else self.url
        return web.json_response({
            "issuer": issuer, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys", "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
        })  # fmt: skip

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response(self.signer.published())

    async def _authorize(self, request: web.Request) -> web.Response:
        """Let the person in at once, as a provider does where they are signed in already."""
        asked = request.query
        good = (
            asked.get("client_id") == self.client_id and asked.get("response_type") == "code"
            and "openid" in asked.get("scope", "").split() and asked.get("code_challenge_method") == "S256"
            and asked.get("redirect_uri") and asked.get("state") and asked.get("nonce")
        )  # fmt: skip
        if not good:
            return web.Response(status=400, text=f"Bad request: {html.escape(str(dict(asked)))}")
        code = secrets.token_urlsafe(16)
        self._grants[code] = Grant(asked["nonce"], asked["code_challenge"], asked["redirect_uri"], dict(self.person))
        state = "changed" if self.wrong == "wrong_state" else asked["state"]
        raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': state})}")

    def _is_client(self, request: web.Request) -> bool:
        kind, _, packed = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        name, _, secret = base64.b64decode(packed).decode().partition(":")
        return (unquote(name), unquote(secret)) == (self.client_id, self.secret)

    async def _token(self, request: web.Request) -> web.Response:
        sent = {key: values[0] for key, values in parse_qs((await request.read()).decode()).items()}
        if self.wrong == "token_error":
            return web.Response(status=500, text="broken")
        if self.wrong == "not_json":
            return web.Response(text="<h1>Maintenance</h1>", content_type="text/html")
        if self.wrong == "huge":
            return web.Response(text='{"id_token":"' + "x" * 1_000_000 + '"}', content_type="application/json")
        if not self._is_client(request):
            return web.json_response({"error": "invalid_client"}, status=401)
        grant = self._grants.pop(sent.get("code", ""), None)
        right = grant is not None and sent.get("grant_type") == "authorization_code"
        if not right or grant is None or grant.redirect_uri != sent.get("redirect_uri"):
            return web.json_response({"error": "invalid_grant"}, status=400)
        if challenge_of(sent.get("code_verifier", "")) != grant.challenge:
            return web.json_response({"error": "invalid_grant", "error_description": "PKCE"}, status=400)
        claims = claims_of(self.url, self.client_id, grant.nonce, grant.person, self.wrong)
        token = self.signer.sign(claims, self.wrong, self.secret)
        return web.json_response({"access_token": "none", "token_type": "Bearer", "expires_in": 60, "id_token": token})

    # Control

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response({"person": self.person, "misbehaviour": self.wrong, "misbehaviours": MISBEHAVIOURS})

    async def _person(self, request: web.Request) -> web.Response:
        self.person = {**ADA, **msgspec.json.decode(await request.read(), type=dict[str, Any])}
        return web.json_response(self.person)

    async def _misbehave(self, request: web.Request) -> web.Response:
        name = msgspec.json.decode(await request.read(), type=dict[str, str]).get("name", "")
        if name and name not in MISBEHAVIOURS:
            return web.json_response({"error": f"There is no misbehaviour {name!r}."}, status=422)
        self.wrong = name
        return web.json_response({"misbehaviour": name})

    async def _renew(self, _: web.Request) -> web.Response:
        self.signer.renew()
        return web.json_response({"kid": self.signer.kid})
