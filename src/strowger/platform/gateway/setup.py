"""How the gateway joins the web application: routes, middleware, exception handlers, start and stop."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, Response
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from strowger.foundation.database import OUTAGES
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger
from strowger.foundation.origin import loop_mark
from strowger.platform.gateway import endpoint
from strowger.platform.gateway.endpoint import answer_first
from strowger.platform.gateway.errors import ERRORS, render_error
from strowger.platform.gateway.pages import pages
from strowger.platform.gateway.service import Gateway

__all__ = [
    "answer_failure",
    "answer_first",
    "exception_handlers",
    "is_api_path",
    "middleware",
    "routes",
    "start",
    "stop",
]

log = get_logger(__name__)
API_PREFIXES = ("/v1/", "/v2/", "/v4/", "/api/")
AnyRequest = Request[Any, Any, Any]
REQUEST_ID = b"x-request-id"

routes: list[Any] = [*pages, *endpoint.routes]


def is_api_path(path: str) -> bool:
    """Whether a path belongs to the public API, so that its failures are answered in the API's envelope."""
    return path.startswith(API_PREFIXES) or path in ("/v1", "/v2", "/api")


def request_id_middleware(app: ASGIApp) -> ASGIApp:
    """Puts X-Request-Id on every answer that has none."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["route_handler"].opt.get(endpoint.OWN_REQUEST_ID):
            await app(scope, receive, send)
            return

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if not any(name.lower() == REQUEST_ID for name, _ in headers):
                    message["headers"] = [*headers, (REQUEST_ID, str(new_uuid()).encode())]
            await send(message)

        await app(scope, receive, send_with_id)

    return serve


def _as_error(problem: Exception) -> StrowgerError:
    if isinstance(problem, StrowgerError):
        return problem
    if isinstance(problem, OUTAGES):
        return Unavailable()
    if isinstance(problem, HTTPException):
        code = f"E{problem.status_code}"
        known = code in ERRORS
        allow = {
            name: value for name, value in (problem.headers or {}).items() if name.lower() in ("allow", "retry-after")
        }
        return StrowgerError(code if known else "E400", status=None if known else problem.status_code, headers=allow)
    return StrowgerError("E500")


def answer_failure(request: AnyRequest, problem: Exception) -> Response[bytes]:
    """The JSON envelope of any failure outside the operations' own handling: 404, 405, 413, 500."""
    request_id = str(new_uuid())
    error = _as_error(problem)
    status, body = render_error(error)
    if status == 500:
        log.error("request_failed", request_id=request_id, path=request.url.path, exc_info=problem)
    headers = {"X-Request-Id": request_id, **error.headers}
    return Response(body, status_code=status, media_type="application/json", headers=headers)


middleware: list[Any] = [request_id_middleware]
exception_handlers: dict[Any, Any] = {HTTPException: answer_failure, Exception: answer_failure}


async def start(app: Litestar) -> None:
    """Make the process's Gateway (``app.state.gateway``); keys and senders are forgotten when ``accounts`` is notified."""
    gateway = Gateway(app.state.context, await loop_mark(app.state.context.database))
    app.state.gateway = gateway
    app.state.listener.on("accounts", gateway.keys.forget)
    await gateway.start()


async def stop(app: Litestar) -> None:
    """Finish the background work."""
    await app.state.gateway.stop()
