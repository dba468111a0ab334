"""The one internal error type. Services raise it; a renderer per area gives it that area's envelope."""

from __future__ import annotations

from typing import Any


class StrowgerError(Exception):
    """A refusal with a public code.

    ``code`` is looked up in the registry of the area that raises it; ``field`` names the parameter at fault and
    ``detail`` says what about it; ``status`` overrides the registry's HTTP status; ``headers`` go on the answer.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        field: str | None = None,
        status: int | None = None,
        headers: dict[str, str] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.field = field
        self.status = status
        self.headers = headers or {}
        self.params = params


class Unavailable(StrowgerError):
    """The store cannot take work now: answered 503 with Retry-After; nothing was accepted."""

    def __init__(self, detail: str = "The store is unavailable", retry_after: int = 2) -> None:
        super().__init__("E503", detail, status=503, headers={"Retry-After": str(retry_after)})
