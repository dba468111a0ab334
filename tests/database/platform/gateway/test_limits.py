"""The shared token bucket: four processes admit together what one would (quality.md R-66)."""

from __future__ import annotations

import asyncio

import pytest

from strowger.foundation.clock import FrozenClock
from strowger.foundation.database import Database
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.limits import Limiter


async def admitted(limiter: Limiter, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            await limiter.take(1, None)
        except StrowgerError as problem:
            assert problem.code == "E429"  # noqa: PT017
        else:
            count += 1
    return count


@pytest.mark.parametrize(("rate", "burst"), [(100, 200), (1000, 2000)])
async def test_R66_four_processes_share_a_limit(database: Database, rate: int, burst: int) -> None:
    clock = FrozenClock()
    limiters = [Limiter(database, clock, rate, burst) for _ in range(4)]
    total = sum(await asyncio.gather(*(admitted(limiter, burst // 2) for limiter in limiters)))
    for _ in range(20):
        clock.advance(0.1)
        total += sum(await asyncio.gather(*(admitted(limiter, rate // 10) for limiter in limiters)))
    allowed = burst + rate * 2
    assert allowed * 0.98 <= total <= allowed


async def test_R66_what_idle_processes_hold_is_little(database: Database) -> None:
    clock = FrozenClock()
    limiters = [Limiter(database, clock, 1000, 2000) for _ in range(4)]
    total = 0
    for limiter in limiters[1:]:
        total += await admitted(limiter, 1)
    total += await admitted(limiters[0], 2100)
    assert 2000 * 0.98 <= total <= 2000
