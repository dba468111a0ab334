"""Texts that are erased before their messages: an account may keep them for fewer days (sms.md 7.6; Settings > Data)."""

from __future__ import annotations

from datetime import timedelta

from strowger.foundation.context import Context
from strowger.messaging.repository import erasing

UNDER_WAY = 7  # days; no message but a scheduled one is under way for longer
CHUNK = 2_000


async def erase_texts(context: Context) -> int:
    """Erase what is due, a bounded number in each transaction; returns how many texts. Two workers do no harm to each other."""
    now, total = context.clock.now(), 0
    for account in await context.database.run(erasing.wanted):
        account_id, days = account["account_id"], account["days"]
        until = now - timedelta(days=days)
        since = account["until"] or now - timedelta(days=context.settings.retention_days + 1)
        if days < UNDER_WAY:  # what was still under way at the last look keeps its text until it no longer is
            since = min(since, now - timedelta(days=UNDER_WAY)) - timedelta(hours=1)
        if until <= since:
            continue
        count = CHUNK
        while count == CHUNK:
            count = await context.database.run(
                lambda c, a=account_id, s=since, u=until: erasing.erase(c, a, s, u, CHUNK)  # type: ignore[misc]
            )
            total += count
        total += await context.database.run(lambda c, a=account_id, u=until: erasing.erase_scheduled(c, a, u))  # type: ignore[misc]
        await context.database.run(lambda c, a=account_id, u=until: erasing.note_erased(c, a, u))  # type: ignore[misc]
    return total
