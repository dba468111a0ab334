"""Objects and lists as parameters: given as such, or as their JSON text in a form field."""

from __future__ import annotations

from typing import Any

import msgspec

from strowger.platform.callbacks.profiles.errors import refuse


def read_object(value: object, code: str, field: str, strict: bool = True) -> Any:
    """The value itself, or what its text says when that looks like JSON. Raises StrowgerError ``code`` when it only looks so.

    Not ``strict``: a text that is no JSON stays a text.
    """
    if not isinstance(value, str) or not value.strip().startswith(("{", "[")):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        if strict:
            raise refuse(code, field, "Is no valid JSON") from None
        return value
