"""Announcing, and what a page shows above its content."""

from __future__ import annotations

from datetime import datetime

from strowger.console.layout import Notice, register_notices
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.platform.announcements import repository
from strowger.platform.announcements.models import Announcement

SHOWN, LISTED = 3, 200
TONES = {"info": "Information", "success": "Good news", "warning": "Warning", "danger": "Incident"}


async def save(
    context: Context, number: int | None, title: str, body: str, tone: str, link: str, starts_at: datetime,
    ends_at: datetime, by: str,
) -> Announcement | None:  # fmt: skip
    """Make or change an announcement; None when there is none of that number. A change does not show it again."""
    async with context.database.session() as session:
        row = Announcement(created_at=context.clock.now()) if number is None else await repository.one(session, number)
        if row is None:
            return None
        row.title, row.body, row.tone, row.link = title, body, tone, link
        row.starts_at, row.ends_at, row.by_user = starts_at, ends_at, by
        session.add(row)
    return row


async def end(context: Context, number: int) -> None:
    """Show it no more from now on; it stays in the list of what's new."""
    now = context.clock.now()
    async with context.database.session() as session:
        row = await repository.one(session, number)
        if row is not None:
            row.ends_at = min(row.ends_at, now)


async def notices(context: Context, visitor: Visitor) -> list[Notice]:
    """What a user has not dismissed yet."""
    async with context.database.session() as session:
        rows = await repository.unread(session, visitor.user_id, context.clock.now(), SHOWN)
    return [Notice(f"/announcements/{row.id}/dismiss", row.title, row.body, row.tone, row.link) for row in rows]


register_notices(notices)
