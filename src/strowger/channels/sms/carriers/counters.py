"""What a bind has done since its process started, for the console and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Counters:
    """Counts of submit_sm (parts), receipts and incoming messages, and the last error in words."""

    submitted: int = 0
    accepted: int = 0
    rejected: int = 0
    retried: int = 0
    throttled: int = 0
    unanswered: int = 0
    late_answers: int = 0
    receipts: int = 0
    incoming: int = 0
    unreadable: int = 0
    refused_reports: int = 0
    connects: int = 0
    last_error: str = ""
    tps_now: float = 0.0
    _last: int = 0
    _last_at: float = 0.0

    def measure(self, now: float) -> None:
        """Work out ``tps_now`` from the submits since the last call, if that is long enough ago."""
        if now - self._last_at >= 0.5:
            self.tps_now = round((self.submitted - self._last) / (now - self._last_at), 1) if self._last_at else 0.0
            self._last, self._last_at = self.submitted, now

    def snapshot(self, window: int, window_used: int) -> dict[str, Any]:
        """The counters as they are shown and stored."""
        names = (name for name in self.__dataclass_fields__ if not name.startswith("_"))
        return {name: getattr(self, name) for name in names} | {"window": window, "window_used": window_used}
