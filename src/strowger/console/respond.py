"""Answers of pages: ``render``, ``redirect``, fragments, toasts, and the headers that every page carries."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie

from strowger.console import marks
from strowger.console.layout import Action, Crumb, crumbs_of, shell
from strowger.console.templates import environment
from strowger.console.visits import AnyConnection, find_visitor
from strowger.foundation.context import Context

AnyRequest = Request[Any, Any, Any]
Page = Response[Any]
FLASH = "strowger_flash"
SAFE = {"GET", "HEAD", "OPTIONS"}
SIGN_IN = "/sign-in"


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


def context_of(request: AnyConnection) -> Context:
    """The process's Context."""
    context: Context = request.app.state.context
    return context


def is_partial(request: AnyConnection) -> bool:
    """Whether htmx asks for a part of the page."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def is_secure(request: AnyConnection) -> bool:
    """Whether users reach this installation by https, so that cookies may insist on it."""
    return context_of(request).settings.base_url.startswith("https://")


async def render(
    request: AnyRequest,
    template: str,
    *,
    title: str = "",
    crumbs: list[Crumb] | None = None,
    actions: Sequence[Action] = (),
    status: int = 200,
    headers: dict[str, str] | None = None,
    **variables: Any,
) -> Page:
    """A page from a template. ``title`` names it in the browser, header and breadcrumb; ``actions`` are header buttons.

    ``crumbs`` are the steps before the title; left out, they follow from the menu.
    """
    context = context_of(request)
    visitor = await find_visitor(request)
    path = request.url.path
    flashes = read_flashes(request)
    starred = None
    if visitor is not None and status < 400 and not is_partial(request):
        starred = await marks.meet(context, visitor, path, title, request.method == "GET")
    body = (
        environment()
        .get_template(template)
        .render(
            request=request,
            visitor=visitor,
            live_at=request.scope["state"]["live_at"],
            csrf=visitor.csrf if visitor else "",
            now=context.clock.now(),
            path=path,
            title=title,
            crumbs=crumbs_of(path, title, crumbs),
            actions=[action for action in actions if visitor is None or visitor.may_open(action.path)],
            flashes=flashes,
            settings=context.settings,
            partial=is_partial(request),
            starred=starred,
            **(await shell(context, visitor, path)),
            **variables,
        )
    )
    response: Page = Response(body, status_code=status, media_type=MediaType.HTML, headers=headers)
    if flashes and not is_partial(request):
        response.delete_cookie(FLASH)
    return response


def fragment(request: AnyRequest, template: str, macro: str, *args: Any, **variables: Any) -> str:
    """The text of one macro of a template, for partial updates."""
    state = request.scope.get("state", {})
    visitor = state.get("visitor")
    shared = {
        "visitor": visitor,
        "csrf": visitor.csrf if visitor else "",
        "now": context_of(request).clock.now(),
        "path": request.url.path,
    }
    module: Any = environment().get_template(template).make_module(shared | variables)
    return str(getattr(module, macro)(*args))


def html(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Page:
    """A fragment as an answer."""
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=headers)


def local_path(target: str | None, default: str = "/") -> str:
    """A path of this site, or the default: what came from outside must not lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and "\\" not in target and target.isprintable() else default


def redirect(request: AnyRequest, path: str, flash: str = "", tone: str = "success") -> Page:
    """Lead the browser to another page, with a toast there. Works for forms and for htmx requests.

    Tones: success, info, warning, danger.
    """
    if is_partial(request):
        response: Page = Response("", status_code=204, headers={"HX-Redirect": path})
    else:
        response = Response("", status_code=303, headers={"Location": path})
    if flash:
        packed = base64.urlsafe_b64encode(msgspec.json.encode([[tone, flash]])).decode()
        response.set_cookie(
            Cookie(
                key=FLASH, value=packed, path="/", httponly=True, samesite="lax", secure=is_secure(request), max_age=60
            )
        )
    return response


def read_flashes(request: AnyConnection) -> list[tuple[str, str]]:
    """The toasts left by the page before: tone and text."""
    try:
        raw = base64.urlsafe_b64decode(request.cookies.get(FLASH, ""))
        return msgspec.json.decode(raw, type=list[tuple[str, str]])[:5] if raw else []
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return []


def toast(text: str, tone: str = "success", **events: Any) -> dict[str, str]:
    """Headers that make htmx show a toast, and fire further events on the page."""
    return {"HX-Trigger": msgspec.json.encode({"toast": {"text": text, "tone": tone}, **events}).decode()}


def sign_in_path(request: AnyConnection) -> str:
    """The sign-in page with the way back to this one."""
    back = request.headers.get("hx-current-url") if is_partial(request) else None
    parts = urlsplit(back or str(request.url))
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return SIGN_IN if target == "/" or request.scope.get("method") not in SAFE else f"{SIGN_IN}?next={quote(target)}"
