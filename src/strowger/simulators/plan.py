"""What the message centre is going to do with one submission; outcomes and misbehaviours change it before it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from strowger.protocols.gsm import Concat, Udh, split_user_data
from strowger.protocols.smpp import DataSm, SubmitSm
from strowger.simulators.outcomes import SUCCESS, Outcome, Verdict

AnswerKind = Literal["resp", "nack", "nack-without-sequence", "none"]
ReceiptForm = Literal["both", "text", "tlv"]


class Submission:
    """One submit_sm or data_sm with its user data taken apart."""

    __slots__ = ("concat", "payload", "pdu", "udh")

    def __init__(self, pdu: SubmitSm | DataSm) -> None:
        self.pdu = pdu
        self.udh: Udh | None = None
        self.concat: Concat | None = None
        self.payload = pdu.user_data
        if pdu.esm_class & 0x40:
            self.udh, self.payload = split_user_data(self.payload, pdu.esm_class)
            self.concat = self.udh.concat if self.udh else None
        if self.concat is None and pdu.tlvs:
            self.concat = pdu.sar

    @property
    def part(self) -> int:
        """Which part of its message this is; 1 when it is the whole."""
        return self.concat.n if self.concat else 1


@dataclass(slots=True)
class Plan:
    """One submission's handling. ``serial`` is the message's number, from which its ids are spelled.

    ``taken`` is False when the message goes no further than the answer; ``arrives`` whether the handset gets it;
    ``hold`` the seconds before its end; ``receipts`` how many copies of the receipt go out, ``receipt_delay`` seconds
    after the end. ``answer_gap`` set: the answer follows the receipt after so many seconds. ``afterwards`` is what
    happens to the link.
    """

    serial: int
    submit_id: str
    receipt_id: str
    receipt_delay: float = 0.0
    status: int = 0
    answer: AnswerKind = "resp"
    answer_delay: float = 0.0
    answer_gap: float | None = None
    taken: bool = True
    arrives: bool = True
    verdict: Verdict = SUCCESS
    hold: float = 0.0
    receipts: int = 1
    receipt_form: ReceiptForm = "both"
    afterwards: Literal["", "drop", "unbind"] = ""

    def refuse(self, status: int) -> None:
        """Answer with an error and go no further."""
        self.status = status
        self.taken = False

    def follow(self, outcome: Outcome, part: int) -> None:
        """Let a magic number's outcome decide."""
        if outcome.only_part and outcome.only_part != part:
            return
        if outcome.submit_status:
            self.refuse(outcome.submit_status)
        self.verdict = outcome.verdict
        self.arrives = outcome.verdict.stat == "DELIVRD"
        self.hold = outcome.hold
        self.answer_delay = outcome.answer_delay
        if not outcome.receipt:
            self.receipts = 0
