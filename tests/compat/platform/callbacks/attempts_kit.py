"""Attempts written as the engine writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from strowger.foundation.ids import new_uuid
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome


def attempt_of(account_id: int, at: datetime, **changed: Any) -> Attempt:
    """One attempt to tell that a message was delivered."""
    return Attempt(**{
        "account_id": account_id, "request_id": new_uuid(), "n": 1, "callback_id": new_uuid(), "event": "sms_send",
        "attempt": 1, "at": at, "duration_ms": 41, "outcome": AttemptOutcome.DELIVERED, "http_status": 200, "error": None,
        "method": "POST", "url": "https://example.net/dlr?ref=7", "request_headers": {"X-Callback-Attempt": "1"},
        "request_body": '{"id":"m"}', "response_headers": {"x-node": "3"}, "response_body": "ok", **changed,
    })  # fmt: skip
