"""Every changing page leaves a trail: the decorators call what the audit module registers, handlers need do nothing."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response

from strowger.console.respond import SAFE, AnyRequest
from strowger.foundation.database import ACTING
from strowger.foundation.ids import new_uuid


@dataclass(frozen=True, slots=True)
class Act:
    """One changing request. ``action`` is method and path template; ``status`` what it was answered."""

    id: UUID
    action: str
    status: int


Record = Callable[[AnyRequest, Act], Awaitable[None]]
_record: list[Record] = []


def register_trail(record: Record) -> None:
    """Say where acts are written down."""
    _record[:] = [record]


def act_as(request: AnyRequest, account_id: int, user_id: int, email: str, role: str) -> None:
    """Say whose act this is, on pages that are called before anybody is signed in."""
    request.scope.setdefault("state", {})["acting"] = (account_id, user_id, email, role)


def recorded(handler: Callable[..., Any], template: str) -> Callable[..., Any]:
    """The handler, whose changing calls are written down: rows before and after, fields, who, from where."""

    @functools.wraps(handler)
    async def call(*args: Any, **values: Any) -> Response[Any]:
        request: AnyRequest = values["request"]
        if request.method in SAFE or not _record:
            answer: Response[Any] = await handler(*args, **values)
            return answer
        act_id, action = new_uuid(), f"{request.method} {template}"
        mark = ACTING.set(str(act_id))
        status = 500
        try:
            answer = await handler(*args, **values)
            status = answer.status_code or 200
        finally:
            ACTING.reset(mark)
            if status not in (400, 403, 404, 410, 422, 429):
                await _record[0](request, Act(act_id, action, status))
        return answer

    return call
