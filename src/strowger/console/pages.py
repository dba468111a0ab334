"""Conventions of every page: the ``page`` decorator (signed in, CSRF, headers, error pages), and how pages answer."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from typing import Annotated, Any, get_type_hints

from litestar import HttpMethod, Request, Response
from litestar.di import Dependency, Provide
from litestar.exceptions import HTTPException, NotFoundException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import PathParameter
from litestar.types import ASGIApp

from strowger.console.errors import PageExpired, SignInNeeded, handle_error
from strowger.console.layout import Action, Crumb
from strowger.console.respond import (
    SAFE,
    AnyRequest,
    Page,
    context_of,
    fragment,
    html,
    is_partial,
    is_secure,
    local_path,
    redirect,
    render,
    secure,
    toast,
)
from strowger.console.rights import PUBLIC, add_page
from strowger.console.tenancy import bound, is_bound
from strowger.console.trail import recorded
from strowger.console.visitor import Visitor
from strowger.console.visits import AnyConnection, find_visitor

__all__ = [
    "Action",
    "AnyRequest",
    "Crumb",
    "Page",
    "Visitor",
    "context_of",
    "fragment",
    "html",
    "is_partial",
    "is_secure",
    "local_path",
    "page",
    "public_page",
    "redirect",
    "render",
    "toast",
]


MAX_ID = 2**63 - 1
PARAMETER = re.compile(r"\{(\w+)")


class LateResponse(Response[Any]):
    """An answer that is made while it is sent: exception handlers cannot wait, error pages must."""

    def __init__(self, request: AnyRequest, problem: Exception) -> None:
        super().__init__(b"")
        self._request, self._problem = request, problem

    def to_asgi_response(self, *args: Any, **kwargs: Any) -> ASGIApp:  # type: ignore[override]
        """The application that makes the error page and sends it."""

        async def send_page(scope: Any, receive: Any, send: Any) -> None:
            response = secure(await handle_error(self._request, self._problem))
            await response.to_asgi_response(*args, **kwargs)(scope, receive, send)

        return send_page


def page_error(request: AnyRequest, problem: Exception) -> Response[Any]:
    """The error handler of pages; also for the application's own 404 outside the API."""
    return LateResponse(request, problem)


async def _after(response: Response[Any]) -> Response[Any]:
    return secure(response)


async def check_csrf(request: AnyRequest, expected: str) -> None:
    """Compare the token of an unsafe request (header X-CSRF-Token or field csrf). Raises PageExpired."""
    if request.method in SAFE:
        return
    given = request.headers.get("x-csrf-token")
    if given is None:
        given = (await request.form()).get("csrf")
    if not (isinstance(given, str) and secrets.compare_digest(given.encode(), expected.encode())):
        raise PageExpired


async def _guard(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    visitor = await find_visitor(connection)
    if visitor is None:
        raise SignInNeeded
    if any(isinstance(value, int) and abs(value) > MAX_ID for value in connection.path_params.values()):
        raise NotFoundException
    roles = handler.opt.get("roles") or ()
    if (roles and visitor.role not in roles) or not visitor.may(handler.opt["permission"]):
        role = visitor.role_name or visitor.role
        raise PermissionDeniedException(f"Your role ({role}) may not do this. Ask an owner of the account.")
    if visitor.is_closed(connection.url.path):
        raise PermissionDeniedException("This is switched off for your account. Ask the operator of the installation.")
    if visitor.is_barred(str(connection.scope.get("method")), connection.url.path):
        raise PermissionDeniedException(
            "This cannot be done while you view a sub-account. Go back to your main account."
        )
    assert isinstance(connection, Request)
    await check_csrf(connection, visitor.csrf)


async def _visitor(request: AnyRequest) -> Visitor:
    visitor = await find_visitor(request)
    assert visitor is not None
    return visitor


def _handler(
    path: str | Sequence[str], methods: Sequence[str], audited: bool = True, **options: Any
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    make = HTTPRouteHandler(
        path,
        http_method=[HttpMethod(method) for method in methods],
        include_in_schema=False,
        status_code=200,
        after_request=_after,
        exception_handlers={HTTPException: page_error, Exception: page_error},
        **options,
    )
    paths = [path] if isinstance(path, str) else path
    in_path = set(PARAMETER.findall("".join(paths)))
    permission = (options.get("opt") or {}).get("permission", PUBLIC)

    def decorate(handler: Callable[..., Any]) -> HTTPRouteHandler:
        """Say where parameters come from, so that handlers need not."""
        add_page(
            paths, methods, permission, f"{handler.__module__}.{handler.__qualname__}", _sentence(handler), audited
        )
        for name, kind in get_type_hints(handler).items():
            if name in in_path:
                handler.__annotations__[name] = Annotated[kind, PathParameter()]
            elif name == "visitor":
                handler.__annotations__[name] = Annotated[kind, Dependency(kind="named")]
        run = bound(handler) if is_bound(permission) else handler
        return make(recorded(run, paths[0]) if audited and set(methods) - SAFE else run)

    return decorate


def _sentence(handler: Callable[..., Any]) -> str:
    return (handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def public_page(
    path: str | Sequence[str], *, methods: Sequence[str] = ("GET",), **options: Any
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a handler for anybody, with the headers and error pages of the console; it checks CSRF itself.

    ``audited`` as in ``page``.
    """
    return _handler(path, methods, **options)


def page(
    path: str | Sequence[str],
    *,
    methods: Sequence[str] = ("GET",),
    permission: str | None = None,
    roles: Sequence[str] = (),
    **options: Any,
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a handler of the console: only for signed-in users whose role grants ``permission``, CSRF checked.

    Permissions are named in ``platform/team/permissions.json``; ``self`` is every signed-in user. A page that names none
    is for owners and admins only, and a test asks for the name. ``roles`` narrows it further. The handler may ask for
    ``request`` and ``visitor`` by name and answers with ``render`` or ``redirect``. What it changes is written into the
    audit log by itself; ``audited=False`` is for unsafe methods that change nothing.
    """
    return _handler(
        path,
        methods,
        guards=[_guard],
        opt={"roles": tuple(roles), "permission": permission},
        dependencies={"visitor": Provide(_visitor)},
        **options,
    )
