"""Misbehaviours of receipts and of the ids by which they name their message."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from strowger.simulators.misbehaving import Milliseconds, Misbehaviour, Seconds
from strowger.simulators.plan import Plan, Submission


class NoReceipts(Misbehaviour[Plan, Submission], frozen=True):
    """Delivers and never reports."""

    name: ClassVar[str] = "no-receipts"

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Leave the receipt away."""
        plan.receipts = 0


class DuplicateReceipts(Misbehaviour[Plan, Submission], frozen=True):
    """Sends each receipt several times."""

    name: ClassVar[str] = "duplicate-receipts"
    copies: Annotated[int, msgspec.Meta(ge=2, le=100)] = 2

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Multiply the receipt."""
        plan.receipts *= self.copies


class LateReceipts(Misbehaviour[Plan, Submission], frozen=True):
    """Sends receipts so many seconds late."""

    name: ClassVar[str] = "late-receipts"
    seconds: Seconds = 8.0

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Delay the receipt."""
        plan.receipt_delay += self.seconds


class ReceiptsReversed(Misbehaviour[Plan, Submission], frozen=True):
    """Reports the parts of a long message last part first, so many milliseconds apart."""

    name: ClassVar[str] = "receipts-reversed"
    gap_ms: Milliseconds = 50

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Delay the receipt the more, the earlier the part."""
        if submission.concat:
            plan.receipt_delay += (submission.concat.total - submission.concat.n) * self.gap_ms / 1000


class ReceiptsTextOnly(Misbehaviour[Plan, Submission], frozen=True):
    """Reports in the text alone, without optional parameters."""

    name: ClassVar[str] = "receipts-text-only"

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Choose the form."""
        plan.receipt_form = "text"


class ReceiptsTlvOnly(Misbehaviour[Plan, Submission], frozen=True):
    """Reports in optional parameters alone, without text."""

    name: ClassVar[str] = "receipts-tlv-only"

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Choose the form."""
        plan.receipt_form = "tlv"


class Part2Lost(Misbehaviour[Plan, Submission], frozen=True):
    """Accepts part 2 of a long message and loses it: it never arrives and nothing is reported."""

    name: ClassVar[str] = "part-2-lost"

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Lose it."""
        if submission.part == 2:
            plan.arrives, plan.receipts = False, 0


class HexIds(Misbehaviour[Plan, Submission], frozen=True):
    """Message ids in hexadecimal, in answer and receipt."""

    name: ClassVar[str] = "hex-ids"

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Spell the ids."""
        plan.submit_id = plan.receipt_id = _hexadecimal(plan)


class DecimalIds(Misbehaviour[Plan, Submission], frozen=True):
    """Message ids in decimal without leading zeros, in answer and receipt."""

    name: ClassVar[str] = "decimal-ids"

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Spell the ids."""
        plan.submit_id = plan.receipt_id = str(plan.serial)


class HexSubmitDecReceipt(Misbehaviour[Plan, Submission], frozen=True):
    """The id is hexadecimal in the answer and decimal in the receipt."""

    name: ClassVar[str] = "hex-submit-dec-receipt"

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Spell the ids."""
        plan.submit_id, plan.receipt_id = _hexadecimal(plan), f"{plan.serial:010d}"


class DecSubmitHexReceipt(Misbehaviour[Plan, Submission], frozen=True):
    """The id is decimal in the answer and hexadecimal in the receipt."""

    name: ClassVar[str] = "dec-submit-hex-receipt"

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Spell the ids."""
        plan.submit_id, plan.receipt_id = f"{plan.serial:010d}", _hexadecimal(plan)


def _hexadecimal(plan: Plan) -> str:
    return f"{plan.serial:08X}"
