"""Upkeep of receiving."""

from __future__ import annotations

from datetime import timedelta

from strowger.channels.sms.receive.repository import working
from strowger.foundation.context import Context

CHUNK = 5_000


async def forget(context: Context) -> int:
    """Delete the log of messages past retention, and counts that are over. Returns how many entries."""
    now = context.clock.now()
    before = now - timedelta(days=context.settings.retention_days)
    total, count = 0, CHUNK
    while count == CHUNK:
        count = await context.database.run(lambda c: working.forget(c, before, now, CHUNK))
        total += count
    return total
