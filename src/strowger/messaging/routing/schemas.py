"""Shapes of carriers, their links and routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CarrierRecord:
    """A carrier as stored; ``config`` is for its kind to read, ``state`` is active, paused or removed."""

    id: int
    name: str
    kind: str
    config: dict[str, Any]
    secret_sealed: bytes | None
    hook_sealed: bytes | None
    signing_sealed: bytes | None
    state: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RouteRecord:
    """A route; None fits all, lower ``priority`` is tried first, and those of one rank share by ``weight``."""

    id: int
    carrier_id: int
    carrier: str
    channel: str
    country: str | None
    type: str | None
    sender: str | None
    priority: int
    active: bool
    network: str | None = None
    prefix: str | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class NewRoute:
    """A route to be added; None fits all. ``network`` is an MCC, or MCC and MNC; ``prefix`` the first digits of a number."""

    country: str | None = None
    type: str | None = None
    sender: str | None = None
    priority: int = 100
    network: str | None = None
    prefix: str | None = None
    weight: int = 1
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """The live state of one bind, as its worker last told it: down, connecting, bound, throttled or paused."""

    carrier_id: int
    carrier: str
    kind: str
    bind: int
    worker_id: int | None
    state: str
    detail: str | None
    since: datetime
    counters: Mapping[str, Any]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class LinkState:
    """What a worker tells about a bind it holds."""

    carrier_id: int
    bind: int
    state: str
    detail: str | None
    counters: dict[str, Any]
