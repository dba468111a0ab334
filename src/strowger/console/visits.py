"""How the visitor of a connection is found: by what the accounts module registers, from the session cookie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import ASGIConnection

from strowger.console.visitor import Visitor
from strowger.foundation.context import Context

AnyConnection = ASGIConnection[Any, Any, Any, Any]
FindVisitor = Callable[[Context, AnyConnection], Awaitable[Visitor | None]]
_find: list[FindVisitor] = []


def register_visitors(find: FindVisitor) -> None:
    """Say how a visitor is found from a connection's cookies; the accounts module does this when it is imported."""
    _find[:] = [find]


async def find_visitor(connection: AnyConnection) -> Visitor | None:
    """The signed-in user of a connection, looked up once per request; None when nobody is signed in."""
    state = connection.scope.setdefault("state", {})
    if "visitor" not in state:
        context: Context = connection.app.state.context
        state["live_at"] = connection.app.state.live.place if "live" in connection.app.state else ""
        state["visitor"] = await _find[0](context, connection) if _find else None
    visitor: Visitor | None = state["visitor"]
    return visitor
