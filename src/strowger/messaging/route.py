"""Route: choose the carrier of each message by country, network, prefix, type and sender, with priority, weight and failover.

Pure: the table and the number plan are in memory, so that a batch costs no query.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from strowger.messaging.schemas import Submission

# How many carriers may refuse a message before it is given up: a guard against chains that never end.
MAX_HOPS = 8
PINNED = "carrier"  # among a submission's options: exactly this carrier, as a test send asks


class Network(NamedTuple):
    """A network of the number plan: MCC and MNC, ISO country, the operator's name, the circle (region) of the range."""

    code: str
    country: str | None
    operator: str
    circle: str = ""


class NumberPlan:
    """Which network a number belongs to, by the longest prefix that is listed."""

    __slots__ = ("_by_prefix", "_lengths", "version")

    def __init__(self, ranges: Mapping[str, Network] | None = None, version: int = 0) -> None:
        self._by_prefix = dict(ranges or {})
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)
        self.version = version

    def __len__(self) -> int:
        return len(self._by_prefix)

    def find(self, number: str) -> Network | None:
        """The network of a number in international digits; None when no range holds it."""
        for length in self._lengths:
            found = self._by_prefix.get(number[:length])
            if found is not None:
                return found
        return None

    def code(self, number: str) -> str | None:
        """The MCC and MNC of a number's network."""
        found = self.find(number) if self._lengths else None
        return found.code if found else None

    def operator(self, number: str) -> str:
        """The name of a number's network, its MCC and MNC where the plan has no name; empty when it is not known."""
        found = self.find(number) if self._lengths else None
        return (found.operator or found.code) if found else ""

    def circle(self, number: str) -> str:
        """The circle (region) of a number; empty when the plan does not say."""
        found = self.find(number) if self._lengths else None
        return found.circle if found else ""


@dataclass(frozen=True, slots=True)
class RouteRule:
    """A route in memory; None fits all."""

    carrier_id: int
    country: str | None
    type: str | None
    sender: str | None
    priority: int
    simulated: bool = False
    network: str | None = None
    prefix: str | None = None
    weight: int = 1
    id: int = 0

    def misfit(self, submission: Submission) -> str | None:
        """The first condition that the message does not meet; None when the route may carry it."""
        if self.country is not None and self.country != submission.country:
            return "country"
        if self.network is not None and not (submission.network or "").startswith(self.network):
            return "network"
        if self.prefix is not None and not submission.recipient.startswith(self.prefix):
            return "prefix"
        if self.type is not None and self.type != submission.type:
            return "type"
        if self.sender is not None and self.sender != submission.sender:
            return "sender"
        return None

    def fits(self, submission: Submission) -> bool:
        """Whether the route may carry the message."""
        return self.misfit(submission) is None

    def rank(self) -> tuple[int, int, int]:
        """Lower is chosen first: priority, then the more specific, then the longer digits. Equals share by weight."""
        given = (self.country, self.network, self.prefix, self.type, self.sender)
        return (self.priority, -sum(x is not None for x in given), -len((self.prefix or "") + (self.network or "")))


def draw(submission: Submission, rule: RouteRule) -> float:
    """The place of a route among its equals for this message: lower first.

    Drawn from the message's id, so that a message always draws the same, and over many messages each route comes first
    in proportion to its weight; when it is down, the others share what was its part in proportion to theirs.
    """
    if rule.weight <= 0:
        return math.inf
    seed = submission.request_id.bytes + submission.n.to_bytes(4) + rule.carrier_id.to_bytes(4)
    chance = (int.from_bytes(hashlib.blake2b(seed, digest_size=8).digest()) + 1) / 2**64
    return -math.log(chance) / rule.weight


@dataclass(frozen=True, slots=True)
class RouteTable:
    """All active routes and which carriers are up (have a bound link and are not paused)."""

    rules: tuple[RouteRule, ...]
    up: frozenset[int]
    plan: NumberPlan = field(default_factory=NumberPlan)
    known: frozenset[int] = frozenset()  # every carrier, also without a route
    _by_country: dict[str | None, tuple[RouteRule, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        rules: Iterable[RouteRule],
        up: Iterable[int],
        plan: NumberPlan | None = None,
        known: Iterable[int] | None = None,
    ) -> RouteTable:
        """A table with its rules in the order in which they are tried."""
        ordered = tuple(sorted(rules, key=RouteRule.rank))
        every = frozenset(rule.carrier_id for rule in ordered) if known is None else frozenset(known)
        return cls(ordered, frozenset(up), plan or NumberPlan(), every)

    def _candidates(self, country: str | None) -> tuple[RouteRule, ...]:
        found = self._by_country.get(country)
        if found is None:
            found = tuple(rule for rule in self.rules if rule.country is None or rule.country == country)
            self._by_country[country] = found
        return found

    def fitting(self, submission: Submission) -> list[RouteRule]:
        """The routes that may carry the message, in the order in which it tries them.

        A simulator never stands in for a real carrier: it counts only where no real one has a fitting route.
        """
        rules = [rule for rule in self._candidates(submission.country) if rule.fits(submission)]
        real = [rule for rule in rules if not rule.simulated]
        return in_turn(submission, real or rules)

    def choose(self, submission: Submission) -> int | None:
        """The carrier of a message: the first fitting one that is up, else the first fitting one, which it waits for.

        Carriers that have refused the message before are passed over; None when none is left, or too many have refused.
        """
        if submission.network is None:
            submission.network = self.plan.code(submission.recipient)
        if len(submission.tried) >= MAX_HOPS:
            return None
        pinned = submission.options.get(PINNED)
        if pinned is not None:
            return pinned if pinned in self.known and pinned not in submission.tried else None
        tried = submission.tried
        fitting = [rule.carrier_id for rule in self.fitting(submission) if rule.carrier_id not in tried]
        return next((c for c in fitting if c in self.up), fitting[0] if fitting else None)

    def has_other(self, carrier_id: int) -> bool:
        """Whether some other carrier that has a route is up."""
        return any(r.carrier_id != carrier_id and r.carrier_id in self.up and not r.simulated for r in self.rules)


def in_turn(submission: Submission, rules: Sequence[RouteRule]) -> list[RouteRule]:
    """Rules in the order of their rank; those of one rank in the order that the message draws."""
    if len(rules) < 2:
        return list(rules)
    ordered: list[RouteRule] = []
    for _, group in groupby(rules, RouteRule.rank):
        equals = list(group)
        if len(equals) > 1:
            equals.sort(key=lambda rule: (draw(submission, rule), rule.id))
        ordered += equals
    return ordered


def why_not(submission: Submission) -> tuple[str, str]:
    """The trace and the reason of a message for which no carrier is left."""
    tried = len(submission.tried)
    if tried >= MAX_HOPS:
        return "SUBMIT-FAIL", f"{tried} carriers have refused it; it is not offered to more."
    if tried:
        return "SUBMIT-FAIL", "Every carrier that has a fitting route has refused it."
    if submission.options.get(PINNED) is not None:
        return "NO-ROUTE", "It was meant for one carrier, which is not there any more."
    return "NO-ROUTE", "No route fits its recipient, type and sender."


def route(
    batch: list[Submission], table: RouteTable
) -> tuple[list[tuple[Submission, int]], list[tuple[Submission, str, str]]]:
    """Give each message its carrier; those without one are refused with a trace and a reason.

    The trace is NO-ROUTE, or SUBMIT-FAIL when carriers have refused them.
    """
    routed: list[tuple[Submission, int]] = []
    refused: list[tuple[Submission, str, str]] = []
    for submission in batch:
        carrier = table.choose(submission)
        if carrier is None:
            refused.append((submission, *why_not(submission)))
        else:
            routed.append((submission, carrier))
    return routed, refused
