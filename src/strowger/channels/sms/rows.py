"""Calls that make many things at once: rows in ``data``, an answer that tells of each (sms.md 3.12, 3.16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from strowger.channels.sms.schemas import encode
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.errors import entry_of, render_error
from strowger.platform.gateway.operations import Answer
from strowger.platform.gateway.params import Params, refuse_nul


def read_rows(params: Params, name: str, most: int, code: str) -> list[Mapping[str, Any]]:
    """The objects of ``data``: a list, one object, the JSON text of either; or one row given as parameters.

    ``name`` is the parameter by which such a row is known. Raises ``code`` (none, or more than ``most``), E400 (no objects).
    """
    given = params.get("data")
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given) if given.strip() else None
        except (msgspec.DecodeError, RecursionError) as problem:
            raise StrowgerError("E400", "Its text is not JSON", field="data") from problem
    if given is None:
        given = [params] if params.get(name) else []
    rows = [given] if isinstance(given, dict) else given
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise StrowgerError("E400", "Must be a list of objects", field="data")
    if not 1 <= len(rows) <= most:
        raise StrowgerError(code, f"{len(rows)} objects; 1 to {most} are possible", field="data")
    for row in rows:
        refuse_nul("data", row)
    return rows


def answer_rows(
    data: list[dict[str, Any]],
    problems: Mapping[int, StrowgerError],
    done: tuple[str, str],
    partly: tuple[str, str],
) -> Answer:
    """200 when something was made, with the reasons of the other rows by index; else the first row's refusal."""
    reasons = {str(index): reason_of(problem) for index, problem in sorted(problems.items())}
    if data:
        code, message = partly if problems else done
        return Answer(200, encode({"code": code, "message": message, "data": data, "error": reasons}))
    status, body = render_error(problems[min(problems)], [])
    failure = msgspec.json.decode(body)
    failure["error"].update(reasons)
    return Answer(status, encode(failure))


def reason_of(problem: StrowgerError) -> str:
    """A refusal in one line: its code, its text, and what exactly."""
    text = f"{problem.code}: {entry_of(problem.code).text}"
    return f"{text} ({problem.detail})" if problem.detail else text
