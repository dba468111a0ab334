"""The refusals of callback profiles, and the envelope of their area (platform.md 2.1, 5.3)."""

from __future__ import annotations

from typing import Any

from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.errors import register_errors, status_of
from strowger.platform.gateway.rbc import spelled

OK = "RBC024"
CODES = tuple(f"RBC{number}" for number in range(302, 317))
register_errors("strowger.platform.callbacks.profiles")


def refuse(code: str, field: str, detail: str) -> StrowgerError:
    """A refusal that names the field at fault."""
    return StrowgerError(code, detail, field=field)


def failure_body(problem: StrowgerError) -> dict[str, Any]:
    """The body of a failure: ``error`` is a list of parameters with what is wrong with each."""
    entry = spelled(problem.code)
    error: list[dict[str, str]] = [{problem.field or "error": problem.detail or entry.text}]
    return {"code": entry.code, "message": entry.text, "data": {}, "error": error, "status": status_of(problem)}
