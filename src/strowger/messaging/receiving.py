"""Incoming messages: joined from their parts, stored on the number they were sent to, called back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import format_message_id, new_uuid
from strowger.foundation.logs import get_logger
from strowger.foundation.phone import mask_number
from strowger.messaging.deliveries import NewDelivery, incoming_for
from strowger.messaging.facts import Facts
from strowger.messaging.finish import Written
from strowger.messaging.notify import SMS_MO, received_variables
from strowger.messaging.outcomes import Incoming
from strowger.messaging.repository import journaling
from strowger.messaging.repository.accepting import insert_requests
from strowger.messaging.repository.deliveries import add_deliveries
from strowger.messaging.rules import ChannelRules, Received
from strowger.messaging.schemas import Event
from strowger.messaging.statuses import EventKind, Status
from strowger.platform.callbacks.repository import insert_callbacks
from strowger.platform.callbacks.schemas import NewCallback
from strowger.platform.numbers.repository import callbacks_of, owner_of, smpp_users_of

log = get_logger(__name__)


async def store_incoming(
    connection: asyncpg.Connection[Any],
    incoming: Sequence[tuple[int, Incoming]],
    facts: Facts,
    rules: ChannelRules,
    written: Written,
    now: datetime,
    worker_id: int,
) -> dict[int, StrowgerError]:
    """Store whole messages and parts; a message whose last part has come is joined. Returns refusals by position.

    ``written`` takes the new rows and callbacks. A number that nobody owns is refused with MO404.
    """
    owners = await owner_of(connection, {m.destination for _, m in incoming})
    refused = {
        i: StrowgerError("MO404", f"Nobody owns the number {mask_number(m.destination)}")
        for i, m in incoming
        if m.destination not in owners
    }
    owned = [m for i, m in incoming if i not in refused]
    parts = [m for m in owned if m.reference is not None and m.total > 1]
    whole = [(m, 1) for m in owned if m.reference is None or m.total <= 1]
    if parts:
        await journaling.add_mo_parts(connection, parts)
        whole += _joined(await journaling.take_whole_mo(connection, parts))
    await _append(connection, whole, owners, facts, rules, written, now, worker_id)
    return refused


def _joined(rows: Sequence[Any]) -> list[tuple[Incoming, int]]:
    """Messages out of the rows of their parts, in part order."""
    groups: dict[tuple[str, str, int], list[Any]] = defaultdict(list)
    for row in rows:
        groups[(row["source"], row["destination"], row["reference"])].append(row)
    joined = []
    for (source, destination, _), members in groups.items():
        members.sort(key=lambda row: row["part"])
        text = "".join(row["text"] for row in members)
        last = max(row["received_at"] for row in members)
        joined.append((Incoming(members[0]["carrier_id"], source, destination, text, last), len(members)))
    return joined


async def _append(
    connection: asyncpg.Connection[Any],
    whole: Sequence[tuple[Incoming, int]],
    owners: dict[str, int],
    facts: Facts,
    rules: ChannelRules,
    written: Written,
    now: datetime,
    worker_id: int,
) -> None:
    if not whole:
        return
    accounts = await facts.accounts(connection, set(owners.values()))
    destinations = {m.destination for m, _ in whole}
    asked = await callbacks_of(connection, destinations)
    targets = await facts.profiles.targets(
        connection, [(owners[m.destination], asked.get(m.destination)) for m, _ in whole]
    )
    clients = await smpp_users_of(connection, destinations)
    rows: list[tuple[Any, ...]] = []
    events: list[tuple[tuple[int, UUID, int], Event]] = []
    callbacks: list[NewCallback] = []
    deliveries: list[NewDelivery] = []
    for message, parts in whole:
        account_id, message_id = owners[message.destination], new_uuid()
        measure = rules.measure(message.text, {})
        country = rules.country_of(message.source)
        rows.append(
            (
                account_id,
                message_id,
                message.source,
                message.destination,
                message.text,
                parts,
                measure.length,
                country,
                message.carrier_id,
                message.at,
            )
        )
        event = Event(
            EventKind.RECEIVED,
            Status.RECEIVED,
            "RECEIVED",
            message.at,
            carrier_id=message.carrier_id,
            detail={"parts": parts, **message.detail},
        )
        events.append(((account_id, message_id, 1), event))
        target = targets.of(account_id, asked.get(message.destination), SMS_MO)
        if target:
            variables = received_variables(
                message.source,
                message.destination,
                message.text,
                format_message_id(message_id, 1),
                parts,
                message.at,
                accounts.get(account_id),
            )
            callbacks.append(NewCallback(new_uuid(), account_id, message_id, 1, SMS_MO, target, variables, now, now))
        if message.destination in clients:
            key = account_id, clients[message.destination], message_id
            deliveries.append(incoming_for(*key, message.source, message.destination, message.text, now))
        written.rows.append({"account_id": account_id, "request_id": message_id, "n": 1})
    await journaling.add_incoming(connection, rows)
    await journaling.write(connection, events, (), ())
    if callbacks:
        await insert_callbacks(connection, callbacks, worker_id)
        written.callbacks.extend(callbacks)
    if deliveries:
        await add_deliveries(connection, deliveries)
    received = [Received(row[0], format_message_id(row[1], 1), row[2], row[3], row[4]) for row in rows]
    answers = await rules.receive(connection, received, facts, now)
    if answers:
        await insert_requests(connection, answers)


async def give_up_parts(
    connection: asyncpg.Connection[Any],
    before: datetime,
    facts: Facts,
    rules: ChannelRules,
    now: datetime,
    worker_id: int,
) -> Written:
    """Store what has come of messages whose missing parts will not come any more."""
    written = Written([], [])
    whole = _joined(await journaling.take_old_mo(connection, before))
    owners = await owner_of(connection, {m.destination for m, _ in whole})
    kept = [(m, n) for m, n in whole if m.destination in owners]
    await _append(connection, kept, owners, facts, rules, written, now, worker_id)
    return written
