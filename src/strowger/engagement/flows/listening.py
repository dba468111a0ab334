"""Flows that an incoming SMS begins, in the transaction that stores it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from strowger.channels.sms.receive.work import LISTENERS, Wanted
from strowger.engagement.flows.repository import flows, runs
from strowger.engagement.flows.repository.runs import NewRun
from strowger.engagement.flows.schemas import SMS
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid
from strowger.messaging.facts import Facts
from strowger.messaging.rules import Received

FACT = "flows.sms"


class FlowListener:
    """Begins the flows that listen on a number, of one person 30 times an hour at most: no two machines keep each other busy."""

    kind, most = "flow", 30

    async def wants(self, connection: Connection, received: Sequence[Received], facts: Facts) -> list[Wanted]:
        """The messages to a number, with a first word, on which published flows listen, each with those."""
        known = await facts.look_up(connection, FACT, {one.account_id for one in received}, flows.listening)
        found = ((one, _fitting(one, known.get(one.account_id) or [])) for one in received)
        return [(one, rows) for one, rows in found if rows]

    async def begin(self, connection: Connection, wanted: Sequence[Wanted], now: datetime) -> None:
        """An execution of each of their flows."""
        await runs.add(connection, [_run(one, row, now) for one, rows in wanted for row in rows])


def _fitting(one: Received, listening: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    word = (one.text.split() or [""])[0].casefold()
    return [row for row in listening if row["number"] == one.destination and row["keyword"].casefold() in ("", word)]


def _run(one: Received, row: asyncpg.Record, now: datetime) -> NewRun:
    sms = {"text": one.text, "from": one.source, "to": one.destination, "id": one.message_id}
    variables = {"sms": sms, "caller": one.source, "callee": one.destination, "bridge": one.destination}
    return NewRun(
        one.account_id, new_uuid(), row["id"], row["name"], row["revision"], SMS, variables, row["start"], now
    )


def register() -> None:
    """Let incoming messages begin flows, in this process."""
    if not any(isinstance(one, FlowListener) for one in LISTENERS):
        LISTENERS.append(FlowListener())
