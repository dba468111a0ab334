"""Route: choose the carrier of each message by country, type and sender, with priority and failover. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from strowger.messaging.schemas import Submission


@dataclass(frozen=True, slots=True)
class RouteRule:
    """A route in memory; None fits all."""

    carrier_id: int
    country: str | None
    type: str | None
    sender: str | None
    priority: int
    simulated: bool = False

    def fits(self, submission: Submission) -> bool:
        """Whether the route may carry the message."""
        return (
            (self.country is None or self.country == submission.country)
            and (self.type is None or self.type == submission.type)
            and (self.sender is None or self.sender == submission.sender)
        )

    def rank(self) -> tuple[int, int]:
        """Lower is chosen first: priority, then the more specific."""
        return (self.priority, -sum(x is not None for x in (self.country, self.type, self.sender)))


@dataclass(frozen=True, slots=True)
class RouteTable:
    """All active routes and which carriers are up (have a bound link and are not paused)."""

    rules: tuple[RouteRule, ...]
    up: frozenset[int]

    @classmethod
    def of(cls, rules: Iterable[RouteRule], up: Iterable[int]) -> RouteTable:
        """A table with its rules in the order in which they are tried."""
        return cls(tuple(sorted(rules, key=RouteRule.rank)), frozenset(up))

    def choose(self, submission: Submission) -> int | None:
        """The carrier of a message: the first fitting one that is up, else the first fitting one, which it waits for.

        Carriers that have refused the message before are passed over; None when none is left. A simulator never stands
        in for a real carrier: it counts only where no real one has a fitting route.
        """
        rules = [rule for rule in self.rules if rule.fits(submission)]
        real = [rule for rule in rules if not rule.simulated]
        fitting = [rule.carrier_id for rule in real or rules if rule.carrier_id not in submission.tried]
        return next((c for c in fitting if c in self.up), fitting[0] if fitting else None)

    def has_other(self, carrier_id: int) -> bool:
        """Whether some other carrier that has a route is up."""
        return any(r.carrier_id != carrier_id and r.carrier_id in self.up and not r.simulated for r in self.rules)


def route(
    batch: list[Submission], table: RouteTable
) -> tuple[list[tuple[Submission, int]], list[tuple[Submission, str]]]:
    """Give each message its carrier; those without one are refused NO-ROUTE, or SUBMIT-FAIL when carriers refused them."""
    routed: list[tuple[Submission, int]] = []
    refused: list[tuple[Submission, str]] = []
    for submission in batch:
        carrier = table.choose(submission)
        if carrier is None:
            refused.append((submission, "SUBMIT-FAIL" if submission.tried else "NO-ROUTE"))
        else:
            routed.append((submission, carrier))
    return routed, refused
