"""When an HTTP carrier counts as down: after several troubles in a row, for a pause that doubles until one message gets through."""

from __future__ import annotations

import random

from strowger.channels.sms.carriers.http.config import HttpConfig
from strowger.channels.sms.carriers.pacing import reconnect_seconds


class Trouble:
    """The troubles of one sender. Times are those of the loop's clock, in seconds."""

    def __init__(self, config: HttpConfig) -> None:
        self._in_a_row = 0
        self._pauses = 0
        self._until = 0.0
        self._last = ""
        self.apply(config)

    def apply(self, config: HttpConfig) -> None:
        """Use another configuration: what was wrong may be right now."""
        self._failures, self._shortest, self._longest = config.failures, config.pause_min, config.pause_max
        self.worked()

    def worked(self) -> None:
        """A request was answered."""
        self._in_a_row = self._pauses = 0
        self._until = 0.0

    def failed(self, now: float, words: str) -> None:
        """The carrier was in trouble; what comes in during a pause was sent before it."""
        self._last = words
        if self.is_down(now):
            return
        self._in_a_row += 1
        if self._in_a_row >= self._failures or self._pauses:
            chance = random.random()  # noqa: S311
            self._until = now + reconnect_seconds(self._pauses, self._shortest, self._longest, chance)
            self._pauses += 1
            self._in_a_row = 0

    def is_down(self, now: float) -> bool:
        """Whether nothing is sent now."""
        return now < self._until

    @property
    def is_trying(self) -> bool:
        """Whether it was down and nothing has got through yet: then one message at a time is tried."""
        return self._pauses > 0

    def words(self, now: float) -> str:
        """Why it is down and until when."""
        return f"{self._last} Next try in {self._until - now:.0f} s."
