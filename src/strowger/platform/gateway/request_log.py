"""The request log and the last use of keys: noted in memory, masked and written in the background."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from strowger.foundation.logs import mask_text, mask_value

MAX_WAITING = 5_000
SUCCESSES_PER_FLUSH = 20  # masking them must not hold up requests; failures are always kept
MAX_TEXT = 4_000


class Entry(NamedTuple):
    """An answered request as it was; ``params`` and ``response`` are masked only when they are written."""

    id: UUID
    account_id: int | None
    key_id: int | None
    method: str
    path: str
    status: int
    duration_ms: int
    ip: str | None
    params: dict[str, Any] | None
    response: bytes


class RequestBook:
    """What waits to be written: a bounded queue of requests, and the last use of each key."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MAX_WAITING)
        self._uses: dict[int, tuple[datetime, str | None]] = {}
        self._successes = 0

    def wants(self, status: int) -> bool:
        """Whether an answer of this status is to be noted: all failures, and not too many successes."""
        if status < 400:
            self._successes += 1
        return status >= 400 or self._successes <= SUCCESSES_PER_FLUSH

    def note(self, entry: Entry) -> None:
        """Keep an entry until the next flush."""
        self._entries.append(entry)

    def is_noted(self, key_id: int) -> bool:
        """Whether a use of the key is noted since the last flush."""
        return key_id in self._uses

    def note_use(self, key_id: int, at: datetime, ip: str | None) -> None:
        """Note that a key was used."""
        self._uses[key_id] = (at, ip)

    def take_entries(self) -> list[tuple[Any, ...]]:
        """The waiting entries as rows of the table, masked."""
        entries, self._entries = self._entries, deque(maxlen=MAX_WAITING)
        self._successes = 0
        return [_row(entry) for entry in entries]

    def take_uses(self) -> list[tuple[int, datetime, str | None]]:
        """The last uses since the last call."""
        uses, self._uses = self._uses, {}
        return [(key_id, at, ip) for key_id, (at, ip) in sorted(uses.items())]


def _row(entry: Entry) -> tuple[Any, ...]:
    answer = _decode(entry.response)
    code = answer.get("code") if entry.status >= 400 and isinstance(answer, dict) else None
    return (
        entry.id, entry.account_id, entry.key_id, entry.method, mask_text(entry.path)[:500], entry.status,
        entry.duration_ms, entry.ip, code, _masked(entry.params), _masked(answer),
    )  # fmt: skip


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def _masked(value: Any) -> str | None:
    if not value:
        return None
    text = msgspec.json.encode(mask_value(value)).decode()
    return text.replace("\0", "").replace("\\u0000", "")[:MAX_TEXT]
