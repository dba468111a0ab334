"""Talking to the control interface of the simulators, which are reached over HTTP like any other outside thing."""

from __future__ import annotations

from typing import Any

import msgspec

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.http_client import OutgoingError

MAX_ANSWER = 16_000_000
SECONDS = 3.0


class SimulatorsOff(StrowgerError):
    """The simulators are switched off or do not run."""

    def __init__(self, detail: str) -> None:
        super().__init__("SIMULATORS", detail, status=503)


async def ask(context: Context, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the control interface (docs/simulator.md); returns its answer.

    Raises SimulatorsOff when there is nobody to ask, StrowgerError SIMULATOR with its words when it refuses.
    """
    if not context.settings.simulators:
        raise SimulatorsOff("The simulators are switched off.")
    url = f"http://127.0.0.1:{context.settings.simulator_http_port}{path}"
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        answer = await context.http.request(
            method, url, headers=headers, body=None if body is None else msgspec.json.encode(body), timeout=SECONDS,
            max_response=MAX_ANSWER, repeatable=method == "GET",
        )  # fmt: skip
        found: dict[str, Any] = msgspec.json.decode(answer.body) if answer.body else {}
    except (OutgoingError, msgspec.DecodeError) as problem:
        raise SimulatorsOff("The simulators do not answer; they may be starting.") from problem
    if answer.status >= 400:
        raise StrowgerError("SIMULATOR", str(found.get("error") or found.get("message") or answer.status), status=422)
    return found
