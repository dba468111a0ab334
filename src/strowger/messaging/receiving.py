"""Incoming messages: joined from their parts, stored on the number they were sent to, called back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection
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
from strowger.messaging.route import NumberPlan
from strowger.messaging.rules import ChannelRules, Handled, Order, Received
from strowger.messaging.schemas import Event
from strowger.messaging.statuses import EventKind, Status
from strowger.platform.callbacks.repository import insert_callbacks
from strowger.platform.callbacks.schemas import NewCallback
from strowger.platform.numbers.repository import Owner, callbacks_of, owners_of, smpp_users_of

log = get_logger(__name__)
NO_ORDER = Order()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A whole incoming message with the id it gets."""

    id: UUID
    account_id: int
    message: Incoming
    parts: int
    received: Received

    def given_to(self, account_id: int) -> Arrival:
        """The same as the message of an account."""
        return replace(self, account_id=account_id, received=replace(self.received, account_id=account_id))

    def order(self, handled: Handled) -> Order:
        """What its keyword says."""
        return handled.orders.get(self.received.message_id, NO_ORDER)


async def store_incoming(
    connection: Connection,
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
    owners = await owners_of(connection, {m.destination for _, m in incoming})
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
    connection: Connection,
    whole: Sequence[tuple[Incoming, int]],
    owners: dict[str, Owner],
    facts: Facts,
    rules: ChannelRules,
    written: Written,
    now: datetime,
    worker_id: int,
) -> None:
    if not whole:
        return
    arrivals = [_arrival(message, parts, owners[message.destination].account_id) for message, parts in whole]
    shared = [one.received for one in arrivals if owners[one.message.destination].shared]
    if shared:
        found = await rules.addressees(connection, shared, facts)
        arrivals = [one.given_to(found.get(one.received.message_id, one.account_id)) for one in arrivals]
    plan = await facts.plan(connection)
    await journaling.add_incoming(connection, [_row(one, rules, plan) for one in arrivals])
    await journaling.write(connection, [_event(one) for one in arrivals], (), ())
    written.rows.extend({"account_id": one.account_id, "request_id": one.id, "n": 1} for one in arrivals)
    handled = await rules.receive(connection, [one.received for one in arrivals], facts, now)
    callbacks = await _callbacks(connection, arrivals, handled, facts, now)
    if callbacks:
        await insert_callbacks(connection, callbacks, worker_id)
        written.callbacks.extend(callbacks)
    deliveries = await _deliveries(connection, arrivals, handled, now)
    if deliveries:
        await add_deliveries(connection, deliveries)
    if handled.requests:
        await insert_requests(connection, handled.requests)


def _arrival(message: Incoming, parts: int, account_id: int) -> Arrival:
    message_id = new_uuid()
    name = format_message_id(message_id, 1)
    received = Received(account_id, name, message.source, message.destination, message.text)
    return Arrival(message_id, account_id, message, parts, received)


def _row(one: Arrival, rules: ChannelRules, plan: NumberPlan) -> tuple[Any, ...]:
    message = one.message
    return (
        one.account_id, one.id, message.source, message.destination, message.text, one.parts,
        rules.measure(message.text, {}).length, rules.country_of(message.source), message.carrier_id, message.at,
        plan.code(message.source),
    )  # fmt: skip


def _event(one: Arrival) -> tuple[tuple[int, UUID, int], Event]:
    detail = {"parts": one.parts, **one.message.detail}
    at, carrier_id = one.message.at, one.message.carrier_id
    event = Event(EventKind.RECEIVED, Status.RECEIVED, "RECEIVED", at, carrier_id=carrier_id, detail=detail)
    return (one.account_id, one.id, 1), event


async def _callbacks(
    connection: Connection, arrivals: Sequence[Arrival], handled: Handled, facts: Facts, now: datetime
) -> list[NewCallback]:
    """One for each message whose keyword, number or account names a receiver, in this order."""
    accounts = await facts.accounts(connection, {one.account_id for one in arrivals})
    asked = await callbacks_of(connection, {one.message.destination for one in arrivals})
    stored = [
        (one.account_id, one.order(handled).callback or asked.get((one.account_id, one.message.destination)))
        for one in arrivals
    ]
    targets = await facts.profiles.targets(connection, stored)
    plan = await facts.plan(connection)
    callbacks = []
    for one, (account_id, wanted) in zip(arrivals, stored, strict=True):
        target = targets.of(account_id, wanted, SMS_MO)
        if target:
            variables = received_variables(
                one.received, one.order(handled), one.parts, one.message.at, accounts.get(account_id), plan
            )
            callbacks.append(NewCallback(new_uuid(), account_id, one.id, 1, SMS_MO, target, variables, now, now))
    return callbacks


async def _deliveries(
    connection: Connection, arrivals: Sequence[Arrival], handled: Handled, now: datetime
) -> list[NewDelivery]:
    """One for each message whose keyword or number names an SMPP client."""
    clients = await smpp_users_of(connection, {one.message.destination for one in arrivals})
    deliveries = []
    for one in arrivals:
        message = one.message
        client = one.order(handled).smpp_user or clients.get((one.account_id, message.destination))
        if client:
            key = one.account_id, client, one.id
            deliveries.append(incoming_for(*key, message.source, message.destination, message.text, now))
    return deliveries


async def give_up_parts(
    connection: Connection,
    before: datetime,
    facts: Facts,
    rules: ChannelRules,
    now: datetime,
    worker_id: int,
) -> Written:
    """Store what has come of messages whose missing parts will not come any more."""
    written = Written([], [])
    whole = _joined(await journaling.take_old_mo(connection, before))
    owners = await owners_of(connection, {m.destination for m, _ in whole})
    kept = [(m, n) for m, n in whole if m.destination in owners]
    await _append(connection, kept, owners, facts, rules, written, now, worker_id)
    return written
