"""Owners are told once when 80 and 100 per cent of a country's limit are used (sms.md 7.6)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from strowger.platform.guard.alerts import tell_owners
from tests.report_kit import Desk

COUNT = """
INSERT INTO usage_counter (account_id, name, period, count) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, name, period) DO UPDATE SET count = excluded.count
"""
TODAY = datetime(2026, 3, 20, tzinfo=UTC)


async def test_each_mark_is_told_once(desk: Desk) -> None:
    context = desk.house.context
    await desk.pool.execute(
        "INSERT INTO country_limit (account_id, country, daily) VALUES ($1, 'GB', 100)", desk.account
    )

    async def used(count: int, day: datetime = TODAY) -> list[str]:
        before = len(await desk.house.mails("country-limit"))
        await desk.pool.execute(COUNT, desk.account, "day:GB", day, count)
        await asyncio.gather(*(tell_owners(context) for _ in range(3)))
        return [mail["subject"] for mail in (await desk.house.mails("country-limit"))[before:]]

    assert await used(79) == []
    assert await used(80) == ["Ada Ltd: 80 % of the daily limit of 100 messages to GB are used"]
    assert await used(99) == []
    assert await used(100) == ["Ada Ltd: 100 % of the daily limit of 100 messages to GB are used"]
    assert await used(100) == []
    assert await used(100, TODAY.replace(day=18)) == []  # long over
    desk.house.clock.advance(86_400)
    assert await used(100, TODAY.replace(day=21)) == [
        "Ada Ltd: 100 % of the daily limit of 100 messages to GB are used"
    ]
