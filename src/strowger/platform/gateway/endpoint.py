"""The way of a public request: read, authenticate, limit, claim its idempotency key, handle, answer, note.

This is plain ASGI under Litestar's router: the accept path must not pay for what it does not use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.handlers.asgi_handlers import ASGIRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from strowger.foundation.database import ACTING, OUTAGES
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.http_server import WHOLE_ANSWER
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger
from strowger.foundation.origin import ORIGIN
from strowger.foundation.tenancy import acting_for
from strowger.platform.audit import service as audit
from strowger.platform.features.service import check_path
from strowger.platform.gateway.errors import encode_failure, render_error, status_of
from strowger.platform.gateway.idempotency import hash_params, key_of
from strowger.platform.gateway.operations import JSON_TYPE, XML_TYPE, Answer, Call, Operation
from strowger.platform.gateway.params import FORM, Params, read_params, scalar_text, without_files
from strowger.platform.gateway.request_log import Entry
from strowger.platform.gateway.services import check_service
from strowger.platform.gateway.table import TABLE
from strowger.platform.gateway.xml import write_xml

if TYPE_CHECKING:
    from strowger.platform.gateway.service import Gateway

log = get_logger(__name__)
VERSIONS = ("v1", "v2")
OWN_REQUEST_ID = "own_request_id"  # an option of handlers that answer with X-Request-Id themselves
FILE_SECONDS = 300.0  # for requests that carry files
ANSWER_SECONDS = 20.0  # more than a commit may take; after that the client hears that the store is away
KEY_FIELDS = ("api-key", "api_key")
DRAIN_FACTOR = 4  # how much of a body that is too large is still read, so that the client gets to read the answer


def _mount(version: str) -> ASGIRouteHandler:
    """The public API of a version, with and without the leading ``/api``."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await Exchange(scope, receive, send, scope["litestar_app"].state, version, scope["path"]).run()

    handler = ASGIRouteHandler(
        [f"/{version}", f"/api/{version}"], is_mount=True, copy_scope=False, name=f"api {version}",
        opt={OWN_REQUEST_ID: True},
    )  # fmt: skip
    handler(serve)
    return handler


def answer_first(app: Litestar) -> ASGIApp:
    """The application with the public API in front of it: the same as its mounts, without the router's share of the time."""
    state = app.state
    fronts = {f"{prefix}/{version}/": version for prefix in ("", "/api") for version in VERSIONS}

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            for front, version in fronts.items():
                if path.startswith(front):
                    await Exchange(scope, receive, send, state, version, path[len(front) :]).run()
                    return
        await app(scope, receive, send)

    return serve


def _take_key(params: Params) -> Any:
    for name in KEY_FIELDS:
        if name in params:
            return params.pop(name)
    return None


class Exchange:
    """One request and its answer. ``below`` is the path after the version."""

    __slots__ = ("gateway", "headers", "id", "ip", "limit", "name", "operation", "params", "path", "principal",
                 "receive", "scope", "send", "sid", "started", "state", "tail", "version")  # fmt: skip

    def __init__(self, scope: Any, receive: Receive, send: Send, state: Any, version: str, below: str) -> None:
        self.scope = scope
        self.state = state
        self.receive: Any = receive
        self.send: Any = send
        self.version = version
        below = below.strip("/")
        self.sid, _, self.tail = below.partition("/")
        self.path = f"/{version}/{below}"
        self.gateway: Gateway = state.gateway
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        client = scope.get("client")
        self.ip: str | None = client[0] if client else None
        self.id = new_uuid()
        self.name = str(self.id)
        self.started = self.gateway.clock.monotonic()
        self.operation: Operation | None = None
        self.principal: Any = None
        self.params: Params | None = None
        self.limit: Any = None

    async def run(self) -> None:
        """Answer the request, whatever happens."""
        task = self.gateway.deadlines.begin(ANSWER_SECONDS)
        try:
            answer = await self._handle()
        except StrowgerError as problem:
            answer = self._failure(problem)
        except asyncio.CancelledError:
            if not self.gateway.deadlines.is_over(task):
                raise
            log.warning("request_took_too_long", request_id=self.name, path=self.path)
            answer = self._failure(Unavailable())
        except OUTAGES as problem:
            log.warning("store_unavailable", problem=repr(problem), request_id=self.name)
            answer = self._failure(Unavailable())
        except Exception:
            log.exception("request_failed", request_id=self.name, path=self.path)
            answer = self._failure(StrowgerError("E500"))
        finally:
            self.gateway.deadlines.end(task)
        await self._send(answer)
        self._note(answer)

    async def _handle(self) -> Answer:
        found = TABLE.find(self.version, self.tail)
        if found is None:
            raise StrowgerError("E404")
        methods, path_params = found
        operation = self.operation = methods.get(self.scope["method"])
        if operation is None:
            raise StrowgerError("E405", headers={"Allow": ", ".join(sorted(methods))})
        if operation.files:
            self.gateway.deadlines.begin(FILE_SECONDS)
        if self.headers.get(ORIGIN) == self.gateway.mark:
            raise StrowgerError("E403", "A carrier leads back to this installation: messages would go round in a loop")
        if operation.admit is not None:
            await self._admit_by_path(operation, path_params)
        known = self.principal is not None
        key = self.headers.get(b"api-key")
        if key is not None and not known:
            await self._admit(key.decode("latin-1").strip())
        body = await self._read_body()
        kind = self.headers.get(b"content-type", b"")
        query = self.scope["query_string"]
        if key is None and not known and not (query or body):
            raise StrowgerError("E401", field="api-key")
        params = self.params = read_params(query, kind, body, operation.xml, bool(operation.files))
        in_params = _take_key(params)
        if key is None and not known:
            await self._admit(scalar_text(in_params) or "")
        call = Call(
            self.id, self.name, operation.method, self.path, path_params, self.headers, self.principal, params,
            self.state, spaced=bool(query) or kind.startswith(FORM),
        )  # fmt: skip
        if operation.files:
            self.params = without_files(params)
        scopes = self.principal.scopes
        if scopes and operation.permission not in scopes:
            raise StrowgerError("E403", f"The key is not for this: it lacks {operation.permission}", field="api-key")
        if not operation.leaves_trail:
            return await self._bound(operation, call)
        return await self._recorded(operation, call)

    async def _bound(self, operation: Operation, call: Call) -> Answer:
        """Handle the call, under row security unless the operation is on the path of a message."""
        if not operation.is_bound:
            return await (self._once(operation, call) if operation.idempotent else operation.handler(call))
        with acting_for(self.principal.account_id):
            return await (self._once(operation, call) if operation.idempotent else operation.handler(call))

    async def _recorded(self, operation: Operation, call: Call) -> Answer:
        """As ``_handle``, with an entry in the audit log."""
        mark = ACTING.set(self.name)
        try:
            answer = await self._bound(operation, call)
        finally:
            ACTING.reset(mark)
        principal = self.principal
        actor = audit.Actor(principal.account_id, None, principal.author, "API")
        action = f"{operation.method} /{self.version}{operation.path.removeprefix('/{sid}')}"
        agent = self.headers.get(b"user-agent", b"").decode("latin-1")
        deed = audit.Deed(self.id, action, self.path, answer.status, self.ip, agent, audit.shown(dict(call.params)))
        await audit.record(self.state.context, actor, deed)
        return answer

    async def _admit_by_path(self, operation: Operation, path_params: Mapping[str, Any]) -> None:
        """Let in whom the secret in the path stands for."""
        assert operation.admit is not None
        self.path = self.path.rpartition("/")[0] + "/***"
        self.principal = await operation.admit(self.state, self.sid, path_params)
        if self.principal is not None:
            self._check_open(self.principal)

    def _check_open(self, principal: Any) -> None:
        if principal.parent_id is not None:
            check_service(principal.settings, self.tail)
        if principal.off:
            check_path(principal.off, self.tail)

    async def _admit(self, key: str) -> None:
        gateway = self.gateway
        principal = await self._authenticate(key)
        self.principal = principal
        self._check_open(principal)
        self.limit = await gateway.limiter.take(principal.key_id, principal.rate)
        if self.operation is not None and self.operation.area:
            own = await gateway.limiter.take_of_area(self.operation.area, principal.account_id)
            self.limit = own or self.limit
        if not gateway.book.is_noted(principal.key_id):
            gateway.book.note_use(principal.key_id, gateway.clock.now(), self.ip)

    async def _authenticate(self, key: str) -> Any:
        return await self.gateway.keys.authenticate(key, self.sid, self.ip)

    async def _once(self, operation: Operation, call: Call) -> Answer:
        key = key_of(self.headers)
        if key is None:
            return await operation.handler(call)
        claim = (self.principal.account_id, call.method, call.path, key)
        stored = await self.gateway.idempotency.begin(claim, hash_params(call.params))
        if stored is not None:
            return Answer(stored.status, stored.response, ((b"idempotent-replayed", b"true"),))
        call.claim = claim
        try:
            return await operation.handler(call)
        except Exception:  # not when cancelled: the commit may be under way
            await self.gateway.idempotency.release(claim)
            raise

    @property
    def _most(self) -> int:
        """How many bytes the body may have."""
        return (self.operation.files if self.operation else 0) or self.gateway.max_body

    async def _read_body(self) -> bytes:
        limit = self._most
        length = self.headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > limit:
            await self._drain(0)
        message = await self.receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body") and len(body) <= limit:
            return body
        chunks, size = [body], len(body)
        while message.get("more_body"):
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise StrowgerError("E400", "The body ended early")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                break
        if size > limit:
            await self._drain(size)
        return b"".join(chunks)

    async def _drain(self, size: int) -> None:
        limit = self._most
        while size < limit * DRAIN_FACTOR:
            message = await self.receive()
            size += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        raise StrowgerError("E413", f"The limit is {limit} bytes")

    def _failure(self, problem: StrowgerError) -> Answer:
        operation = self.operation
        if operation is not None and operation.failure is not None:
            status, body = status_of(problem), encode_failure(operation.failure(problem))
        else:
            status, body = render_error(problem, operation.empty if operation else None)
        headers = tuple((name.lower().encode(), value.encode()) for name, value in problem.headers.items())
        return Answer(status, body, headers)

    def _form(self, answer: Answer) -> tuple[bytes, bytes]:
        """Content type and body, in the language of the operation."""
        operation = self.operation
        if operation is None or not operation.answers_xml or b"json" in self.headers.get(b"accept", b"").lower():
            return JSON_TYPE, answer.body
        return XML_TYPE, write_xml(msgspec.json.decode(answer.body))

    async def _send(self, answer: Answer) -> None:
        kind, body = self._form(answer)
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", self.name.encode()),
            *answer.headers,
            *(self.limit.headers() if self.limit is not None else ()),
        ]
        whole = self.scope.get("extensions", {}).get(WHOLE_ANSWER)
        if whole is not None and not answer.headers:  # what a handler adds is looked at by the server
            lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
            if whole["send"](answer.status, lines, body):
                return
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    def _note(self, answer: Answer) -> None:
        if not self.gateway.book.wants(answer.status):
            return
        principal = self.principal
        self.gateway.book.note(
            Entry(
                self.id,
                principal.account_id if principal else None,
                (principal.key_id or None) if principal else None,
                self.scope["method"],
                self.path,
                answer.status,
                int((self.gateway.clock.monotonic() - self.started) * 1000),
                self.ip,
                self.params,
                answer.body,
            )
        )


routes: list[Any] = [_mount(version) for version in VERSIONS]
