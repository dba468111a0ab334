"""What the console answers when a page cannot be shown."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, PermissionDeniedException

from strowger.console.respond import AnyRequest, is_partial, render, sign_in_path, toast
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger

log = get_logger(__name__)
TEXTS = {
    400: (
        "This request cannot be read",
        "Something in the address or the form is not as expected. Go back and try again.",
    ),
    403: ("You may not do this", "Your role does not allow it, or the page was open for too long."),
    404: ("There is nothing here", "The page does not exist, or it belongs to another account."),
    405: ("There is nothing here", "The page does not exist in this way."),
    413: ("This is too large", "The form or file is larger than this installation accepts."),
    503: (
        "One moment, please",
        "The database cannot be reached. Nothing that was accepted is lost. Try again shortly.",
    ),
}
OTHER = (
    "Something went wrong",
    "The error is in the log, under the number below. Try again, or tell your administrator.",
)


class SignInNeeded(Exception):
    """Nobody is signed in; the console answers with the way to the sign-in page."""


class PageExpired(PermissionDeniedException):
    """The CSRF token is missing or of another session."""

    detail = "This page is out of date: it was opened before you signed in again. Reload it and repeat the action."


def status_of(problem: Exception) -> int:
    """The HTTP status of a problem."""
    if isinstance(problem, HTTPException):
        return problem.status_code
    if isinstance(problem, StrowgerError):
        return problem.status or 400
    return 500


async def error_page(request: AnyRequest, problem: Exception) -> Response[Any]:
    """The page, or for a part of a page the toast, that tells of a problem; sign-in when that is what is missing."""
    if isinstance(problem, SignInNeeded):
        path = sign_in_path(request)
        if is_partial(request):
            return Response("", status_code=204, headers={"HX-Redirect": path})
        return Response("", status_code=303, headers={"Location": path})
    status = status_of(problem)
    request_id = str(new_uuid())
    if status >= 500 and not isinstance(problem, Unavailable):
        log.error("page failed", request_id=request_id, path=request.url.path, exc_info=problem)
    title, text = TEXTS.get(status, OTHER)
    detail = getattr(problem, "detail", "") or ""
    if status in {400, 403} and detail:
        text = str(detail)
    headers = {"X-Request-Id": request_id, **(getattr(problem, "headers", None) or {})}
    if is_partial(request):
        return Response(
            "", status_code=status, headers=headers | {"HX-Reswap": "none", **toast(f"{title}. {text}", "danger")}
        )
    return await render(
        request,
        "console/error.html",
        title=title,
        crumbs=[],
        status=status,
        headers=headers,
        text=text,
        error_status=status,
        request_id=request_id,
    )


async def handle_error(request: Request[Any, Any, Any], problem: Exception) -> Response[Any]:
    """Like error_page, and safe when even the page cannot be made (the database is away)."""
    try:
        return await error_page(request, problem)
    except Exception as second:
        log.error("the error page failed", path=request.url.path, exc_info=second)
        title, text = TEXTS[503] if isinstance(problem, Unavailable | OSError) else OTHER
        body = f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><p>{text}</p></html>"
        return Response(body, status_code=503, media_type=MediaType.HTML, headers={"Retry-After": "2"})
