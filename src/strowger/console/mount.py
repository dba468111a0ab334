"""How the composition root puts the console into the web application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Request, Response, Router

from strowger.console.errors import handle_error
from strowger.console.live import LiveHub
from strowger.console.routes import pages as own_pages
from strowger.foundation.context import Context

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def secure(response: Response[Any]) -> Response[Any]:
    """Add the headers that every page carries."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


async def page_error(request: Request[Any, Any, Any], problem: Exception) -> Response[Any]:
    """The error handler of pages; also for the application's own 404 outside the API."""
    return secure(await handle_error(request, problem))


def console_router(pages: Sequence[Any]) -> Router:
    """The router of all pages: the modules' ``pages`` and the kit's own, with security headers and error pages."""
    handlers: dict[type[Exception] | int, Any] = {Exception: page_error}
    return Router(
        "/",
        route_handlers=[*own_pages, *pages],
        after_request=_after,
        exception_handlers=handlers,
        include_in_schema=False,
    )


async def _after(response: Response[Any]) -> Response[Any]:
    return secure(response)


async def start_console(app: Litestar) -> None:
    """On start-up, after ``app.state.context`` is set: begin the live feed (``app.state.live``)."""
    context: Context = app.state.context
    app.state.live = LiveHub(context)
    await app.state.live.start()


async def stop_console(app: Litestar) -> None:
    """On shutdown: end every live feed."""
    hub: LiveHub | None = app.state.get("live")
    if hub is not None:
        await hub.stop()
