"""Addresses that their user gave up some days ago and may take back: nobody else gets them meanwhile."""

from __future__ import annotations

from datetime import timedelta

from strowger.foundation.context import Context
from strowger.foundation.tenancy import across_accounts
from strowger.platform.access.repository import emails

UNDO_DAYS = 7


async def is_kept(context: Context, email: str, but: int = 0) -> bool:
    """Whether an address is kept for the user who had it; ``but`` is the user who asks."""
    since = context.clock.now() - timedelta(days=UNDO_DAYS)
    with across_accounts():
        async with context.database.session() as session:
            return await emails.was_left_since(session, email.strip().lower(), since, but)
