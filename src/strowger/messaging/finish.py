"""The common end of every step: write events, move statuses, settle money, queue callbacks, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from strowger.foundation.database import Connection
from strowger.foundation.notify import live_notice
from strowger.messaging.deliveries import receipts_for
from strowger.messaging.facts import Facts
from strowger.messaging.notify import callbacks_for, telling_parts, wanted_callbacks
from strowger.messaging.repository import journaling
from strowger.messaging.repository.deliveries import add_deliveries
from strowger.messaging.repository.journaling import Advance, Key
from strowger.messaging.route import NumberPlan
from strowger.messaging.rules import Hold
from strowger.messaging.schemas import Channel, Event, Submission
from strowger.messaging.statuses import TRACES, EventKind, Status
from strowger.platform.billing.service import settle
from strowger.platform.callbacks.repository import insert_callbacks
from strowger.platform.callbacks.schemas import NewCallback

REFUNDABLE = {Status.UNDELIVERED, Status.EXPIRED, Status.FAILED}
STATUS_OF_WORD = {"NOT-SENT": Status.NOT_SENT, "UNDELIVERED": Status.UNDELIVERED, "FAILED": Status.FAILED}


@dataclass(slots=True)
class Changes:
    """What one transaction writes about messages."""

    events: list[tuple[Key, Event]] = field(default_factory=list)
    wishes: dict[Key, Advance] = field(default_factory=dict)
    ended: list[Key] = field(default_factory=list)
    deferred: list[tuple[Key, datetime, str, bool]] = field(default_factory=list)
    reserved: dict[Key, tuple[int, Decimal]] = field(default_factory=dict)
    held: list[tuple[Key, datetime, str]] = field(default_factory=list)
    counted: list[Submission] = field(default_factory=list)  # ended after screening had counted them

    def wish(self, advance: Advance) -> None:
        """Keep the furthest status for each message, with what earlier wishes knew."""
        old = self.wishes.get(advance.key)
        if old is None:
            self.wishes[advance.key] = advance
            return
        first, last = (old, advance) if advance.status > old.status and old.final_at is None else (advance, old)
        last.sent_at = last.sent_at or first.sent_at
        last.carrier_id = last.carrier_id or first.carrier_id
        last.price = first.price if last.price is None else last.price
        last.country, last.encoding = last.country or first.country, last.encoding or first.encoding
        last.network = last.network or first.network
        if not last.units:
            last.units, last.length = first.units, first.length
        self.wishes[advance.key] = last


@dataclass(slots=True)
class Written:
    """What a transaction changed: rows of messages as they are now, and callbacks to send."""

    rows: list[Any]
    callbacks: list[NewCallback]

    def live(self) -> list[str]:
        """Payloads for the live feed, one for each account: the newest ids that changed."""
        by_account: dict[int, list[str]] = defaultdict(list)
        for row in self.rows:
            by_account[row["account_id"]].append(f"{row['request_id']}:{row['n']}")
        return [live_payload(account, ids) for account, ids in by_account.items()]


def live_payload(account_id: int, ids: Sequence[str]) -> str:
    """A notification for the live feed about messages of an account."""
    return live_notice("messages", account_id, ids[-20:])


def refuse(
    changes: Changes,
    submission: Submission,
    trace: str,
    now: datetime,
    kind: EventKind = EventKind.REFUSED,
    detail: dict[str, Any] | None = None,
) -> None:
    """End a message that was not handed to a carrier: its status follows from the trace, its reservation is released."""
    key = (submission.account_id, *submission.key)
    row = TRACES.get(trace)
    # An undelivered trace is the carrier's word on a message it took; here it never did.
    status = Status.EXPIRED if trace == "EXPIRED" else STATUS_OF_WORD.get(row.status if row else "", Status.NOT_SENT)
    changes.events.append((key, Event(kind, status, trace, now, carrier_id=submission.lane or None, detail=detail)))
    changes.wish(
        Advance(
            key,
            status,
            trace,
            final_at=now,
            country=submission.country,
            units=submission.units,
            length=submission.length,
            encoding=submission.encoding,
        )
    )
    changes.ended.append(key)
    give_back(changes, key, submission)


def hold(changes: Changes, submission: Submission, verdict: Hold, now: datetime) -> None:
    """Keep a message waiting on the platform; the timeline says until when and why."""
    key = (submission.account_id, *submission.key)
    detail = {"until": verdict.until.isoformat(), "reason": verdict.reason}
    changes.events.append((key, Event(EventKind.DEFERRED, Status.QUEUED, "QUEUED", now, detail=detail)))
    changes.held.append((key, verdict.until, verdict.reason))


def keep_local(changes: Changes, submission: Submission, now: datetime) -> None:
    """End a message to a test number as delivered, free of charge, without a carrier (R-82)."""
    key = (submission.account_id, *submission.key)
    detail = {"reason": "test number"}
    changes.events.append((key, Event(EventKind.NOTE, Status.DELIVERED, "DELIVERED", now, detail=detail)))
    changes.wish(
        Advance(
            key, Status.DELIVERED, "DELIVERED", sent_at=now, final_at=now, price=Decimal(0), country=submission.country,
            units=submission.units, length=submission.length, encoding=submission.encoding,
        )
    )  # fmt: skip
    changes.ended.append(key)
    give_back(changes, key, submission)


def give_back(changes: Changes, key: Key, submission: Submission) -> None:
    """What was reserved and counted for a message that is not handed over."""
    if submission.price:
        changes.reserved[key] = (submission.account_id, submission.price)
    if submission.price is not None:
        changes.counted.append(submission)


async def write(
    connection: Connection, changes: Changes, facts: Facts, now: datetime, worker_id: int | None
) -> Written:
    """Write all changes. Callbacks are claimed for ``worker_id``, which sends them after the commit."""
    rows = []
    if changes.events or changes.wishes or changes.ended:
        rows = await journaling.write(connection, changes.events, changes.wishes.values(), changes.ended)
    if changes.deferred:
        await journaling.defer_submissions(connection, changes.deferred)
    if changes.held:
        await journaling.hold_submissions(connection, changes.held)
    if changes.counted:
        await facts.release(connection, changes.counted)
    refunded = await _settle(connection, changes, rows, facts, now)
    targets = await facts.profiles.targets(connection, [(row["account_id"], row["callback"]) for row in rows])
    wanting = wanted_callbacks(rows, targets)
    accounts = await facts.accounts(connection, {row["account_id"] for row, _ in wanting}) if wanting else {}
    telling = telling_parts(wanting)
    parts = await journaling.part_statuses(connection, telling) if telling else {}
    plan = await facts.plan(connection) if wanting else NumberPlan()
    callbacks = callbacks_for(wanting, accounts, now, refunded, parts, plan)
    if callbacks:
        await insert_callbacks(connection, callbacks, worker_id)
    receipts = receipts_for(rows, now)
    if receipts:
        await add_deliveries(connection, receipts)
    return Written(rows, callbacks)


def _key(row: Any) -> Key:
    return (row["account_id"], row["request_id"], row["n"])


async def _settle(
    connection: Connection, changes: Changes, rows: Sequence[Any], facts: Facts, now: datetime
) -> set[Key]:
    """Release what was reserved for messages that were not handed over; charge those that were, and ended.

    Returns the messages whose price is given back: those that did not arrive, where their price says so (sms.md 5).
    """
    released: list[tuple[int, Decimal]] = []
    if changes.reserved:
        changed = {_key(row) for row in rows}
        released = [amount for key, amount in changes.reserved.items() if key in changed]
    ended = [row for row in rows if row["final_at"] is not None and row["price"]]
    refunds = await _refunds(connection, [row for row in ended if row["status"] in REFUNDABLE], facts)
    if released or ended:
        charged = [(row["account_id"], row["price"]) for row in ended]
        await settle(connection, released, charged, [(key[0], amount) for key, amount in refunds.items()], now)
    if refunds:
        await journaling.set_refunded(connection, list(refunds))
    return set(refunds)


async def _refunds(connection: Connection, rows: Sequence[Any], facts: Facts) -> dict[Key, Decimal]:
    """What is given back for messages that did not arrive: their price without the fee, by the price of their day."""
    if not rows:
        return {}
    prices, accounts = await facts.prices(connection), await facts.accounts(connection, {r["account_id"] for r in rows})
    refunds: dict[Key, Decimal] = {}
    for row in rows:
        account = accounts.get(row["account_id"])
        rate = account and prices.find(
            Channel(row["channel"]).name.lower(), account.terms, row["country"], type_=row["type"], sender=row["sender"],
            network=row["network"], at=row["created_at"],
        )  # fmt: skip
        if rate and rate.refund_undelivered and row["price"] > rate.fee * row["units"]:
            refunds[_key(row)] = row["price"] - rate.fee * row["units"]
    return refunds
