"""What an HTTP answer means for the message: by the provider's own code, else by the status. The set is closed (R-07)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal

import msgspec

from strowger.channels.sms.carriers.http import paths

Verdict = Literal["accepted", "rejected", "throttled", "retry", "elsewhere", "unknown"]
_HTTP = re.compile(r"http:([1-5](?:[0-9]{2}|xx))")
SHOWN_BODY = 300
MAX_ID = 200


@dataclass(frozen=True, slots=True)
class Meaning:
    """What follows from an answer: the verdict, the trace when it is final, and an explanation for the timeline.

    ``trouble`` says that the carrier itself is in trouble, not this message.
    """

    verdict: Verdict
    trace: str
    text: str
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer as it was read: its meaning, the provider's id, and what the timeline shows."""

    meaning: Meaning
    operator_id: str | None
    detail: dict[str, Any]


def _reject(text: str, trace: str = "SUBMIT-FAIL") -> Meaning:
    return Meaning("rejected", trace, text)


def _elsewhere(text: str) -> Meaning:
    return Meaning("elsewhere", "", text)


def _trouble(text: str) -> Meaning:
    """The carrier itself, or our configuration of it, is at fault: the message waits here, or moves when it counts as down."""
    return Meaning("retry", "", text, True)


ACCEPTED: Final = Meaning("accepted", "SUBMITTED", "The carrier took the message.")
# By status, for answers whose body says nothing.
STATUSES: Final[dict[int, Meaning]] = {
    400: _reject("The carrier says that the request is wrong."),
    401: _trouble("The carrier does not take our credentials."),
    402: _trouble("The carrier says that our credit with it is used up."),
    403: _elsewhere("The carrier does not allow this."),
    404: _trouble("There is nothing at the carrier's URL; check its configuration."),
    405: _trouble("The carrier's URL does not take this method; check its configuration."),
    408: Meaning("retry", "", "The carrier waited too long for our request; it is sent again."),
    409: Meaning("retry", "", "The carrier asks to send the request again."),
    413: _reject("The carrier says that the message is too long.", "MAX-LIMIT"),
    422: _reject("The carrier does not take a value of the request."),
    425: Meaning("retry", "", "The carrier asks to send the request again."),
    429: Meaning("throttled", "", "We send faster than the carrier allows; we slow down and send again."),
    504: Meaning(
        "unknown", "", "A gateway before the carrier had no answer from it; the message may have been sent.", True
    ),
}
REDIRECT: Final = _trouble("The carrier answers with a redirect, which is not followed; check its URL.")
CLIENT: Final = _elsewhere("The carrier refuses the request.")
SERVER: Final = _trouble("The carrier has a problem of its own; the message is sent again.")
NO_ID: Final = Meaning(
    "unknown", "", "The carrier's answer holds no id where it should; the message may have been sent.", True
)
UNLISTED: Final = _elsewhere("A code of the carrier's own; ask the carrier and map it in its configuration.")


def read_meaning(key: str, word: str) -> Meaning:
    """Read one entry of ``answers``: a provider's code or ``http:4xx``, and what it means.

    Raises ValueError when the meaning is not one of accept, reject TRACE, retry, throttle, elsewhere, unknown.
    """
    verb, _, trace = word.strip().partition(" ")
    trace = trace.strip()
    if verb == "reject" and re.fullmatch(r"[A-Z0-9][A-Z0-9 -]{1,30}", trace):
        return _reject("Final by this carrier's configuration.", trace)
    known: dict[str, Meaning] = {
        "accept": ACCEPTED,
        "retry": Meaning("retry", "", "Tried again by this carrier's configuration."),
        "throttle": Meaning("throttled", "", "Slowed down by this carrier's configuration."),
        "elsewhere": _elsewhere("Sent by another route by this carrier's configuration."),
        "unknown": Meaning("unknown", "", "Unknown by this carrier's configuration: sent again."),
    }
    if trace or verb not in known:
        raise ValueError(
            f"field `answers`: {key!r}: {word!r} is not accept, reject TRACE, retry, throttle, elsewhere or unknown"
        )
    return known[verb]


def check_key(key: str) -> None:
    """Raises ValueError for a key that looks like a status and is none."""
    if key.startswith("http:") and not _HTTP.fullmatch(key):
        raise ValueError(f"field `answers`: {key!r} must be http: and a status, such as http:403 or http:5xx")


class AnswerReader:
    """Reads the answers of one carrier by its configuration."""

    def __init__(
        self,
        answers: Mapping[str, str],
        code: tuple[str, str],
        found_id: tuple[str, str],
        error: str,
    ) -> None:
        self._answers = {key: read_meaning(key, word) for key, word in answers.items()}
        self._code, self._id, self._error = code, found_id, error
        self._lists_accepted = any(
            meaning.verdict == "accepted" for key, meaning in self._answers.items() if not key.startswith("http:")
        )

    def read(self, status: int, body: bytes, truncated: bool = False) -> Reading:
        """The meaning of an answer."""
        text = body.decode("utf-8", "replace")
        parsed = _parse(body)
        code = _found(self._code, parsed, text)
        meaning = self._meaning(status, code)
        operator_id = None
        if meaning.verdict == "accepted" and any(self._id):
            operator_id = (_found(self._id, parsed, text) or "").strip()[:MAX_ID].replace("\0", "")
            if not operator_id:
                meaning = NO_ID
        detail: dict[str, Any] = {"http_status": status, "name": _name(status), "text": meaning.text}
        if code is not None:
            detail["code"] = code[:100]
        words = paths.as_text(paths.find(parsed, self._error)) if self._error else None
        if meaning.verdict != "accepted":
            detail["answer"] = (words or text)[:SHOWN_BODY].replace("\0", "")
            if truncated:
                detail["truncated"] = True
        return Reading(meaning, operator_id or None, detail)

    def _meaning(self, status: int, code: str | None) -> Meaning:
        if code is not None and code in self._answers:
            return self._answers[code]
        for key in (f"http:{status}", f"http:{status // 100}xx"):
            if key in self._answers:
                return self._answers[key]
        if 200 <= status < 300:
            return UNLISTED if code is not None and self._lists_accepted else ACCEPTED
        return by_status(status)


def by_status(status: int) -> Meaning:
    """The meaning of a status that no configuration names."""
    found = STATUSES.get(status)
    if found is not None:
        return found
    return REDIRECT if status < 400 else CLIENT if status < 500 else SERVER


def _parse(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def _found(how: tuple[str, str], parsed: Any, text: str) -> str | None:
    path, pattern = how
    found = paths.as_text(paths.find(parsed, path)) if path else None
    return found if found is not None or not pattern else paths.search(pattern, text)


def _name(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
