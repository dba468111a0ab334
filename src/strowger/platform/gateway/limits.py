"""Rate limits: token buckets in the database, per key and per account and area, from which processes lease tokens ahead."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping

from strowger.foundation.clock import Clock
from strowger.foundation.database import OUTAGES, Database
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.logs import get_logger
from strowger.platform.gateway import repository

log = get_logger(__name__)
SHORT_LEASE = 0.25  # seconds; a lease used up faster is followed by a larger one
SMALLEST_SHARE, LARGEST_SHARE = 1 / 800, 1 / 50  # of the bucket, in one lease
RATE_SHARE = 1 / 20  # of a second's rate, in one lease
BURST_SECONDS = 2  # of a key's own rate, and of an area's
MAX_BUCKETS = 10_000


class Bucket:
    """One process's share of a bucket: tokens leased and not used yet, and what is known of the rest."""

    __slots__ = ("burst", "denied_until", "key", "leased_at", "leasing", "left", "opened", "rate", "tokens", "want")

    def __init__(self, key: str, rate: int, burst: int) -> None:
        self.key, self.rate, self.burst = key, rate, burst
        self.tokens = 0
        self.left = float(burst)
        self.want = max(1, int(burst * SMALLEST_SHARE))
        self.leased_at = -math.inf
        self.denied_until = -math.inf
        self.leasing: asyncio.Task[None] | None = None
        self.opened = False

    @property
    def largest(self) -> int:
        """The largest lease: small enough that what idle processes hold does not matter."""
        return max(1, min(int(self.burst * LARGEST_SHARE), int(self.rate * RATE_SHARE)))

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """X-RateLimit headers: rate per second, requests left at once, seconds until the bucket is full."""
        left = max(0, int(self.tokens + self.left))
        reset = math.ceil((self.burst - left) / self.rate) if left < self.burst else 0
        return (
            (b"x-ratelimit-limit", b"%d" % self.rate),
            (b"x-ratelimit-remaining", b"%d" % left),
            (b"x-ratelimit-reset", b"%d" % reset),
        )


class Limiter:
    """The limits of a process. Total admission over all processes never exceeds the shared bucket."""

    def __init__(
        self, database: Database, clock: Clock, rate: int, burst: int, areas: Mapping[str, int] | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._rate = rate
        self._burst = burst
        self._areas = areas or {}
        self._buckets: dict[int | tuple[str, int], Bucket] = {}

    async def take(self, key_id: int, key_rate: int | None) -> Bucket | None:
        """Take one token of a key; None when the key has no limit. Raises E429 with Retry-After, or Unavailable."""
        rate = self._rate if key_rate is None else key_rate
        if rate <= 0:
            return None
        bucket = self._buckets.get(key_id)
        if bucket is None or bucket.rate != rate:
            burst = self._burst if key_rate is None else key_rate * BURST_SECONDS
            bucket = self._open(key_id, f"key:{key_id}", rate, burst)
        await self._take(bucket)
        return bucket

    async def take_of_area(self, area: str, account_id: int) -> Bucket | None:
        """Take one token of an account in an area; None when the area has no limit. Raises as ``take`` does."""
        rate = self._areas.get(area, 0)
        if rate <= 0:
            return None
        bucket = self._buckets.get((area, account_id))
        if bucket is None:
            bucket = self._open((area, account_id), f"{area}:{account_id}", rate, rate * BURST_SECONDS)
        await self._take(bucket)
        return bucket

    async def _take(self, bucket: Bucket) -> None:
        while bucket.tokens < 1:
            if self._clock.monotonic() < bucket.denied_until:
                raise self._refusal(bucket)
            await asyncio.shield(self._lease(bucket))
        bucket.tokens -= 1
        if (
            bucket.tokens * 2 < bucket.want
            and bucket.leasing is None
            and self._clock.monotonic() >= bucket.denied_until
        ):
            self._lease(bucket).add_done_callback(_swallow)

    def _open(self, whose: int | tuple[str, int], name: str, rate: int, burst: int) -> Bucket:
        if len(self._buckets) >= MAX_BUCKETS:
            self._buckets.pop(next(iter(self._buckets)))
        bucket = self._buckets[whose] = Bucket(name, rate, burst)
        return bucket

    def _refusal(self, bucket: Bucket) -> StrowgerError:
        wait = max(1, math.ceil(bucket.denied_until - self._clock.monotonic()))
        headers = {name.decode(): value.decode() for name, value in bucket.headers()}
        return StrowgerError("E429", headers={"Retry-After": str(wait), **headers})

    def _lease(self, bucket: Bucket) -> asyncio.Task[None]:
        if bucket.leasing is None:
            bucket.leasing = asyncio.create_task(self._fill(bucket))
        return bucket.leasing

    async def _fill(self, bucket: Bucket) -> None:
        now = self._clock.monotonic()
        quick = now - bucket.leased_at < SHORT_LEASE
        bucket.want = min(bucket.largest, bucket.want * 2) if quick else max(1, bucket.want // 2)
        try:
            granted, bucket.left = await self._take_from_database(bucket)
        except OUTAGES as problem:
            raise Unavailable from problem
        finally:
            bucket.leasing = None
        bucket.leased_at = self._clock.monotonic()
        bucket.tokens += granted
        if granted < bucket.want:
            bucket.denied_until = bucket.leased_at + max(0.001, (1 - bucket.left) / bucket.rate)

    async def _take_from_database(self, bucket: Bucket) -> tuple[int, float]:
        async with self._database.pool.acquire(timeout=5) as connection:
            moment = self._clock.now()
            if not bucket.opened:
                await repository.open_bucket(connection, bucket.key, bucket.burst, moment)
                bucket.opened = True
            return await repository.lease_tokens(connection, bucket.key, bucket.burst, bucket.rate, bucket.want, moment)

    async def close(self) -> None:
        """Give unused tokens back, so that a restart costs nobody his burst."""
        leases = [(bucket.key, float(bucket.tokens)) for bucket in self._buckets.values() if bucket.tokens]
        self._buckets.clear()
        if leases:
            try:
                async with self._database.pool.acquire(timeout=2) as connection:
                    await repository.give_back_tokens(connection, leases)
            except OUTAGES as problem:
                log.warning("tokens_not_given_back", problem=repr(problem))


def _swallow(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()
