"""``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get

from strowger.foundation.database import OUTAGES
from strowger.platform.health import service
from strowger.platform.health.metrics import exposition


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", include_in_schema=False)
async def readyz(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """200 when messages can be accepted and sent, else 503 with what is missing."""
    try:
        state = await service.readiness(request.app.state.context.database)
    except OUTAGES as problem:
        state = service.Readiness(False, {"database": f"unreachable: {type(problem).__name__}"})
    body = {"status": "ready" if state.ready else "not ready", "checks": state.checks}
    return Response(body, status_code=200 if state.ready else 503)


@get("/metrics", media_type=MediaType.TEXT, include_in_schema=False)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus text format."""
    try:
        text = await exposition(request.app.state.context.database)
    except OUTAGES:
        return Response(b"# the database is unreachable\n", status_code=503, media_type="text/plain; version=0.0.4")
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


routes: list[Any] = [healthz, readyz, metrics]
