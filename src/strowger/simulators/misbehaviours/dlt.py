"""The scrubbing of an Indian operator's DLT register: entity, template and header are looked at before delivery."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from strowger.protocols.smpp.tlv import tlv_value
from strowger.simulators.misbehaving import Misbehaviour, Times
from strowger.simulators.outcomes import DLT_CODES, dlt_verdict
from strowger.simulators.plan import Plan, Submission

ENTITY, TEMPLATE = 0x1400, 0x1401
ENTITY_LENGTHS, TEMPLATE_LENGTHS = range(12, 20), range(12, 31)


def _digits(value: bytes | None, lengths: range) -> bool:
    text = (value or b"").rstrip(b"\0")
    return text.isdigit() and len(text) in lengths


class DltScrub(Misbehaviour[Plan, Submission], frozen=True):
    """Turns messages away as DLT scrubbing does: without TLVs 0x1400 (entity) and 0x1401 (template) by 604 and 630, else each
    n-th with ``code`` (0: none)."""

    name: ClassVar[str] = "dlt-scrub"
    code: Annotated[int, msgspec.Meta(ge=0, le=699)] = 0
    every: Times = 1
    tlvs: bool = True

    def __post_init__(self) -> None:
        """Know only the codes of the list."""
        if self.code and self.code not in DLT_CODES:
            raise ValueError(f"code must be one of {', '.join(map(str, DLT_CODES))}")

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Let the message end at the operator."""
        code = self.code if self.code and count % self.every == 0 else 0
        if self.tlvs and not _digits(tlv_value(submission.pdu.tlvs, ENTITY), ENTITY_LENGTHS):
            code = 604
        elif self.tlvs and not _digits(tlv_value(submission.pdu.tlvs, TEMPLATE), TEMPLATE_LENGTHS):
            code = 630
        if code:
            plan.verdict, plan.arrives = dlt_verdict(code), False
