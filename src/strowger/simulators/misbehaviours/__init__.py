"""The named ways in which message centres misbehave: one class each, in one table."""

from __future__ import annotations

from typing import Final

from strowger.simulators.misbehaving import Table
from strowger.simulators.misbehaviours import answers, dlt, links, receipts
from strowger.simulators.plan import Plan, Submission

MISBEHAVIOURS: Final[Table[Plan, Submission]] = Table(
    (
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
)
