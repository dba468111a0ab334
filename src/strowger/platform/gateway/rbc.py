"""The envelope of sub-accounts and billing: ``{code, message, data, error, status}`` (platform.md 2.1)."""

from __future__ import annotations

from typing import Any

import msgspec

from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway import repository
from strowger.platform.gateway.envelope import INTEGER, Schema, described, said
from strowger.platform.gateway.errors import ERRORS, ErrorEntry, entry_of, error_object, status_of
from strowger.platform.gateway.operations import Answer, Call

CODES = ("RBC401", "RBC403", "RBC429", "RBC500")  # how the area spells what every operation may answer
OK, OK_TEXT = "RBC103", "Request executed successfully."
_ENCODER = msgspec.json.Encoder()


def body(data: Any, status: int = 200, code: str = OK, message: str = OK_TEXT) -> dict[str, Any]:
    """The body of a success."""
    return said(code, message, data, status=status)


def envelope(data: Schema) -> Schema:
    """The JSON schema of a success around that of ``data``."""
    return described(data, status=INTEGER)


def spelled(code: str) -> ErrorEntry:
    """The registry's row of a code; what every operation may answer has its RBC spelling where the area has one."""
    entry = entry_of(code)
    return ERRORS.get("RBC" + entry.code[1:], entry) if entry.code.startswith("E") else entry


def success(data: Any, status: int = 200, code: str = OK, message: str = OK_TEXT) -> Answer:
    """A success in this envelope."""
    return Answer(status, _ENCODER.encode(body(data, status, code, message)))


async def keep_answer(connection: Any, call: Call, answer: Answer) -> None:
    """Store the answer of an idempotent call within the transaction of what it did. Raises E409."""
    if call.claim is not None and not await repository.store_answer(connection, call.claim, answer.status, answer.body):
        raise StrowgerError("E409", "Another request with this idempotency key has taken over")


def failure(problem: StrowgerError) -> dict[str, Any]:
    """A failure in this envelope."""
    entry = spelled(problem.code)
    error = error_object(problem, entry)
    return {"code": entry.code, "message": entry.text, "data": {}, "error": error, "status": status_of(problem)}
