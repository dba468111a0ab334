"""Pages work under row security: the decorators bind each handler to the visitor's account (ADR 0035)."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable
from typing import Any

from litestar import Response
from litestar.response import Stream

from strowger.console.respond import AnyRequest
from strowger.console.rights import PUBLIC
from strowger.foundation.tenancy import acting_for

# Pages that concern more than one account by their nature: their queries keep to the first line alone.
WIDE = ("installation.", "subaccounts.")


def is_bound(permission: str | None) -> bool:
    """Whether a page that needs this permission sees the visitor's account only."""
    return permission is None or (permission != PUBLIC and not permission.startswith(WIDE))


def bound(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler, whose queries see rows of the visitor's account only, also those of a file that it streams."""

    @functools.wraps(handler)
    async def call(*args: Any, **values: Any) -> Response[Any]:
        request: AnyRequest = values["request"]
        account_id: int = request.scope["state"]["visitor"].account_id
        with acting_for(account_id):
            answer: Response[Any] = await handler(*args, **values)
        if isinstance(answer, Stream):
            answer.iterator = _streamed(answer.iterator, account_id)
        return answer

    return call


async def _streamed(chunks: Any, account_id: int) -> AsyncIterator[Any]:
    while True:
        with acting_for(account_id):  # between two pieces the task may serve somebody else
            try:
                chunk = await anext(chunks)
            except StopAsyncIteration:
                return
        yield chunk
