"""What a channel adds to the pipeline, and the account facts that screening and routing look up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from strowger.foundation.database import Connection
from strowger.messaging.schemas import Channel, NewRequest, Submission
from strowger.platform.billing.prices import Terms

if TYPE_CHECKING:
    from strowger.messaging.facts import Facts


@dataclass(frozen=True, slots=True)
class Hold:
    """A verdict: the message waits on the platform until a moment."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Local:
    """A verdict: a test number; the message counts as delivered and never leaves the host (R-82)."""


@dataclass(frozen=True, slots=True)
class Received:
    """An incoming message as a channel looks at it."""

    account_id: int
    message_id: str
    source: str
    destination: str
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """Where an incoming message goes besides the log, as its keyword says; None: as its number says."""

    keyword: str = ""
    captured: Mapping[str, str] = field(default_factory=dict)
    callback: dict[str, Any] | None = None
    smpp_user: int | None = None


@dataclass(slots=True)
class Handled:
    """What a channel makes of incoming messages: messages to accept in the same transaction, orders by message id."""

    requests: list[NewRequest] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)


Verdict = str | Hold | Local | None  # a trace of refusal, one of the above, or None: it may go


@dataclass(frozen=True, slots=True)
class Measure:
    """How long a text is for billing: parts, characters, and the encoding's name."""

    units: int
    length: int
    encoding: str


@dataclass(frozen=True, slots=True)
class AccountRules:
    """What screening needs of an account. ``settings`` are the account's own choices."""

    id: int
    country: str
    state: str
    settings: Mapping[str, Any]
    time_zone: str = "UTC"
    sid: str = ""
    currency: str = ""
    senders: Mapping[str, tuple[SenderRule, ...]] = field(default_factory=dict)
    parent_id: int | None = None
    margin: Decimal = Decimal(0)

    @property
    def terms(self) -> Terms:
        """What decides its prices besides the list."""
        return Terms(self.id, self.currency, self.parent_id, self.margin)


@dataclass(frozen=True, slots=True)
class SenderRule:
    """One registration of a sender ID: for a country (None: all) with its status, and the entity that owns it."""

    iso_code: str | None
    status: str
    entity_id: str | None = None


class ChannelRules(Protocol):
    """A channel's part in screening and pricing."""

    name: str

    def measure(self, body: str, options: Mapping[str, Any]) -> Measure:
        """The length of a text for billing."""

    def country_of(self, recipient: str) -> str | None:
        """ISO country of a recipient; None when it cannot be one."""

    async def prepare(
        self,
        connection: Connection,
        batch: list[Submission],
        accounts: Mapping[int, AccountRules],
        facts: Facts,
    ) -> Mapping[str, Any]:
        """What screening this batch needs besides the accounts, read in sets; handed to ``screen`` as ``known``."""

    def screen(self, submission: Submission, account: AccountRules, known: Mapping[str, Any]) -> Verdict:
        """The trace of the first rule that the message breaks, or another verdict; None when it may go."""

    async def settle(self, connection: Connection, passed: list[Submission], known: Mapping[str, Any]) -> None:
        """Note, in the batch's transaction, the messages that go on to a carrier."""

    async def addressees(self, connection: Connection, received: Sequence[Received], facts: Facts) -> Mapping[str, int]:
        """The account of each incoming message to a number that several share, by message id; missing: its holder's."""

    async def release(
        self,
        connection: Connection,
        ended: list[Submission],
        accounts: Mapping[int, AccountRules],
        facts: Facts,
    ) -> None:
        """Take back what ``settle`` noted of messages that ended without being handed over."""

    async def receive(
        self, connection: Connection, received: Sequence[Received], facts: Facts, now: datetime
    ) -> Handled:
        """Do what incoming messages ask for, in the transaction that stores them."""


Rules = Mapping[Channel, ChannelRules]


def measure_into(submission: Submission, rules: ChannelRules) -> None:
    """Fill in country, units, length and encoding of a submission, once."""
    if submission.units == 0:
        measure = rules.measure(submission.body, submission.options)
        submission.units, submission.length, submission.encoding = measure.units, measure.length, measure.encoding
    if submission.country is None:
        submission.country = rules.country_of(submission.recipient)
