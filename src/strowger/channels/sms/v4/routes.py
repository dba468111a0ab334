"""``/v4/``: one path, the method is a parameter; with and without a leading ``/api``."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.handlers.asgi_handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from strowger.channels.sms.v4.errors import Refusal, envelope, of_error
from strowger.channels.sms.v4.formats import write
from strowger.channels.sms.v4.methods import METHODS
from strowger.foundation.errors import StrowgerError
from strowger.foundation.tenancy import acting_for
from strowger.platform.features.service import check_method
from strowger.platform.gateway.endpoint import OWN_REQUEST_ID, Exchange
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import FORM, Params, as_text, read_params, without_files

KEYS = ("api_key", "apikey", "api-key")


class V4Exchange(Exchange):
    """One request of v4 and its answer."""

    __slots__ = ("form", "function")

    def __init__(self, scope: Any, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send, scope["litestar_app"].state, "v4", "")
        self.path = "/v4/"
        self.form, self.function = "json", ""

    async def _handle(self) -> Answer:
        try:
            params = await self._read()
            found = await self._call(params)
        except Refusal as problem:
            return self._refused(problem)
        return Answer(200, msgspec.json.encode(found))

    async def _read(self) -> Params:
        if self.scope["method"] not in ("GET", "POST"):
            raise StrowgerError("E405")
        body = await self._read_body()
        kind = self.headers.get(b"content-type", b"")
        params = read_params(self.scope["query_string"], kind, body, files=True)
        self.params = without_files(params)
        self.form = (as_text(params, "format") or "json").strip().lower()
        self.function = (as_text(params, "callback") or "").strip()
        return params

    async def _call(self, params: Params) -> dict[str, Any]:
        given = [params.pop(name) for name in KEYS if name in params]
        for name in KEYS:
            (self.params or {}).pop(name, None)
        header = self.headers.get(b"api-key", b"").decode("latin-1").strip()
        key = as_text({"api_key": given[0]}, "api_key") if given else header
        if not key:
            raise Refusal("A402")
        await self._admit(key)
        name = (as_text(params, "method") or "").strip().lower()
        if not name:
            raise Refusal("A401")
        method = METHODS.get(name)
        if method is None:
            raise Refusal("A405", name[:50])
        if self.principal.off:
            check_method(self.principal.off, name)
        if self.principal.scopes and method.permission not in self.principal.scopes:
            raise Refusal("A403", f"the key is not for this, it lacks {method.permission}")
        spaced = bool(self.scope["query_string"]) or self.headers.get(b"content-type", b"").startswith(FORM)
        call = Call(
            self.id, self.name, self.scope["method"], "/v4/sms", {}, self.headers, self.principal, dict(params), self.state,
            spaced=spaced,
        )  # fmt: skip
        if not method.is_bound:
            return await method.handler(call)
        with acting_for(self.principal.account_id):
            return await method.handler(call)

    async def _authenticate(self, key: str) -> Any:
        return await self.gateway.keys.authenticate(key, None, self.ip)

    def _refused(self, problem: Refusal) -> Answer:
        status, body = envelope(problem)
        return Answer(status, msgspec.json.encode(body))

    def _failure(self, problem: StrowgerError) -> Answer:
        answer = self._refused(of_error(problem))
        headers = tuple((name.lower().encode(), value.encode()) for name, value in problem.headers.items())
        return Answer(answer.status, answer.body, headers)

    def _form(self, answer: Answer) -> tuple[bytes, bytes]:
        return write(msgspec.json.decode(answer.body), self.form, self.function)


async def _serve(scope: Scope, receive: Receive, send: Send) -> None:
    await V4Exchange(scope, receive, send).run()


_handler = ASGIRouteHandler(
    ["/v4", "/api/v4"], is_mount=True, copy_scope=False, name="api v4", opt={OWN_REQUEST_ID: True}
)
routes: list[Any] = [_handler(_serve)]
