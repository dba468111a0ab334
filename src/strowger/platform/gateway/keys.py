"""Who calls: API keys, looked up by hash and kept in the process for a few seconds (platform.md 2.3)."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from strowger.console.visitor import HIDE_NUMBERS, NUMBERS
from strowger.foundation.clock import Clock
from strowger.foundation.database import OUTAGES, Database
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.platform.gateway import repository

CACHE_SECONDS, WRONG_KEY_SECONDS = 5.0, 2.0
MAX_CACHED = 20_000
MAX_KEY_LENGTH = 128
MAX_CHILDREN, MAX_NUMBER = 5_000, 9
FOREIGN = "The key belongs to another SID"
OPEN_STATES = frozenset({"active", "trial"})
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(slots=True, eq=False)
class Principal:
    """The account and key behind a request. ``parent_id``: the account is that one's sub-account.

    ``facts`` is room for what other modules look up per account; it is forgotten together with the key, within seconds
    of a change. ``scopes`` are the permissions to which the key is limited; none: no limit. ``off`` are the features that the
    operator has switched off for the account.
    """

    account_id: int
    sid: str
    key_id: int
    country: str
    currency: str
    state: str
    settings: Mapping[str, Any]
    rate: int | None
    networks: tuple[Network, ...] = ()
    expires_at: datetime | None = None
    parent_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    scopes: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()

    @property
    def author(self) -> str:
        """Who calls, in words, for records of what was done."""
        return f"API key {self.name}"

    @property
    def numbers_hidden(self) -> bool:
        """Whether the account hides people's numbers from this key: one that is limited, and not to seeing them."""
        return bool(self.scopes and self.settings.get(HIDE_NUMBERS)) and NUMBERS not in self.scopes


def _networks(items: list[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(item, strict=False) for item in items)


class KeyRing:
    """Finds principals by key. Call ``forget`` when accounts, keys or senders change."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[bytes, tuple[Principal | None, float]] = {}
        self._searches: dict[bytes, asyncio.Task[Principal | None]] = {}
        self._generation = 0

    def forget(self, _payload: str = "") -> None:
        """Drop everything that is known; a search under way is not kept either."""
        self._known.clear()
        self._searches.clear()
        self._generation += 1

    async def authenticate(self, key: str, sid: str | None, ip: str | None) -> Principal:
        """The principal of a key for an SID (None: whichever it belongs to).

        Raises E401 (no such key), E403 (not for this SID, address or state).
        """
        if not key or len(key) > MAX_KEY_LENGTH:
            raise StrowgerError("E401", field="api-key")
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        if known is None or known[1] < self._clock.monotonic():
            principal = await self._search(digest)
        else:
            principal = known[0]
        if principal is None or (principal.expires_at is not None and principal.expires_at <= self._clock.now()):
            raise StrowgerError("E401", field="api-key")
        reached = principal if sid in (None, principal.sid) else await self._child(principal, str(sid))
        _check(reached, principal, ip)
        return reached

    async def _child(self, parent: Principal, sid: str) -> Principal:
        """The sub-account that a parent's key works on. Raises E403, alike for what is foreign and for what is not there."""
        number = sid.removeprefix(f"{parent.sid}_")
        if parent.parent_id is not None or not number.isdigit() or len(number) > MAX_NUMBER:
            raise StrowgerError("E403", FOREIGN, field="sid")
        known: dict[str, Principal | None] = parent.facts.setdefault("children", {})
        if sid not in known:
            if len(known) >= MAX_CHILDREN:
                known.clear()
            try:
                async with self._database.pool.acquire(timeout=5) as connection:
                    row = await repository.find_child(connection, parent.account_id, sid)
            except OUTAGES as problem:
                raise Unavailable from problem
            known[sid] = None if row is None else Principal(
                row["account_id"], row["sid"], parent.key_id, row["country"], row["currency"], row["state"], row["settings"],
                parent.rate, parent.networks, parent.expires_at, parent.account_id, name=parent.name, scopes=parent.scopes,
                off=frozenset(row["off"]),
            )  # fmt: skip
        child = known[sid]
        if child is None:
            raise StrowgerError("E403", FOREIGN, field="sid")
        return child

    async def _search(self, digest: bytes) -> Principal | None:
        search = self._searches.get(digest)
        if search is None:
            search = asyncio.create_task(self._load(digest))
            self._searches[digest] = search
            search.add_done_callback(lambda done: self._searches.pop(digest, None) if not done.cancelled() else None)
        return await asyncio.shield(search)

    async def _load(self, digest: bytes) -> Principal | None:
        generation = self._generation
        try:
            async with self._database.pool.acquire(timeout=5) as connection:
                row = await repository.find_key(connection, digest)
        except OUTAGES as problem:
            raise Unavailable from problem
        principal = None
        if row is not None:
            principal = Principal(
                row["account_id"], row["sid"], row["id"], row["country"], row["currency"], row["state"], row["settings"],
                row["rate"], _networks(row["networks"]), row["expires_at"], row["parent_id"], name=row["name"],
                scopes=frozenset(row["scopes"]), off=frozenset(row["off"]),
            )  # fmt: skip
        if generation == self._generation:
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            seconds = CACHE_SECONDS if principal else WRONG_KEY_SECONDS
            self._known[digest] = (principal, self._clock.monotonic() + seconds)
        return principal


def _check(principal: Principal, owner: Principal, ip: str | None) -> None:
    if principal.networks and not _inside(ip, principal.networks):
        raise StrowgerError("E403", "The key may not be used from this address", field="api-key")
    if principal.state not in OPEN_STATES:
        raise StrowgerError("E403", f"The account is {principal.state}", field="sid")
    if owner.state not in OPEN_STATES:
        raise StrowgerError("E403", f"The account is {owner.state}", field="sid")


def _inside(ip: str | None, networks: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in networks)
