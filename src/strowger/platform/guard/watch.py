"""The prefix watch: ranges that take many sends and give back no conversions are blocked for a while (quality.md R-79). Pure.

Pumped traffic goes to numbers that somebody rents in ranges, so that it concentrates on prefixes where nobody ever uses what
was sent. Two prefixes of each number are watched: the narrow one catches a range, the wide one many small ranges side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

NARROW_DIGITS, WIDE_DIGITS = 4, 6  # left off at the end
WIDE_FACTOR = 5
MIN_PREFIX = 4


@dataclass(frozen=True, slots=True)
class WatchRule:
    """Block for ``block_minutes`` after more than ``sends`` in ``minutes`` of which less than ``conversion`` converted."""

    sends: int = 20
    minutes: int = 10
    conversion: float = 0.05
    block_minutes: int = 60


@dataclass(slots=True)
class Traffic:
    """Sends and conversions of one prefix within the window."""

    sends: int = 0
    conversions: int = 0


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A prefix to be blocked, with the figures that led to it."""

    account_id: int
    prefix: str
    sends: int
    conversions: int
    reason: str
    until: datetime


def prefixes_of(number: str) -> tuple[str, str]:
    """The narrow and the wide prefix of a number."""
    return (
        number[: max(MIN_PREFIX, len(number) - NARROW_DIGITS)],
        number[: max(MIN_PREFIX, len(number) - WIDE_DIGITS)],
    )


def minute_of(moment: datetime) -> datetime:
    """The minute in which a moment is counted."""
    return moment.replace(second=0, microsecond=0)


@dataclass(slots=True)
class PrefixWatch:
    """The decisions of one batch: what is known of the watched prefixes, and what the batch adds to it."""

    traffic: dict[tuple[int, str], Traffic] = field(default_factory=dict)
    blocks: list[NewBlock] = field(default_factory=list)
    _blocked: set[tuple[int, str]] = field(default_factory=set)

    @classmethod
    def of(cls, known: Mapping[tuple[int, str], tuple[int, int]]) -> PrefixWatch:
        """A watch that starts from (sends, conversions) by account and prefix."""
        return cls({key: Traffic(*figures) for key, figures in known.items()})

    def passes(self, account_id: int, number: str, rule: WatchRule, now: datetime) -> bool:
        """Whether a message may go; counts it when it may, and blocks the prefix when it is one too many."""
        keys = [(account_id, prefix) for prefix in prefixes_of(number)]
        if not self._blocked.isdisjoint(keys):
            return False
        for key, factor in zip(keys, (1, WIDE_FACTOR), strict=True):
            seen = self.traffic.setdefault(key, Traffic())
            if seen.sends >= rule.sends * factor and seen.conversions < rule.conversion * seen.sends:
                self._block(key, seen, rule, now)
                return False
        for key in keys:
            self.traffic[key].sends += 1
        return True

    def _block(self, key: tuple[int, str], seen: Traffic, rule: WatchRule, now: datetime) -> None:
        share = 100 * seen.conversions / seen.sends
        reason = (
            f"{seen.sends} messages in {rule.minutes} minutes, {seen.conversions} converted ({share:.1f} %; "
            f"wanted {100 * rule.conversion:.1f} %)"
        )
        self._blocked.add(key)
        until = now + timedelta(minutes=rule.block_minutes)
        self.blocks.append(NewBlock(key[0], key[1], seen.sends, seen.conversions, reason, until))
