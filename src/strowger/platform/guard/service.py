"""What the guard is told: conversions, and blocks by hand."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from strowger.foundation.database import Connection
from strowger.foundation.notify import notify
from strowger.platform.guard import repository
from strowger.platform.guard.watch import minute_of, prefixes_of

PREFIX = re.compile(r"[1-9]\d{1,14}")


async def report_conversion(connection: Connection, account_id: int, number: str, now: datetime) -> None:
    """Somebody used what was sent to a number (digits): its prefixes earn trust."""
    minute = minute_of(now)
    rows = [(account_id, prefix, minute, 0, 1) for prefix in sorted(set(prefixes_of(number)))]
    await repository.add_traffic(connection, rows)


async def block_prefix(
    connection: Connection, account_id: int, prefix: str, reason: str, by: str, hours: int, now: datetime
) -> None:
    """Block a prefix (digits) for ``hours``; 0: until it is lifted. Raises ValueError for what is no prefix."""
    if not PREFIX.fullmatch(prefix):
        raise ValueError(prefix)
    until = now + timedelta(hours=hours) if hours else None
    await repository.block_by_hand(connection, account_id, prefix, reason, by, until, now)
    await notify(connection, "accounts", str(account_id))


async def lift(connection: Connection, account_id: int, block_id: int, by: str, now: datetime) -> str | None:
    """End a block; returns its prefix, None when the account has no such block in force."""
    return await repository.lift(connection, account_id, block_id, by, now)
