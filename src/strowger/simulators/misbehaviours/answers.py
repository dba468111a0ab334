"""Misbehaviours in the answer to a submission."""

from __future__ import annotations

from typing import ClassVar

from strowger.protocols.smpp.status import ESME_RINVCMDID, ESME_RMSGQFUL, ESME_RSUBMITFAIL, ESME_RTHROTTLED
from strowger.simulators.misbehaving import EveryNth, Milliseconds, Misbehaviour, Status, Times
from strowger.simulators.plan import Plan, Submission


class NeverAnswersSubmit(EveryNth[Plan, Submission], frozen=True):
    """Does not answer; with ``takes`` the message is delivered all the same."""

    name: ClassVar[str] = "never-answers-submit"
    takes: bool = False

    def act(self, plan: Plan) -> None:
        """Leave the answer away."""
        plan.answer = "none"
        plan.taken = plan.taken and self.takes


class NackWithSequence(EveryNth[Plan, Submission], frozen=True):
    """Answers with a generic_nack that names the submission."""

    name: ClassVar[str] = "nack-with-sequence"
    status: Status = ESME_RINVCMDID

    def act(self, plan: Plan) -> None:
        """Nack instead of an answer."""
        plan.answer, plan.status, plan.taken = "nack", self.status, False


class NackWithoutSequence(EveryNth[Plan, Submission], frozen=True):
    """Answers with a generic_nack of sequence number 0, as when the header could not be read."""

    name: ClassVar[str] = "nack-without-sequence"
    status: Status = ESME_RINVCMDID

    def act(self, plan: Plan) -> None:
        """Nack instead of an answer."""
        plan.answer, plan.status, plan.taken = "nack-without-sequence", self.status, False


class Throttle(EveryNth[Plan, Submission], frozen=True):
    """Refuses with 0x58, ESME_RTHROTTLED."""

    name: ClassVar[str] = "throttle"
    every: Times = 10

    def act(self, plan: Plan) -> None:
        """Refuse."""
        plan.refuse(ESME_RTHROTTLED)


class QueueFull(EveryNth[Plan, Submission], frozen=True):
    """Refuses with 0x14, ESME_RMSGQFUL."""

    name: ClassVar[str] = "queue-full"
    every: Times = 10

    def act(self, plan: Plan) -> None:
        """Refuse."""
        plan.refuse(ESME_RMSGQFUL)


class Refuses(EveryNth[Plan, Submission], frozen=True):
    """Refuses with any status."""

    name: ClassVar[str] = "refuses"
    status: Status = ESME_RSUBMITFAIL

    def act(self, plan: Plan) -> None:
        """Refuse."""
        plan.refuse(self.status)


class SlowAnswers(Misbehaviour[Plan, Submission], frozen=True):
    """Answers late."""

    name: ClassVar[str] = "slow-answers"
    ms: Milliseconds = 1000

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Delay the answer."""
        plan.answer_delay += self.ms / 1000


class AnswersAfterReceipt(Misbehaviour[Plan, Submission], frozen=True):
    """Sends the receipt first, and the answer to the submission after it."""

    name: ClassVar[str] = "answers-after-the-receipt"
    gap_ms: Milliseconds = 20

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Turn the order round."""
        plan.answer_gap = self.gap_ms / 1000
