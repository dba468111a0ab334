"""The named ways in which message centres misbehave: one class each, in one table."""

from __future__ import annotations

from typing import Final

from strowger.simulators.misbehaviours import answers, dlt, links, receipts
from strowger.simulators.misbehaviours.base import Misbehaviour

# In this order they are applied to a plan, so that a combination does not depend on which was switched on first.
MISBEHAVIOURS: Final[dict[str, type[Misbehaviour]]] = {
    cls.name: cls
    for cls in (
        links.Silent,
        links.BindRefused,
        links.EnquireLinkIgnored,
        receipts.HexIds,
        receipts.DecimalIds,
        receipts.HexSubmitDecReceipt,
        receipts.DecSubmitHexReceipt,
        receipts.ReceiptsTextOnly,
        receipts.ReceiptsTlvOnly,
        receipts.DuplicateReceipts,
        receipts.LateReceipts,
        receipts.ReceiptsReversed,
        receipts.NoReceipts,
        receipts.Part2Lost,
        dlt.DltScrub,
        answers.SlowAnswers,
        answers.AnswersAfterReceipt,
        answers.Throttle,
        answers.QueueFull,
        answers.Refuses,
        answers.NackWithSequence,
        answers.NackWithoutSequence,
        answers.NeverAnswersSubmit,
        links.UnbindsAfter,
        links.DropsLink,
    )
}

__all__ = ["MISBEHAVIOURS", "Misbehaviour"]
