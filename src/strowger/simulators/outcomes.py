"""Magic numbers: which destination ends how, as data (sms.md 13), and the numeric traces of receipts (sms.md 6.4).

A destination is magic when its last seven digits are ``999000`` and a digit; that digit is the outcome. One whose last
seven digits are ``9990`` and a numeric trace meets that operator's cause. Every other number is delivered, so that
ordinary numbers and load tests never meet an outcome by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from strowger.protocols.smpp.status import ESME_RSUBMITFAIL

MAGIC_DIGITS: Final = "999000"
CAUSE_DIGITS: Final = "9990"
DELAY_SECONDS: Final = 60.0
SLOW_ANSWER_SECONDS: Final = 3.0

# 050-099 of sms.md 6.4: the operator's causes, in the order of 6.3. 074 stands after them: there it is a check of the
# platform, but an operator's gateway refuses by the register as well.
NUMERIC_TRACES: Final[dict[int, str]] = dict(
    enumerate(
        (
            "INVALID-SUB",
            "ABSENT-SUB",
            "HANDSET-ERR",
            "BARRED",
            "NET-ERR",
            "MEM-EXEC",
            "FAILED",
            "MOB-OFF",
            "HANDSET-BUSY",
            "SERIES-BLK",
            "EXPIRED",
            "REJECTED",
            "UN-DELIV",
            "NO-DLR-OPTR",
            "UNKNOWN-SUB",
            "ROAM-BARRED",
            "CONGESTION",
            "HLR-TIMEOUT",
            "MSC-TIMEOUT",
            "NO-ROUTE",
            "PORTED-ERR",
            "CONTENT-REJ",
            "SENDER-REJ",
            "OPTR-ERR",
            "DND-NUMB",
        ),
        start=50,
    )
)
# 600-641 of sms.md 6.5: why an Indian operator's DLT scrubbing turned a message away.
DLT_CODES: Final[dict[int, str]] = {
    600: "The entity is not found.",
    601: "The entity is not registered.",
    602: "The entity is inactive.",
    603: "The entity is blacklisted.",
    604: "The entity id is invalid.",
    610: "The telemarketer is not registered.",
    611: "The telemarketer is inactive.",
    612: "The telemarketer is blacklisted.",
    620: "The header is not found.",
    621: "The header is inactive.",
    622: "The header is blacklisted.",
    623: "The entity does not own the header.",
    630: "The template is not found.",
    631: "The template is inactive.",
    632: "The template is blacklisted.",
    633: "The template does not belong to the header.",
    634: "The text does not match the template.",
    635: "A variable is too long.",
    640: "There is no consent.",
    641: "The recipient's preference blocks the category.",
}
_NUMBER_OF: Final = {trace: number for number, trace in NUMERIC_TRACES.items()}


class Verdict(NamedTuple):
    """How a message ended, as a receipt words it: ``stat`` (SMPP 3.4 appendix B) and the operator's error number."""

    stat: str = "DELIVRD"
    err: int = 0


SUCCESS: Final = Verdict()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happens to a message: the answer to its submission, its end, and when.

    ``hold`` seconds pass before the end, ``answer_delay`` before the answer. ``only_part`` limits the outcome to that
    part of a long message; the others are delivered. ``receipt`` is False when the operator never reports.
    """

    name: str
    sentence: str
    verdict: Verdict = SUCCESS
    trace: str = "DELIVERED"
    submit_status: int = 0
    hold: float = 0.0
    answer_delay: float = 0.0
    only_part: int = 0
    receipt: bool = True


def _failure(name: str, sentence: str, stat: str, trace: str, only_part: int = 0) -> Outcome:
    return Outcome(name, sentence, Verdict(stat, _NUMBER_OF[trace]), trace, only_part=only_part)


DELIVERED: Final = Outcome("delivered", "Delivered at once.")
OUTCOMES: Final[tuple[Outcome, ...]] = (
    DELIVERED,
    _failure("absent", "The subscriber cannot be reached.", "UNDELIV", "ABSENT-SUB"),
    _failure("invalid", "The number does not exist.", "UNDELIV", "INVALID-SUB"),
    Outcome("no-receipt", "Delivered, but the operator never reports.", trace="SENT - NO DLR", receipt=False),
    _failure("expired", "The operator gave up after its retries.", "EXPIRED", "EXPIRED"),
    Outcome("delayed", "Delivered after 60 seconds.", hold=DELAY_SECONDS),
    _failure("dnd", "The number is on the do-not-disturb register.", "REJECTD", "DND-NUMB"),
    Outcome("refused", "The operator refuses the submission.", trace="SUBMIT-FAIL", submit_status=ESME_RSUBMITFAIL),
    _failure("part-2-fails", "Part 2 of a long message fails; all else is delivered.", "UNDELIV", "UN-DELIV", 2),
    Outcome("slow", "Delivered; the answer to the submission takes 3 seconds.", answer_delay=SLOW_ANSWER_SECONDS),
)


def dlt_verdict(code: int) -> Verdict:
    """How DLT scrubbing words its refusal."""
    return Verdict("UNDELIV", code)


# By the last three digits of a destination that ends in ``9990`` and them: every cause that a receipt can name.
CAUSES: Final[dict[str, Outcome]] = {
    f"{number:03d}": Outcome(
        f"cause-{number:03d}", f"The operator reports {trace}.",
        Verdict("EXPIRED" if trace == "EXPIRED" else "REJECTD" if trace == "DND-NUMB" else "UNDELIV", number), trace,
    )
    for number, trace in NUMERIC_TRACES.items()
} | {
    str(code): Outcome(f"dlt-{code}", f"DLT scrubbing: {sentence}", dlt_verdict(code), f"DLT-REJECT-{code}")
    for code, sentence in DLT_CODES.items()
}  # fmt: skip


def outcome_of(destination: str) -> Outcome:
    """The outcome that a destination (digits, with or without ``+``) asks for."""
    tail = destination[-7:]
    if not tail.startswith(CAUSE_DIGITS):
        return DELIVERED
    if tail[:-1] == MAGIC_DIGITS and tail[-1:].isdecimal():
        return OUTCOMES[int(tail[-1])]
    return CAUSES.get(tail[-3:], DELIVERED)
