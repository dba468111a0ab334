"""The message centre behind the sessions: takes submissions, brings them to their end, and reports it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from strowger.protocols.gsm import DefaultAlphabet
from strowger.protocols.smpp import DataSm, SmppError, SubmitSm
from strowger.protocols.smpp.constants import REGISTERED_INTERMEDIATE
from strowger.simulators.agenda import Agenda
from strowger.simulators.counters import Counters
from strowger.simulators.events import Events
from strowger.simulators.handsets import Handsets
from strowger.simulators.messages import CANCELLED, ENROUTE, Message, Messages, apply_times
from strowger.simulators.misbehaving import Switchboard
from strowger.simulators.misbehaviours import MISBEHAVIOURS
from strowger.simulators.outbox import Delivery, Outbox, Receiver
from strowger.simulators.outcomes import DELIVERED, Verdict, outcome_of
from strowger.simulators.plan import Plan, Submission
from strowger.simulators.receipts import receipt_body

Refusal = Literal["answer", "close", "silent"]
ANY_SYSTEM: Final = ""


class Centre:
    """State shared by all sessions. Needs a running event loop.

    ``credentials`` None lets everyone bind; ``refusal`` says what happens to those who may not.
    ``window`` deliveries go unacknowledged per session; ``keep`` submissions stay readable in ``submits``.
    """

    def __init__(
        self,
        *,
        receipt_delay: float = 0.0,
        window: int = 200,
        outbox_bound: int = 200_000,
        keep: int = 10_000,
        credentials: Mapping[str, str] | None = None,
        refusal: Refusal = "answer",
        default_alphabet: DefaultAlphabet = "gsm7",
    ) -> None:
        self.receipt_delay = receipt_delay
        self.window = window
        self.credentials = credentials
        self.refusal = refusal
        self.agenda = Agenda()
        self.counters = Counters()
        self.switchboard = Switchboard(MISBEHAVIOURS)
        self.events = Events()
        self.handsets = Handsets(self.events.message, default_alphabet)
        self.messages = Messages()
        self.submits: deque[SubmitSm | DataSm] = deque(maxlen=keep)
        self.on_change: Callable[[], None] | None = None
        self._outboxes: dict[str, Outbox] = {}
        self._bound = outbox_bound
        # Ids go on where the clock is, so that a restarted centre does not give an id twice.
        self._serial = int(time.time()) % 100_000 * 100_000

    def changed(self) -> None:
        """Something was counted: whoever waits for it may look."""
        if self.on_change:
            self.on_change()

    def outbox(self, system_id: str) -> Outbox:
        """The deliveries of a system_id; made when first asked for."""
        outbox = self._outboxes.get(system_id)
        if outbox is None:
            outbox = self._outboxes[system_id] = Outbox(self.agenda, lambda: self.counters, self._bound)
        return outbox

    def add_receiver(self, system_id: str, receiver: Receiver) -> None:
        """A receiver is bound: it gets what waits for its system_id, and what waits for anyone."""
        outbox = self.outbox(system_id)
        if anyone := self._outboxes.pop(ANY_SYSTEM, None):
            outbox.waiting.extend(anyone.waiting)
        outbox.add_receiver(receiver)

    def remove_receiver(self, system_id: str, receiver: Receiver, unacknowledged: Iterable[Delivery]) -> None:
        """A receiver is gone; what it left unacknowledged waits for the next one."""
        outbox = self.outbox(system_id)
        outbox.remove_receiver(receiver, unacknowledged)
        if not outbox.waiting and not outbox.receivers:
            del self._outboxes[system_id]

    def system_with_receiver(self) -> str | None:
        """A system_id that has a bound receiver, the latest first."""
        return next((name for name in reversed(self._outboxes) if self._outboxes[name].receivers), None)

    def plan(self, system_id: str, submission: Submission) -> Plan:
        """Decide what happens to a submission. Raises SmppError when its times cannot be read."""
        pdu = submission.pdu
        self.submits.append(pdu)
        self.counters.submits += 1
        self._serial += 1
        identifier = f"{self._serial:010d}"
        plan = Plan(self._serial, identifier, identifier, self.receipt_delay)
        outcome = outcome_of(pdu.destination_addr)
        if outcome is not DELIVERED:
            plan.follow(outcome, submission.part)
        self.switchboard.apply(plan, submission, system_id)
        if isinstance(pdu, SubmitSm) and (pdu.validity_period or pdu.schedule_delivery_time):
            try:
                apply_times(plan, pdu)
            except SmppError as problem:
                plan.refuse(problem.command_status)
        return plan

    def take(self, system_id: str, submission: Submission, plan: Plan, after: Callable[[], None] | None = None) -> bool:
        """Take a planned submission. ``after`` is called once its receipt was sent.

        Returns False when there is going to be no receipt, so that ``after`` is the caller's own affair.
        """
        self.counters.taken(submission.pdu.destination_addr, submission.payload, submission.part)
        message = Message(system_id, submission, plan)
        self.messages.add(message)
        wants_receipt = message.wants_receipt
        if plan.hold:
            if submission.pdu.registered_delivery & REGISTERED_INTERMEDIATE:
                self._report(message, ENROUTE, None)
            self.agenda.after(plan.hold, self._finish, message, plan.verdict, after)
        else:
            self._finish(message, plan.verdict, after)
        return wants_receipt

    def cancel(self, message: Message) -> bool:
        """Delete a message that has not reached its end; False when it has."""
        if message.end is not None:
            return False
        message.plan.arrives = False
        self._finish(message, CANCELLED, None)
        return True

    def reset(self) -> None:
        """Forget counts, messages, handsets, waiting deliveries and misbehaviours; the sessions stay."""
        self.counters = Counters()
        self.switchboard.reset()
        self.handsets.delete()
        self.messages.clear()
        self.submits.clear()
        self.agenda.clear()
        for outbox in self._outboxes.values():
            outbox.waiting.clear()

    def describe(self) -> dict[str, Any]:
        """Counters, deliveries that wait, and what is scheduled."""
        waiting = sum(len(outbox.waiting) for outbox in self._outboxes.values())
        return {"counters": self.counters.as_dict(), "waiting": waiting, "scheduled": len(self.agenda)}

    def _finish(self, message: Message, verdict: Verdict, after: Callable[[], None] | None) -> None:
        if message.end is not None:
            return
        message.end, message.done = verdict, time.time()
        if message.plan.arrives:
            self.handsets.arrive(message.system_id, message.submission)
        if message.wants_receipt:
            self._report_later(message, verdict, after)
        self.changed()

    def _report_later(self, message: Message, verdict: Verdict, after: Callable[[], None] | None) -> None:
        for copy in range(message.plan.receipts):
            then = None if copy else after
            if message.plan.receipt_delay > 0:
                self.agenda.after(message.plan.receipt_delay, self._report, message, verdict, then)
            else:
                self._report(message, verdict, then)

    def _report(self, message: Message, verdict: Verdict, after: Callable[[], None] | None) -> None:
        body = receipt_body(
            message.submission,
            message.plan.receipt_id,
            verdict,
            submitted=message.submitted,
            done=message.done or time.time(),
            form=message.plan.receipt_form,
            intermediate=verdict is ENROUTE,
        )
        self.outbox(message.system_id).put(Delivery(body, on_sent=after))
