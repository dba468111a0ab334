"""The registry of public error codes as data, and the envelope in which failures are answered (sms.md 2.5, 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import msgspec

from strowger.foundation.errors import StrowgerError


class ErrorEntry(msgspec.Struct, frozen=True):
    """One row of the registry: code, HTTP status (and those that it has in some cases), text, what it means, what to do."""

    code: str
    http: int
    text: str
    explanation: str
    remedy: str
    also: tuple[int, ...] = ()

    @property
    def statuses(self) -> tuple[int, ...]:
        """Every HTTP status that it is answered with."""
        return (self.http, *self.also)


ERRORS: dict[str, ErrorEntry] = {}
_READER = msgspec.json.Decoder(list[ErrorEntry])
_ENCODER = msgspec.json.Encoder()


def register_errors(package: str) -> None:
    """Add the ``errors.json`` of a package to the registry. Raises ValueError when a code is already taken."""
    for entry in _READER.decode(resources.files(package).joinpath("errors.json").read_bytes()):
        if ERRORS.setdefault(entry.code, entry) != entry:
            raise ValueError(f"error code {entry.code} is defined twice")


register_errors("strowger.platform.gateway")


def entry_of(code: str) -> ErrorEntry:
    """The registry's row of a code; an unknown one is an internal error."""
    return ERRORS.get(code) or ERRORS["E500"]


def status_of(problem: StrowgerError) -> int:
    """The HTTP status of a failure."""
    return problem.status or entry_of(problem.code).http


def encode_failure(body: Mapping[str, Any]) -> bytes:
    """The JSON of a failure's body."""
    return _ENCODER.encode(body)


def error_object(problem: StrowgerError, entry: ErrorEntry) -> dict[str, str]:
    """What a failure says under ``error``: code and text of its row, and what is wrong with the parameter at fault."""
    error = {"code": entry.code, "message": entry.text, "error": entry.text}
    if problem.field and problem.field not in error:
        error[problem.field] = problem.detail or entry.text
    elif problem.detail:
        error["detail"] = problem.detail
    return error


def render_error(problem: StrowgerError, empty: object = None) -> tuple[int, bytes]:
    """HTTP status and the superset envelope of a failure; ``empty`` is what the area answers as ``data``."""
    entry = entry_of(problem.code)
    data = {} if empty is None else empty
    body = {"code": entry.code, "message": entry.text, "data": data, "error": error_object(problem, entry)}
    return problem.status or entry.http, _ENCODER.encode(body)
