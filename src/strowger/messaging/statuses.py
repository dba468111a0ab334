"""Statuses, their spelling on each surface, and the traces, as data (sms.md 6.2 and 6.3).

A status moves only forward: to a status of higher rank, and never once it is final.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from importlib import resources

import msgspec


class Status(IntEnum):
    """The internal statuses; the value is what the database stores."""

    SCHEDULED = 10
    QUEUED = 20
    SENT = 40
    RECEIVED = 60
    NOT_SENT = 70
    FAILED = 71
    CANCELLED = 72
    UNDELIVERED = 80
    EXPIRED = 81
    DELIVERED = 90


class EventKind(IntEnum):
    """What an event in the message's timeline tells."""

    ROUTED = 1
    SUBMITTED = 2
    RECEIPT = 3
    REFUSED = 4
    DEFERRED = 5
    EXPIRED = 6
    RECEIVED = 7
    NOTE = 8


@dataclass(frozen=True, slots=True)
class Spelling:
    """How one status is written: status API, callback, logs and reports, SMPP ``stat``; and whether it is final."""

    api: str
    callback: str
    log: str
    smpp: str
    final: bool
    rank: int


SPELLINGS: dict[Status, Spelling] = {
    Status.SCHEDULED: Spelling("Scheduled", "SCHEDULED", "Scheduled", "", False, 0),
    Status.QUEUED: Spelling("Queued", "QUEUED", "Queued", "ACCEPTD", False, 1),
    Status.SENT: Spelling("Sent", "SENT", "Sent", "ACCEPTD", False, 2),
    Status.RECEIVED: Spelling("Received", "SENT", "Received", "", True, 3),
    Status.DELIVERED: Spelling("Delivered", "DELIVERED", "Delivered", "DELIVRD", True, 3),
    Status.UNDELIVERED: Spelling("UnDelivered", "UNDELIVERED", "UnDelivered", "UNDELIV", True, 3),
    Status.EXPIRED: Spelling("UnDelivered", "EXPIRED", "UnDelivered", "EXPIRED", True, 3),
    Status.NOT_SENT: Spelling("NotSent", "NOT-SENT", "Not Sent", "REJECTD", True, 3),
    Status.FAILED: Spelling("NotSent", "FAILED", "Failed", "FAILED", True, 3),
    Status.CANCELLED: Spelling("Cancelled", "CANCELLED", "Cancelled", "DELETED", True, 3),
}
# The worst part decides, in this order (sms.md 3.14); a part without a report keeps the message at SENT.
WORST_FIRST = (Status.NOT_SENT, Status.FAILED, Status.UNDELIVERED, Status.EXPIRED, Status.SENT, Status.DELIVERED)


class Trace(msgspec.Struct, frozen=True):
    """One row of the trace table: the status it belongs to, its meaning, what to do, and its rules."""

    code: str
    status: str
    meaning: str
    remedy: str
    retry: bool = False
    blacklistable: bool = False


TRACES: dict[str, Trace] = {
    trace.code: trace
    for trace in msgspec.json.decode(
        resources.files("strowger.messaging").joinpath("traces.json").read_bytes(), type=list[Trace]
    )
}
BUILT_IN = frozenset(TRACES)


def set_own(traces: Iterable[Trace]) -> None:
    """Replace the installation's own rows of the table (messaging/own_traces); the built-in ones stay."""
    own = {trace.code: trace for trace in traces if trace.code not in BUILT_IN}
    for code in TRACES.keys() - BUILT_IN - own.keys():
        del TRACES[code]
    TRACES.update(own)


def is_final(status: Status) -> bool:
    """Whether nothing may follow this status."""
    return SPELLINGS[status].final


def may_follow(old: Status, new: Status, final: bool = False) -> bool:
    """Whether a message in ``old`` may become ``new``: only forward, and never once ``final`` (or ``old`` is)."""
    return not final and not is_final(old) and SPELLINGS[new].rank > SPELLINGS[old].rank


def aggregate(parts: Iterable[Status], total: int) -> Status:
    """The status of a message of ``total`` parts from the latest status of each part known so far.

    Delivered only if all parts are; a failure counts once every part has its outcome; until then the message is SENT.
    """
    known = list(parts)
    finals = [status for status in known if is_final(status)]
    if len(finals) < total:
        return Status.SENT
    return next(status for status in WORST_FIRST if status in finals)


def explain(trace: str) -> Trace:
    """The table's row of a trace; an unknown one is described as the operator's own."""
    return TRACES.get(trace) or Trace(
        trace, "", "A code of the operator that has no entry in the table.", "Ask the carrier what it means and map it."
    )
