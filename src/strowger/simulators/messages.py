"""The messages that the centre has taken: until their end, and for a while after it, for query_sm and cancel_sm."""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Final

from strowger.protocols.smpp import RelativeTime, SmppTime, SubmitSm, parse_time
from strowger.protocols.smpp.constants import REGISTERED_FAILURE, REGISTERED_RECEIPT_MASK
from strowger.protocols.smpp.status import ESME_RINVEXPIRY, ESME_RINVSCHED
from strowger.simulators.outcomes import NUMERIC_TRACES, Verdict
from strowger.simulators.plan import Plan, Submission

MAX_MESSAGES: Final = 50_000
EXPIRED: Final = Verdict("EXPIRED", next(number for number, trace in NUMERIC_TRACES.items() if trace == "EXPIRED"))
CANCELLED: Final = Verdict("DELETED", 0)
ENROUTE: Final = Verdict("ENROUTE", 0)


class Message:
    """One message taken: who sent it, what is to happen, and its end once it has one. Times are epoch seconds."""

    __slots__ = ("done", "end", "plan", "submission", "submitted", "system_id")

    def __init__(self, system_id: str, submission: Submission, plan: Plan) -> None:
        self.system_id = system_id
        self.submission = submission
        self.plan = plan
        self.submitted = time.time()
        self.done = 0.0
        self.end: Verdict | None = None

    @property
    def wants_receipt(self) -> bool:
        """Whether registered_delivery asks for a receipt of this end, and the plan has not lost it."""
        asked = self.submission.pdu.registered_delivery & REGISTERED_RECEIPT_MASK
        if not asked or not self.plan.receipts:
            return False
        return asked != REGISTERED_FAILURE or (self.end or self.plan.verdict).stat != "DELIVRD"


class Messages:
    """Messages by the id of their answer; the oldest are forgotten beyond the bound."""

    def __init__(self) -> None:
        self._messages: OrderedDict[str, Message] = OrderedDict()

    def add(self, message: Message) -> None:
        """Remember."""
        self._messages[message.plan.submit_id] = message
        if len(self._messages) > MAX_MESSAGES:
            self._messages.popitem(last=False)

    def find(self, system_id: str, message_id: str, source: str) -> Message | None:
        """The message of this system_id, if ``source`` is empty or its source address (SMPP 3.4 section 4.8.1)."""
        message = self._messages.get(message_id)
        if message is None or message.system_id != system_id:
            return None
        return message if source in {"", message.submission.pdu.source_addr} else None

    def clear(self) -> None:
        """Forget all."""
        self._messages.clear()


def apply_times(plan: Plan, pdu: SubmitSm) -> None:
    """Let schedule_delivery_time and validity_period of the submission decide over its hold.

    Raises SmppError with ESME_RINVSCHED or ESME_RINVEXPIRY.
    """
    if pdu.schedule_delivery_time:
        wait = _seconds(parse_time(pdu.schedule_delivery_time, ESME_RINVSCHED, pdu.sequence_number))
        plan.hold += max(0.0, wait or 0.0)
    if pdu.validity_period:
        valid = _seconds(parse_time(pdu.validity_period, ESME_RINVEXPIRY, pdu.sequence_number))
        if valid is not None and valid < plan.hold:
            plan.hold, plan.verdict, plan.arrives = max(0.0, valid), EXPIRED, False


def _seconds(moment: SmppTime | None) -> float | None:
    if moment is None:
        return None
    now = datetime.now(UTC)
    until = moment.after(now) if isinstance(moment, RelativeTime) else moment
    return (until - now).total_seconds()
