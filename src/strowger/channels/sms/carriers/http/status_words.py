"""The words by which providers report, and what they mean here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from strowger.channels.sms.carriers.smpp.traces import err_trace
from strowger.messaging.statuses import TRACES, Status

_TRACE = re.compile(r"[A-Z0-9][A-Z0-9 -]{1,30}")
OURS: Final[dict[str, tuple[Status, str]]] = {
    "sent": (Status.SENT, "ENROUTE"),
    "delivered": (Status.DELIVERED, "DELIVERED"),
    "undelivered": (Status.UNDELIVERED, "UN-DELIV"),
    "expired": (Status.EXPIRED, "EXPIRED"),
    "rejected": (Status.UNDELIVERED, "REJECTED"),
    "failed": (Status.UNDELIVERED, "FAILED"),
}
_SAME: Final = {
    "delivered": "delivrd delivered delivered_to_handset delivery_success dlvrd success read 1",
    "undelivered": "undeliv undelivered undeliverable not_delivered delivery_failed deleted 2",
    "expired": "expired validity_expired",
    "rejected": "rejectd rejected 16",
    "failed": "failed failure error skipped",
    "sent": "acceptd accepted enroute sent submitted queued buffered pending unknown scheduled 4 8",
}
WORDS: Final = {word: meaning for meaning, words in _SAME.items() for word in words.split()}


def read_word(word: str, meaning: str) -> tuple[Status, str]:
    """Read one entry of ``receipt_statuses``: ``undelivered`` or ``undelivered ABSENT-SUB``. Raises ValueError."""
    name, _, trace = meaning.strip().partition(" ")
    trace = trace.strip()
    if name not in OURS or (trace and not _TRACE.fullmatch(trace)):
        raise ValueError(
            f"field `receipt_statuses`: {word!r}: {meaning!r} is not one of {', '.join(OURS)}, with or without a trace"
        )
    status, usual = OURS[name]
    return status, trace or usual


def translate(
    word: str, err: str, own: Mapping[str, tuple[Status, str]], err_traces: Mapping[str, str]
) -> tuple[Status, str]:
    """The status and trace of a receipt. A word that nobody knows is kept as an intermediate report."""
    key = re.sub(r"[\s-]+", "_", word.strip().lower())
    status, trace = own.get(word.strip().lower()) or OURS[WORDS.get(key, "sent")]
    if status in (Status.UNDELIVERED, Status.EXPIRED) and err:
        trace = err_trace(err, err_traces) or trace
    row = TRACES.get(trace)
    if key in ("rejected", "rejectd") and row is not None and row.status == "NOT-SENT":
        status = Status.NOT_SENT
    return status, trace
