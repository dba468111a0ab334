"""What is due to customers' SMPP clients: receipts of messages that came from them, and incoming messages (sms.md 3.18).

The rows are written in the transaction that changes the message; processes that hold the client's bind deliver them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any
from uuid import UUID

from strowger.messaging.statuses import Status, is_final

OPTION = "smpp"  # in a message's options: {"user": id of the client, "receipt": registered_delivery}
KEPT = timedelta(hours=72)
FINAL, FAILURES_ONLY, INTERMEDIATE = 0x01, 0x02, 0x10  # bits of registered_delivery (SMPP 3.4 section 5.2.17)
SHOWN = 20  # characters of the text in a receipt


class DeliveryKind(IntEnum):
    """What is delivered, as stored."""

    RECEIPT = 0
    INCOMING = 1


@dataclass(slots=True)
class NewDelivery:
    """One deliver_sm to come, as it is queued."""

    account_id: int
    user_id: int
    kind: DeliveryKind
    request_id: UUID
    n: int
    payload: dict[str, Any]
    due_at: datetime

    @property
    def expires_at(self) -> datetime:
        """When nobody will want it any more."""
        return self.due_at + KEPT


def wants_receipt(row: Any) -> bool:
    """Whether the status that a message has reached is to be told to the client that submitted it."""
    client = (row["options"] or {}).get(OPTION)
    if not client:
        return False
    wanted, status = client.get("receipt", 0), Status(row["status"])
    if is_final(status) or row["final_at"] is not None:
        return bool(wanted & FINAL) or (bool(wanted & FAILURES_ONLY) and status != Status.DELIVERED)
    return bool(wanted & INTERMEDIATE) and status == Status.SENT


def receipts_for(rows: Iterable[Any], now: datetime) -> list[NewDelivery]:
    """One receipt for each changed message whose client wants one."""
    return [_receipt(row, now) for row in rows if wants_receipt(row)]


def _receipt(row: Any, now: datetime) -> NewDelivery:
    final = row["final_at"]
    payload = {
        "source": row["recipient"],
        "destination": row["sender"],
        "status": row["status"],
        "trace": row["trace"],
        "final": final is not None,
        "submitted": row["created_at"],
        "done": final or row["sent_at"] or now,
        "text": row["body"][:SHOWN],
    }
    key = row["account_id"], row["options"][OPTION]["user"]
    return NewDelivery(*key, DeliveryKind.RECEIPT, row["request_id"], row["n"], payload, now)


def incoming_for(
    account_id: int, user_id: int, request_id: UUID, source: str, destination: str, text: str, now: datetime
) -> NewDelivery:
    """An incoming message for the client that its number names."""
    payload = {"source": source, "destination": destination, "text": text}
    return NewDelivery(account_id, user_id, DeliveryKind.INCOMING, request_id, 1, payload, now)
