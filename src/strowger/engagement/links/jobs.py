"""Upkeep of short links."""

from __future__ import annotations

from datetime import timedelta

from strowger.engagement.links import repository
from strowger.foundation.context import Context

CHUNK = 5_000


async def forget_clicks(context: Context) -> int:
    """Delete clicks past retention; the counts of their links stay. Returns how many."""
    before = context.clock.now() - timedelta(days=context.settings.retention_days)
    total, count = 0, CHUNK
    while count == CHUNK:
        count = await context.database.run(lambda c: repository.forget_clicks(c, before, CHUNK))
        total += count
    return total
