"""Who is bound: the facts of a client while its bind stands, and what it has used of its limits."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Client:
    """An SMPP user as a bind knows it; renewed when the user changes. ``tps`` 0 means no limit."""

    user_id: int
    account_id: int
    system_id: str
    password_hash: str
    active: bool
    networks: tuple[Network, ...]
    max_binds: int
    window: int
    tps: int
    account_state: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Client:
        """From a row of FIND or LOAD."""
        networks = tuple(ipaddress.ip_network(item, strict=False) for item in row["networks"])
        return cls(
            row["id"], row["account_id"], row["system_id"], row["password_hash"], row["active"], networks,
            row["max_binds"], row["window_size"], row["tps"], row["state"],
        )  # fmt: skip

    def may_come_from(self, address: str) -> bool:
        """Whether a bind from this IP address is allowed."""
        if not self.networks:
            return True
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self.networks)

    def outlives(self, other: Client) -> bool:
        """Whether binds made as ``other`` may stay now that the user is as here."""
        return self.active and self.password_hash == other.password_hash


class Pace:
    """Submits per second: up to one second's worth at once."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, now: float) -> None:
        self._tokens = float("inf")  # full, whatever the limit is
        self._at = now

    def take(self, limit: int, now: float) -> bool:
        """Take one; False when there is none. ``limit`` 0 means none."""
        if not limit:
            return True
        self._tokens = min(float(limit), self._tokens + max(0.0, now - self._at) * limit)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Rate:
    """How many a second, as people see it: counted between two looks."""

    __slots__ = ("_at", "_last")

    def __init__(self, now: float) -> None:
        self._at, self._last = now, 0

    def look(self, total: int, now: float) -> float:
        """The rate since the look before."""
        seconds = max(now - self._at, 0.001)
        rate = (total - self._last) / seconds
        self._at, self._last = now, total
        return round(rate, 1)
