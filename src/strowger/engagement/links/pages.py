"""Opening a short link, and what a message's page tells of its links."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import HttpMethod, Request, Response, route

from strowger.channels.sms.link_texts import PERSONAL
from strowger.engagement.links import clicks, repository
from strowger.engagement.links import v4 as _v4  # noqa: F401 - lets v4 be asked for short links
from strowger.engagement.links.schemas import Visit
from strowger.foundation.context import Context
from strowger.foundation.database import OUTAGES
from strowger.messaging.pages.panels import Panel, PanelRow, register_panel

MAX_TEXT = 500
MAX_SHOWN = 20
PRIVATE = {
    "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex", "Content-Security-Policy": "default-src 'none'",
}  # fmt: skip
AnyRequest = Request[Any, Any, Any]


def _cut(text: str | None) -> str | None:
    return text[:MAX_TEXT].replace("\0", "") if text else None


def _visit(request: AnyRequest, context: Context) -> Visit:
    heads = request.headers
    return Visit(
        context.clock.now(), request.client.host if request.client else None, _cut(heads.get("user-agent")),
        _cut(heads.get("accept-language")), _cut(heads.get("referer")),
    )  # fmt: skip


def _plain(status: int, text: str, **headers: str) -> Response[str]:
    return Response(text, status_code=status, media_type="text/plain; charset=utf-8", headers={**PRIVATE, **headers})


@route(
    ["/s/{slug:str}", "/s/{slug:str}/{token:str}"],
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    include_in_schema=False,
    name="short link",
)
async def open_link(request: AnyRequest) -> Response[Any]:
    """Count the click and lead on: 302 (HEAD only leads on); 404 for an unknown link, 410 for one past its time."""
    context: Context = request.app.state.context
    slug, token = str(request.path_params["slug"]), request.path_params.get("token")
    try:
        async with context.database.pool.acquire(timeout=5) as connection:
            visit = _visit(request, context)
            counted = request.method == HttpMethod.GET
            own = (
                None if token == PERSONAL else _cut(token)
            )  # the form itself, without anybody's token, is a shared link
            found = await repository.open_link(connection, _cut(slug) or "", own, visit, counted)
            if found is not None and not found.expired and counted:
                await clicks.call_back(connection, context, found, slug, visit)
    except OUTAGES:
        return _plain(503, "This link cannot be opened now. Try again in a moment.\n", **{"Retry-After": "2"})
    if found is None:
        return _plain(404, "There is no such link.\n")
    if found.expired:
        return _plain(410, "This link is not available any more.\n")
    return Response(b"", status_code=302, headers={**PRIVATE, "Location": clicks.location(found.long_url)})


async def message_panel(context: Context, account_id: int, request_id: UUID, n: int) -> Panel | None:
    """The short links in a message and their newest clicks; None when there are none."""
    pool = context.database.pool
    links = await repository.links_of_message(pool, account_id, request_id, n)
    if not links:
        return None
    tokens = [link["id"] for link in links if link["token"]]
    newest = await repository.latest_clicks(
        pool, account_id, list({link["link_id"] for link in links}), tokens, MAX_SHOWN
    )
    base = context.settings.short_base
    facts = []
    for link in links:
        url = f"{base}/{link['slug']}" + (f"/{link['token']}" if link["token"] else "")
        whose = "" if link["token"] else " (all recipients of this link)"
        times = "time" if link["clicks"] == 1 else "times"
        facts.append((url, f"opened {link['clicks']} {times}{whose}; leads to {link['long_url']}"))
    rows = [
        PanelRow(click["at"], f"Opened from {click['ip'] or 'an unknown address'}", click["user_agent"] or "")
        for click in newest
    ]
    return Panel("links", "Short links", facts, rows)


register_panel(message_panel)
routes: list[Any] = [open_link]
