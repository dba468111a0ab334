"""The webhook's address (voice.md 6.7)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from strowger.engagement.flows.repository import accounts, runs
from strowger.engagement.flows.repository.runs import NewRun
from strowger.engagement.flows.schemas import WEBHOOK, State
from strowger.engagement.flows.widgets.start import StartConfig
from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.database import OUTAGES
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.phone import clean_number
from strowger.platform.gateway.keys import OPEN_STATES, Principal
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import as_text
from strowger.platform.gateway.rbc import keep_answer

RATE = 20  # a second, for each flow
MAX_PAYLOAD = 65_536
MAX_ID = 15  # digits
TARGET = "flow.target"
CALLER = ("caller", "to")


class Envelope(msgspec.Struct):
    """The answer of a trigger."""

    code: str
    message: str
    data: dict[str, Any]
    error: dict[str, Any]


async def admit(state: Any, sid: str, path: Mapping[str, Any]) -> Principal | None:
    """Who calls by the token in the path; None when the flow wants an API key besides. Raises E741, E708, E742, E403."""
    context: Context = state.context
    row = await _look(context, sid, path)
    if row["flow_state"] == State.PAUSED:
        raise StrowgerError("E708", "The flow is paused", status=409)
    start = _start(row)
    if not start.webhook.enabled:
        raise StrowgerError("E742")
    if start.webhook.require_key:
        return None
    principal = accounts.principal_of(row)
    if principal.state not in OPEN_STATES:
        raise StrowgerError("E403", f"The account is {principal.state}", field="sid")
    principal.facts[TARGET] = row
    return principal


async def _look(context: Context, sid: str, path: Mapping[str, Any]) -> Mapping[str, Any]:
    """The flow of a path whose token is right. Whatever is wrong looks the same."""
    flow, token = str(path["flow_id"]), str(path["token"])
    row = None
    if flow.isascii() and flow.isdigit() and len(flow) <= MAX_ID:
        try:
            async with context.database.acquire() as connection:
                row = await accounts.target(connection, sid, int(flow))
        except OUTAGES as problem:
            raise Unavailable from problem
    known = b""
    if row is not None and row["token_sealed"] is not None:
        try:
            known = context.secrets.open(row["token_sealed"], f"flow:{row['id']}:{row['flow_id']}")
        except SealBroken:
            known = b""
    right = hmac.compare_digest(token.encode("utf-8", "replace"), known)
    if row is None or not known or not right or row["flow_state"] == State.DRAFT or row["start"] is None:
        raise StrowgerError("E741")
    return dict(row)


def _start(row: Mapping[str, Any]) -> StartConfig:
    return msgspec.convert(row["start"].get("config", {}), StartConfig)


async def trigger(call: Call) -> Answer:
    """Begin an execution; 202 means that it is on disk."""
    context = call.context
    row = call.principal.facts.get(TARGET) or await _look(context, call.principal.sid, call.path_params)
    await call.state.gateway.limiter.take(-int(row["flow_id"]), RATE)  # no key has a number below zero
    size = len(msgspec.json.encode(call.params))
    if size > MAX_PAYLOAD:
        raise StrowgerError("E413", f"The limit is {MAX_PAYLOAD} bytes")
    run = NewRun(
        row["id"], call.id, row["flow_id"], row["name"], row["revision"], WEBHOOK,
        {"webhook": call.params, "caller": _caller(call)}, row["start"]["id"], context.clock.now(),
    )  # fmt: skip
    data = {"execution_id": call.name, "flow_id": row["flow_id"]}
    answer = Answer(202, msgspec.json.encode(Envelope("CLE202", "Flow triggered", data, {})))

    async def work(connection: Any) -> None:
        await keep_answer(connection, call, answer)
        await runs.add(connection, [run])

    await context.database.run(work)
    return answer


def _caller(call: Call) -> str:
    """The number that the payload names, in international digits where it is one."""
    for name in CALLER:
        if not isinstance(call.params.get(name), list | dict):
            text = (as_text(call.params, name) or "").strip()[:64]
            if text:
                return clean_number(text, None, call.principal.country) or text
    return ""
