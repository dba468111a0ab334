"""What each ``command_status`` of a submit means for the message: a data table (SMPP 3.4 table 5-2) with our words.

R-07: the set is closed. What says that the message itself is wrong is final; what says that the carrier is in trouble
or that our session or configuration is wrong goes to another route; what asks for patience is tried here again.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from strowger.protocols.smpp.status import carrier_status_info

Verdict = Literal["accepted", "rejected", "throttled", "retry", "elsewhere"]

# seconds until the next try, by the tries made; the last one repeats until the validity ends.
RETRY_SCHEDULE: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0)


class Answer(NamedTuple):
    """The meaning of a status: what follows, the trace when it is final, and an explanation for the timeline."""

    verdict: Verdict
    trace: str
    text: str


def _reject(trace: str, text: str) -> Answer:
    return Answer("rejected", trace, text)


def _elsewhere(text: str) -> Answer:
    return Answer("elsewhere", "SUBMIT-FAIL", text)


_OURS = "The carrier does not take a field of our request; check the carrier's configuration."

ANSWERS: Final[dict[int, Answer]] = {
    0x00: Answer("accepted", "SUBMITTED", "The carrier took the message."),
    0x01: _reject("MAX-LIMIT", "The carrier says that the text is too long."),
    0x02: _elsewhere("The carrier could not read our request (length of the command)."),
    0x03: _elsewhere("The carrier does not support submit_sm on this bind."),
    0x04: _elsewhere("The carrier says that the bind does not allow sending."),
    0x05: _elsewhere("The carrier says that the session is bound already."),
    0x06: _reject("SUBMIT-FAIL", _OURS),
    0x07: _reject("SUBMIT-FAIL", _OURS),
    0x08: _elsewhere("The carrier has a system error; the message goes by another route or is tried again later."),
    0x0A: _reject("SENDER-REJ", "The carrier does not allow this sender."),
    0x0B: _reject("INV-NUMBER", "The carrier says that the recipient is not a valid number."),
    0x0C: _reject("SUBMIT-FAIL", _OURS),
    0x0D: _elsewhere("The carrier says that the bind has failed."),
    0x0E: _elsewhere("The carrier no longer takes our password."),
    0x0F: _elsewhere("The carrier no longer knows our system_id."),
    0x11: _reject("SUBMIT-FAIL", "The carrier could not cancel the message."),
    0x13: _reject("SUBMIT-FAIL", "The carrier could not replace the message."),
    0x14: Answer("throttled", "", "The carrier's queue is full; we wait and send again."),
    0x15: _elsewhere("The carrier does not know our service_type; check the carrier's configuration."),
    0x33: _reject("SUBMIT-FAIL", _OURS),
    0x34: _reject("SUBMIT-FAIL", _OURS),
    0x40: _reject("SUBMIT-FAIL", _OURS),
    0x42: _reject("SUBMIT-FAIL", _OURS),
    0x43: _reject("SUBMIT-FAIL", "The carrier does not take long or special messages in this form (esm_class)."),
    0x44: _reject("SUBMIT-FAIL", _OURS),
    0x45: _elsewhere("The carrier could not take the message; it goes by another route or is tried again later."),
    0x48: _reject("SENDER-REJ", "The carrier does not take this type of sender (TON)."),
    0x49: _reject("SENDER-REJ", "The carrier does not take this type of sender (NPI)."),
    0x50: _reject("INV-NUMBER", "The carrier does not take this type of recipient (TON)."),
    0x51: _reject("INV-NUMBER", "The carrier does not take this type of recipient (NPI)."),
    0x53: _elsewhere("The carrier does not know our system_type."),
    0x54: _reject("SUBMIT-FAIL", _OURS),
    0x55: _reject("SUBMIT-FAIL", _OURS),
    0x58: Answer("throttled", "", "We send faster than the carrier allows; we slow down and send again."),
    0x61: _reject("SUBMIT-FAIL", _OURS),
    0x62: _reject("SUBMIT-FAIL", "The carrier does not take the validity of the message."),
    0x63: _reject("SUBMIT-FAIL", _OURS),
    0x64: Answer("retry", "", "The carrier has a passing problem; the message is sent again."),
    0x65: _reject("REJECTED", "The carrier refuses the message for good."),
    0x66: _reject("REJECTED", "The carrier rejects the message."),
    0x67: _reject("SUBMIT-FAIL", "The carrier could not answer the query."),
    0xC0: _reject("SUBMIT-FAIL", _OURS),
    0xC1: _reject("SUBMIT-FAIL", _OURS),
    0xC2: _reject("SUBMIT-FAIL", _OURS),
    0xC3: _reject("SUBMIT-FAIL", "The carrier misses a parameter, often a template or entity id."),
    0xC4: _reject("SUBMIT-FAIL", "The carrier does not take the value of a parameter."),
    0xFE: _reject("FAILED", "The carrier says that delivery failed."),
    0xFF: _elsewhere("The carrier has an error that it does not name."),
}
UNLISTED: Final = _elsewhere("A code of the carrier's own; ask the carrier and map it in its configuration.")


def explain_answer(status: int, overrides: dict[int, Answer]) -> Answer:
    """The meaning of a status; a carrier's own overrides win."""
    return overrides.get(status) or ANSWERS.get(status) or UNLISTED


def status_name(status: int) -> str:
    """The name of a status in the specification, or its number."""
    return carrier_status_info(status).name


def read_override(status: str, meaning: str) -> tuple[int, Answer]:
    """Read one entry of ``answers`` in a carrier's configuration: ``0x401`` and ``reject SENDER-REJ``.

    Raises ValueError when either is no such thing.
    """
    try:
        number = int(status, 16)
    except ValueError:
        raise ValueError(f"field `answers`: {status!r} is not a hexadecimal status") from None
    word, _, trace = meaning.strip().partition(" ")
    if word == "reject" and trace.strip():
        return number, _reject(trace.strip(), "Final by this carrier's configuration.")
    if word == "retry":
        return number, Answer("retry", "", "Tried again by this carrier's configuration.")
    if word == "elsewhere":
        return number, _elsewhere("Sent by another route by this carrier's configuration.")
    raise ValueError(f"field `answers`: {meaning!r} is not 'reject TRACE', 'retry' or 'elsewhere'")


def read_overrides(answers: dict[str, str]) -> dict[int, Answer]:
    """All overrides of a carrier's configuration."""
    return dict(read_override(status, meaning) for status, meaning in answers.items())


def retry_seconds(attempts: int, chance: float) -> float:
    """Seconds until the next try after ``attempts`` tries, with 10 % of jitter by ``chance`` (0 to 1)."""
    base = RETRY_SCHEDULE[min(max(attempts, 0), len(RETRY_SCHEDULE) - 1)]
    return base * (0.9 + 0.2 * chance)
