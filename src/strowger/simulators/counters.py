"""What the message centre has counted since the last reset, with bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

# Beyond this many different destinations or messages, unique counts stand still and `counted_all` turns False.
MAX_KNOWN: Final = 200_000


@dataclass(slots=True)
class Counters:
    """``submits`` are all submissions; ``accepted`` those taken; ``unique`` the different (destination, text, part)s taken.

    ``receipts_*`` and ``replies_*`` follow the deliver_sm: queued, sent, acknowledged, nacked for good; ``requeued`` came
    back unacknowledged or with a temporary error; ``dropped`` fell out of a full queue.
    """

    submits: int = 0
    accepted: int = 0
    refused: int = 0
    unanswered: int = 0
    unique: int = 0
    counted_all: bool = True
    binds: int = 0
    binds_refused: int = 0
    receipts_queued: int = 0
    receipts_sent: int = 0
    receipts_acked: int = 0
    receipts_nacked: int = 0
    replies_queued: int = 0
    replies_sent: int = 0
    replies_acked: int = 0
    replies_nacked: int = 0
    requeued: int = 0
    dropped: int = 0
    destinations: dict[str, int] = field(default_factory=dict)
    _known: set[int] = field(default_factory=set)

    def taken(self, destination: str, payload: bytes, part: int) -> None:
        """Count a submission that was taken."""
        self.accepted += 1
        destinations, known = self.destinations, self._known
        if len(known) >= MAX_KNOWN:
            self.counted_all = False
            return
        destinations[destination] = destinations.get(destination, 0) + 1
        known.add(hash((destination, payload, part)))
        self.unique = len(known)

    def as_dict(self) -> dict[str, int | bool]:
        """All numbers, and ``destinations`` as how many there were."""
        numbers = {name: getattr(self, name) for name in self.__slots__ if name not in {"destinations", "_known"}}
        return numbers | {"duplicates": self.duplicates, "destinations": len(self.destinations)}

    @property
    def duplicates(self) -> int:
        """Submissions taken that repeat an earlier one; meaningful while ``counted_all``."""
        return self.accepted - self.unique
