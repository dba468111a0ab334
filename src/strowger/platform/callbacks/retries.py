"""What an answer means, and when the next attempt comes (platform.md 6.6)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from strowger.platform.callbacks.schemas import Target

JITTER = 0.2
ONCE_MORE_SECONDS = 30.0
RETRY_AFTER_LIMIT = 3600.0
BUSY = frozenset({408, 425, 429})
GONE = 410
REFUSED = "refused"


class Answer(Enum):
    """The classes of answers: done; series of retries; one more try; never again."""

    DONE = "done"
    RETRY = "retry"
    ONCE_MORE = "once_more"
    GIVE_UP = "give_up"


def classify(status: int) -> Answer:
    """The class of an HTTP status."""
    if 200 <= status < 300:
        return Answer.DONE
    if status in BUSY or status >= 500:
        return Answer.RETRY
    return Answer.GIVE_UP if status == GONE else Answer.ONCE_MORE


def error_word(status: int) -> str:
    """How an answer that is no success is kept in ``last_error``."""
    return f"http_{status}"


def _was_once_more(last_error: str | None) -> bool:
    """Whether the attempt before already was answered in the class that gets one more try."""
    if last_error is None:
        return False
    word = last_error.partition(":")[0]
    if word.startswith("http_"):
        return classify(int(word[5:])) is Answer.ONCE_MORE
    return word == REFUSED


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds that the receiver asks to wait (``Retry-After`` as seconds or as a date), at most an hour; 0 if it does not."""
    raw = headers.get("retry-after", "").strip()
    if raw.isascii() and raw.isdigit():
        return min(float(raw[:9]), RETRY_AFTER_LIMIT)
    try:
        moment = parsedate_to_datetime(raw)
    except (ValueError, IndexError, TypeError):
        return 0.0
    if moment.tzinfo is None:
        return 0.0
    return min(max((moment - now).total_seconds(), 0.0), RETRY_AFTER_LIMIT)


def next_wait(
    target: Target,
    attempts: int,
    answer: Answer,
    last_error: str | None,
    asked: float = 0.0,
    spread: Callable[[], float] = random.random,
) -> float | None:
    """Seconds until the next attempt, or None when there is none.

    ``attempts`` counts those of this series, the one just made included; ``last_error`` is of the attempt before it;
    ``asked`` is the receiver's Retry-After; ``spread`` gives 0 to 1 for the jitter of plus and minus 20 %.
    """
    if answer is Answer.GIVE_UP or attempts > target.retries:
        return None
    if answer is Answer.ONCE_MORE:
        return None if _was_once_more(last_error) else ONCE_MORE_SECONDS
    return max(target.wait_before(attempts) * (1 - JITTER + 2 * JITTER * spread()), asked)
