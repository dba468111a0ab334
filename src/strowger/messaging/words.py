"""Words and colours for what the log stores as numbers and codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from strowger.foundation.ids import format_message_id, parse_message_id
from strowger.foundation.phone import mask_number
from strowger.messaging.schemas import Direction
from strowger.messaging.statuses import BUILT_IN, TRACES, Status

LABELS: dict[int, str] = {
    Status.SCHEDULED: "Scheduled",
    Status.QUEUED: "Queued",
    Status.SENT: "Sent",
    Status.RECEIVED: "Received",
    Status.NOT_SENT: "Not sent",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Cancelled",
    Status.UNDELIVERED: "Undelivered",
    Status.EXPIRED: "Expired",
    Status.DELIVERED: "Delivered",
}
TONES: dict[int, str] = {
    Status.SCHEDULED: "neutral",
    Status.QUEUED: "neutral",
    Status.SENT: "info",
    Status.RECEIVED: "success",
    Status.NOT_SENT: "danger",
    Status.FAILED: "danger",
    Status.CANCELLED: "neutral",
    Status.UNDELIVERED: "danger",
    Status.EXPIRED: "warning",
    Status.DELIVERED: "success",
}
MEANINGS: dict[int, str] = {
    Status.SCHEDULED: "It is kept until its time comes.",
    Status.QUEUED: "It is stored and waits to be handed to a carrier.",
    Status.SENT: "A carrier has taken it; the report about its delivery has not come yet.",
    Status.RECEIVED: "It came in from a handset.",
    Status.NOT_SENT: "It was not handed to a carrier.",
    Status.FAILED: "It could not be sent.",
    Status.CANCELLED: "It was cancelled before it left.",
    Status.UNDELIVERED: "The carrier could not deliver it.",
    Status.EXPIRED: "Its validity ended before it could be delivered.",
    Status.DELIVERED: "The carrier reports that it is on the handset.",
}
DIRECTIONS: dict[int, str] = {Direction.MT: "Outgoing", Direction.MO: "Incoming"}
# Routes of sms.md 3.13, as customers know them.
TYPES = ("DEFAULT", "MKT", "TXN", "OTP", "SI", "TXND", "SE", "MO")
SECRET_TYPE = "OTP"  # noqa: S105
_ANCHOR = re.compile(r"[^A-Z0-9]+")


def status_label(status: int) -> str:
    """A status for people."""
    return LABELS.get(status, str(status))


def direction_label(direction: int) -> str:
    """A direction for people."""
    return DIRECTIONS.get(direction, str(direction))


def message_id(row: Mapping[str, Any]) -> str:
    """The public id of a row."""
    return format_message_id(row["request_id"], row["n"])


def is_id(text: str) -> bool:
    """Whether a text is the id of a message or of a request."""
    return parse_message_id(text) is not None


def message_path(row: Mapping[str, Any]) -> str:
    """The page of a row's message."""
    return f"/messages/{message_id(row)}"


def recipient_text(number: str) -> str:
    """A number in international form; texts that are none stay as they are."""
    plain = number.replace("*", "0")  # masked ones are shown alike
    return f"+{number}" if plain.isascii() and plain.isdigit() and len(number) > 6 else number


def shown_text(row: Mapping[str, Any]) -> str:
    """The text for lists and files; the digits of one-time passwords are hidden, unless the account shows them.

    ``codes_shown`` of the row is that choice; a row without it hides them.
    """
    body = str(row["body"])
    hidden = row["type"] == SECRET_TYPE and not row.get("codes_shown")
    return re.sub(r"\d", "•", body) if hidden else body


def person_of(row: Mapping[str, Any]) -> str:
    """The column of a message's row with the number of a person, not of the account."""
    return "sender" if row.get("direction") == Direction.MO else "recipient"


def masked(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A row whose columns ``names`` are masked where they hold a number."""
    hidden = {name: mask_number(row[name]) for name in names if row[name] and row[name].lstrip("+").isdecimal()}
    return {**row, **hidden}


def trace_anchor(trace: str) -> str:
    """A trace as it stands in addresses: its page, and its anchor on the list of status codes. No two traces share one."""
    if trace in BUILT_IN:
        return built_in_anchor(trace)
    return trace.replace(" ", "_")  # the installation's own, which have letters, digits, dashes and spaces


def built_in_anchor(trace: str) -> str:
    """The anchor that a trace has, or would have, in the built-in table."""
    return _ANCHOR.sub("-", trace.upper()).strip("-")


def trace_path(trace: str) -> str | None:
    """Where a trace is explained; None when the table does not have it."""
    return f"/errors/{trace_anchor(trace)}" if trace in TRACES else None
