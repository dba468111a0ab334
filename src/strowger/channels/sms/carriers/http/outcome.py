"""A message on its way to an HTTP carrier: the answers to its parts, and the outcome that follows from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from strowger.channels.sms.carriers.http.answers import Meaning, Reading
from strowger.channels.sms.carriers.smpp.answers import retry_seconds
from strowger.messaging.outcomes import Accepted, Outcome, PartAnswer, Rejected, Retry, Unknown
from strowger.messaging.schemas import Submission

LOCAL_TRIES = 3  # of a part whose earlier parts the carrier has taken already


class Sending:
    """What is known of one message; the last answer that was no acceptance decides."""

    def __init__(self, submission: Submission, bind: int) -> None:
        self._submission, self._bind = submission, bind
        self._parts: dict[int, PartAnswer] = {}
        self._worst: Meaning | None = None
        self._reason = ""
        self._wait = 0.0
        self._repeats = 0

    def note(self, part: int, reading: Reading, operator_id: str, now: datetime) -> None:
        """Note the answer to a part."""
        accepted = reading.meaning.verdict == "accepted"
        detail = {**reading.detail, "bind": self._bind}
        self._parts[part] = PartAnswer(part, now, operator_id if accepted else None, detail)
        self._worst = None if accepted else reading.meaning
        self._wait = float(detail.get("retry_after", 0.0))
        if not accepted:
            name, answer = detail.get("name", ""), detail.get("answer", "")
            self._reason = f"{name} {reading.meaning.text} {answer}".strip()

    def may_repeat(self, total: int) -> bool:
        """Whether the part that was not taken is asked for again here: only when earlier ones were taken."""
        taken = any(answer.operator_id is not None for answer in self._parts.values())
        deferred = self._worst is not None and self._worst.verdict in ("retry", "throttled")
        self._repeats += 1
        return total > 1 and taken and deferred and self._repeats <= LOCAL_TRIES

    def cannot_write(self, reason: str, now: datetime) -> None:
        """It cannot be written for this carrier; another may take it."""
        self._fail(Meaning("elsewhere", "", f"The message cannot be written for this carrier: {reason}."), now)

    def broken_off(self, now: datetime, reason: str = "we stopped before the carrier answered") -> None:
        """Nobody knows whether the carrier has taken it."""
        self._fail(Meaning("unknown", "", f"No answer: {reason}."), now)

    def _fail(self, meaning: Meaning, now: datetime) -> None:
        self._worst, self._reason = meaning, meaning.text
        if not self._parts:
            detail: dict[str, Any] = {"text": meaning.text, "bind": self._bind}
            self._parts[1] = PartAnswer(1, now, None, detail)

    def outcome(self, pause: float, chance: float) -> Outcome:
        """The outcome. ``pause`` is what throttling asks for in seconds, ``chance`` (0 to 1) spreads the tries."""
        submission, parts = self._submission, [self._parts[part] for part in sorted(self._parts)]
        if self._worst is None:
            return Accepted(submission, parts)
        verdict = self._worst.verdict
        again = retry_seconds(submission.attempts, chance)
        if verdict == "rejected":
            return Rejected(submission, self._worst.trace, parts)
        if verdict == "unknown":
            return Unknown(submission, self._reason, parts, again)
        if verdict == "elsewhere":
            return Retry(submission, 0.0, self._reason, elsewhere=True, parts=parts)
        if verdict == "throttled":
            return Retry(submission, max(pause, self._wait, 0.1) * (1 + 0.2 * chance), self._reason, parts=parts)
        return Retry(submission, again, self._reason, parts=parts)
