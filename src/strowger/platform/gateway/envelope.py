"""The envelope of answers, ``{code, message, data, error}``, made and described in one place (platform.md 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
TEXT: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
OBJECT: Schema = {"type": "object"}


def said(code: str, message: str, data: Any, **more: Any) -> dict[str, Any]:
    """The body of a success; ``more`` is what an area has besides, such as ``status`` or ``meta``."""
    return {"code": code, "message": message, "data": data, "error": {}, **more}


def described(data: Schema, **more: Schema) -> Schema:
    """The JSON schema of a success around that of ``data``; ``more`` is always there besides."""
    return {
        "type": "object",
        "required": ["code", "message", "data", "error", *more],
        "properties": {"code": TEXT, "message": TEXT, "data": data, "error": OBJECT, **more},
    }


def rows_of(*required: str) -> Schema:
    """The JSON schema of a list of objects that have these properties at least."""
    return {"type": "array", "items": {"type": "object", "required": list(required)}}
