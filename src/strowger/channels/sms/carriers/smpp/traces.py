"""From an operator's report to our status and trace: tables of states and of error codes (sms.md 6.2 to 6.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from strowger.messaging.statuses import TRACES, Status
from strowger.protocols.smpp.receipt import MessageState

# 050-099 of sms.md 6.4, our own numeric traces, in the order of 6.3; 074 is the do-not-disturb register.
OWN_NUMBERS: Final[dict[int, str]] = {
    50: "INVALID-SUB",
    51: "ABSENT-SUB",
    52: "HANDSET-ERR",
    53: "BARRED",
    54: "NET-ERR",
    55: "MEM-EXEC",
    56: "FAILED",
    57: "MOB-OFF",
    58: "HANDSET-BUSY",
    59: "SERIES-BLK",
    60: "EXPIRED",
    61: "REJECTED",
    62: "UN-DELIV",
    63: "NO-DLR-OPTR",
    64: "UNKNOWN-SUB",
    65: "ROAM-BARRED",
    66: "CONGESTION",
    67: "HLR-TIMEOUT",
    68: "MSC-TIMEOUT",
    69: "NO-ROUTE",
    70: "PORTED-ERR",
    71: "CONTENT-REJ",
    72: "SENDER-REJ",
    73: "OPTR-ERR",
    74: "DND-NUMB",
}
# MAP errors (3GPP TS 29.002 section 17.6.6), which most operators put into ``err`` as they are.
MAP_ERRORS: Final[dict[int, str]] = {
    1: "UNKNOWN-SUB",
    5: "UNKNOWN-SUB",
    6: "ABSENT-SUB",
    8: "ROAM-BARRED",
    9: "INVALID-SUB",
    10: "BARRED",
    11: "BARRED",
    12: "HANDSET-ERR",
    13: "BARRED",
    15: "BARRED",
    21: "HANDSET-ERR",
    27: "ABSENT-SUB",
    31: "HANDSET-BUSY",
    32: "MEM-EXEC",
    33: "CONGESTION",
    34: "NET-ERR",
    35: "OPTR-ERR",
    36: "OPTR-ERR",
}
ERR_TRACES: Final[dict[int, str]] = MAP_ERRORS | OWN_NUMBERS
DLT_CODES: Final = range(600, 700)

# What a state means when its error code says nothing.
STATES: Final[dict[MessageState, tuple[Status, str]]] = {
    MessageState.DELIVRD: (Status.DELIVERED, "DELIVERED"),
    MessageState.EXPIRED: (Status.EXPIRED, "EXPIRED"),
    MessageState.UNDELIV: (Status.UNDELIVERED, "UN-DELIV"),
    MessageState.REJECTD: (Status.UNDELIVERED, "REJECTED"),
    MessageState.DELETED: (Status.UNDELIVERED, "UN-DELIV"),
    MessageState.FAILED: (Status.UNDELIVERED, "FAILED"),
    MessageState.SKIPPED: (Status.UNDELIVERED, "FAILED"),
    MessageState.ACCEPTD: (Status.SENT, "ENROUTE"),
    MessageState.ENROUTE: (Status.SENT, "ENROUTE"),
    MessageState.UNKNOWN: (Status.SENT, "ENROUTE"),
}
_EXPLAINED_BY_ERR: Final = frozenset(
    {
        MessageState.UNDELIV,
        MessageState.REJECTD,
        MessageState.DELETED,
        MessageState.FAILED,
        MessageState.SKIPPED,
    }
)


def err_trace(err: str, overrides: Mapping[str, str]) -> str | None:
    """The trace of an error code; a carrier's overrides win, ``12`` and ``012`` are the same. None when it says nothing."""
    code = err.strip()
    if found := overrides.get(code) or overrides.get(code.lstrip("0") or "0"):
        return found
    if not (code.isascii() and code.isdigit() and len(code) <= 6):
        return None
    number = int(code)
    return f"DLT-REJECT-{number}" if number in DLT_CODES else ERR_TRACES.get(number)


def translate(state: MessageState, err: str, overrides: Mapping[str, str]) -> tuple[Status, str]:
    """The status and trace of a report.

    A rejected message whose trace belongs to NOT-SENT ends as that (sms.md 3.18: NOT-SENT is spelled REJECTD).
    """
    status, trace = STATES[state]
    if state in _EXPLAINED_BY_ERR:
        trace = err_trace(err, overrides) or trace
        row = TRACES.get(trace)
        if state is MessageState.REJECTD and row is not None and row.status == "NOT-SENT":
            status = Status.NOT_SENT
    return status, trace
