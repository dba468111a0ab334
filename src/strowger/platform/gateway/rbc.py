"""The envelope of sub-accounts and billing: ``{code, message, data, error, status}`` (platform.md 2.1)."""

from __future__ import annotations

from typing import Any

import msgspec

from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway import repository
from strowger.platform.gateway.errors import ERRORS, entry_of, status_of
from strowger.platform.gateway.operations import Answer, Call

CODES = ("RBC401", "RBC403", "RBC429", "RBC500")  # how the area spells what every operation may answer
OK, OK_TEXT = "RBC103", "Request executed successfully."
_ENCODER = msgspec.json.Encoder()


def success(data: Any, status: int = 200, code: str = OK, message: str = OK_TEXT) -> Answer:
    """A success in this envelope."""
    body = {"code": code, "message": message, "data": data, "error": {}, "status": status}
    return Answer(status, _ENCODER.encode(body))


async def keep_answer(connection: Any, call: Call, answer: Answer) -> None:
    """Store the answer of an idempotent call within the transaction of what it did. Raises E409."""
    if call.claim is not None and not await repository.store_answer(connection, call.claim, answer.status, answer.body):
        raise StrowgerError("E409", "Another request with this idempotency key has taken over")


def failure(problem: StrowgerError) -> dict[str, Any]:
    """A failure in this envelope; what every operation may answer has its RBC spelling where the area has one."""
    status, common = status_of(problem), entry_of(problem.code)
    entry = ERRORS.get("RBC" + common.code[1:], common) if common.code.startswith("E") else common
    error = {"code": entry.code, "message": entry.text, "error": entry.text}
    if problem.field and problem.field not in error:
        error[problem.field] = problem.detail or entry.text
    elif problem.detail:
        error["detail"] = problem.detail
    return {"code": entry.code, "message": entry.text, "data": {}, "error": error, "status": status}
