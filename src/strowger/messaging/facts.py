"""Facts that the pipeline asks for in each batch, kept for moments: account rules, prices, routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from strowger.foundation.clock import Clock
from strowger.foundation.database import Connection
from strowger.messaging.repository import facts as queries
from strowger.messaging.route import NumberPlan, RouteTable
from strowger.messaging.routing.repository import ranges
from strowger.messaging.rules import AccountRules, ChannelRules
from strowger.messaging.schemas import Submission
from strowger.platform.billing import repository as billing
from strowger.platform.billing.service import PriceList
from strowger.platform.callbacks.profiles.facts import ProfileFacts

ACCOUNT_SECONDS = 5.0
ROUTE_SECONDS = 1.0
PRICE_SECONDS = 60.0
PLAN_SECONDS = 60.0
MAX_ACCOUNTS = 10_000
MAX_LOOKED_UP = 10_000  # of each kind
K = TypeVar("K")
V = TypeVar("V")


class Facts:
    """A short-lived cache; ``forget`` is called when a notification says that something changed."""

    def __init__(self, clock: Clock, rules: ChannelRules | None = None) -> None:
        self._clock = clock
        self._rules = rules
        self.profiles = ProfileFacts(clock)
        self._plan = NumberPlan()
        self.forget()

    def forget(self, _payload: str = "") -> None:
        """Drop everything, so that the next batch reads anew; the number plan only if it was changed."""
        self._plan_at = float("-inf")
        self._accounts: dict[int, AccountRules] = {}
        self._accounts_at = self._routes_at = float("-inf")
        self._routes: dict[str, RouteTable] = {}
        self._prices: PriceList | None = None
        self._looked_up: dict[str, dict[Any, Any]] = {}
        self.profiles.forget()
        self._prices_at = float("-inf")

    def now(self) -> datetime:
        """The present moment."""
        return self._clock.now()

    async def accounts(self, connection: Connection, ids: Iterable[int]) -> dict[int, AccountRules]:
        """Rules of the accounts, at most a few seconds old."""
        now = self._clock.monotonic()
        if now - self._accounts_at > ACCOUNT_SECONDS or len(self._accounts) > MAX_ACCOUNTS:
            self._accounts, self._looked_up, self._accounts_at = {}, {}, now
        known = self._accounts  # whoever forgets or renews while we read must not take these from us
        missing = set(ids) - known.keys()
        if missing:
            known.update(await queries.account_rules(connection, sorted(missing)))
        return known

    async def look_up(
        self,
        connection: Connection,
        kind: str,
        keys: Collection[K],
        read: Callable[[Connection, Collection[K]], Awaitable[Mapping[K, V]]],
    ) -> Mapping[K, V | None]:
        """What a channel knows of each of ``keys`` (None: nothing), as old as the accounts at most.

        ``kind`` names the cache; ``read`` gives what there is of several keys in one query.
        """
        known = self._looked_up.setdefault(kind, {})
        missing = set(keys) - known.keys()
        if missing:
            if len(known) + len(missing) > MAX_LOOKED_UP:
                known = self._looked_up[kind] = {}
                missing = set(keys)
            found = await read(connection, missing)
            known.update((key, found.get(key)) for key in missing)
        return known

    async def release(self, connection: Connection, ended: list[Submission]) -> None:
        """Take back what screening counted of messages that were never handed to a carrier."""
        if self._rules is not None:
            accounts = await self.accounts(connection, {s.account_id for s in ended})
            await self._rules.release(connection, ended, accounts, self)

    async def prices(self, connection: Connection) -> PriceList:
        """The price list, at most a minute old; whoever changes a price notifies ``accounts``."""
        prices, now = self._prices, self._clock.monotonic()
        if prices is None or now - self._prices_at > PRICE_SECONDS:
            prices = PriceList(await billing.tariffs(connection))
            self._prices, self._prices_at = prices, now
        return prices

    async def routes(self, connection: Connection, channel: str) -> RouteTable:
        """Routes of a channel and the carriers that are up, at most a second old."""
        now = self._clock.monotonic()
        if now - self._routes_at > ROUTE_SECONDS:
            self._routes, self._routes_at = {}, now
        known = self._routes
        if channel not in known:
            known[channel] = await queries.route_table(connection, channel, await self.plan(connection))
        return known[channel]

    async def plan(self, connection: Connection) -> NumberPlan:
        """The number plan; whether it has changed is asked once in a minute and whenever an import says so."""
        now = self._clock.monotonic()
        if now - self._plan_at > PLAN_SECONDS:
            self._plan_at = now
            version = await ranges.version(connection)
            if version != self._plan.version:
                self._plan = await ranges.number_plan(connection, version)
        return self._plan
