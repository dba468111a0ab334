"""What a kind of carrier declares about itself, and what a running carrier offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec

from strowger.foundation.clock import Clock
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.settings import Settings
from strowger.messaging.outcomes import Incoming, Journal, Lane, Receipt

LinkReport = Callable[[int, str, "str | None", dict[str, Any]], None]
"""Told the live state of a bind: its number from 1, state, detail, counters."""

DOWN, CONNECTING, BOUND, THROTTLED, PAUSED = "down", "connecting", "bound", "throttled", "paused"


@dataclass(slots=True)
class Surroundings:
    """What a running carrier is given: who it is, where work comes from and where it reports to.

    ``hook`` may change before ``apply`` is called.
    """

    carrier_id: int
    name: str
    lane: Lane
    journal: Journal
    clock: Clock
    on_state: LinkReport
    http: GuardedClient
    mark: str = ""  # of this installation, by which a carrier that leads back to us is known
    hook: str = ""  # the address at which the carrier calls us, for carriers that do


class LiveCarrier(Protocol):
    """A carrier that runs in this process with some of its binds."""

    async def start(self, binds: Iterable[int]) -> None:
        """Connect these binds, and keep them connected."""

    async def set_binds(self, binds: Iterable[int], drain_seconds: float = 5.0) -> None:
        """Hold exactly these binds from now on: connect the new ones, drain and close the others."""

    async def stop(self, drain_seconds: float = 10.0) -> None:
        """Take no more work, wait for open answers at most ``drain_seconds``, give back the rest and disconnect."""

    def apply(self, config: msgspec.Struct, secret: str) -> None:
        """Use a new configuration; connects again only where it must."""

    def pause(self) -> None:
        """Stay connected, send nothing."""

    def resume(self) -> None:
        """Send again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a carrier has sent to its address here: ``fields`` of the query, media type in lower case, raw body, headers by their
    names in lower case, and the address with the query."""

    fields: Mapping[str, str]
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


class Hook(Protocol):
    """Reads what a carrier hands in over HTTP. Both raise StrowgerError HOOK when it cannot be read."""

    networks: Sequence[str]  # from which it may come; empty: from everywhere
    answer: str  # the text that tells the carrier that it is stored

    def check(self, delivery: Delivery, secret: str | None, now: datetime) -> Delivery:
        """What may be believed of a delivery; ``secret`` signs it, where that is asked for. Raises StrowgerError HOOK (401)."""

    def receipts(self, delivery: Delivery, carrier_id: int, now: datetime) -> list[Receipt]:
        """The delivery receipts."""

    def messages(self, delivery: Delivery, carrier_id: int, now: datetime) -> list[Incoming]:
        """The incoming messages."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of carrier: its schema of configuration, the names of its secret fields, and how it is started.

    ``binds`` tells how many binds a configuration asks for; ``secret_limit`` is the most octets a secret may have.
    ``address`` words where it leads; ``own`` names the field that leads back to this installation, if one does.
    ``hook`` reads what the carrier sends to its address here, for kinds whose reports come in over HTTP.
    """

    name: str
    title: str
    config: type[msgspec.Struct]
    secrets: tuple[str, ...]
    secret_limit: int
    binds: Callable[[Any], int]
    connect: Callable[[Surroundings, Any, str], LiveCarrier]
    address: Callable[[Any], str]
    own: Callable[[Any, Settings], str | None]
    hook: Callable[[Any], Hook] | None = None
    secret_required: bool = True
