"""The rows of campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, or_, select

from strowger.console.sql_source import SqlSource, contains
from strowger.engagement.campaigns.models import Campaign as CampaignRow
from strowger.engagement.campaigns.schemas import Campaign, campaign_of
from strowger.foundation.database import Connection, Database, change_row

ADD = """
INSERT INTO campaign (account_id, id, channel, name, sender, type, pace, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account_id, name) DO NOTHING RETURNING id
"""
FIND = "SELECT * FROM campaign WHERE account_id = $1 AND id = $2"
LOCK = FIND + " FOR UPDATE"  # scope: FIND names account_id
DELETE = "DELETE FROM campaign WHERE account_id = $1 AND id = $2"
DELETE_CONTACTS = "DELETE FROM campaign_contact WHERE account_id = $1 AND campaign_id = $2"
TAKEN = "SELECT name FROM campaign WHERE account_id = $1 AND starts_with(name, $2)"
COPY = """
UPDATE campaign n SET content = o.content, columns = o.columns, options = o.options, source = o.source,
    source_name = o.source_name, total = o.total, valid = o.valid, invalid = o.invalid, duplicates = o.duplicates,
    blocked = o.blocked
FROM campaign o WHERE n.account_id = $1 AND n.id = $2 AND o.account_id = $1 AND o.id = $3
"""
ANY_LAUNCHED = "SELECT EXISTS (SELECT FROM campaign WHERE account_id = $1 AND channel = $2 AND launched_at IS NOT NULL)"
# scope: the worker serves every account; a row that another worker has is passed over, and those of suspended accounts wait
LOCK_DUE = """
SELECT c.* FROM campaign c JOIN account a ON a.id = c.account_id LEFT JOIN account p ON p.id = a.parent_id
WHERE c.next_at <= $1 AND a.state <> 'suspended' AND coalesce(p.state, '') <> 'suspended'
ORDER BY c.next_at LIMIT 1 FOR UPDATE OF c SKIP LOCKED
"""
# scope: upkeep of the whole installation
OLD = """
SELECT c.account_id, c.id FROM campaign c WHERE c.finished_at < $1 AND EXISTS (
    SELECT FROM campaign_contact k WHERE k.account_id = c.account_id AND k.campaign_id = c.id
) LIMIT 20
"""
CHANGEABLE = frozenset(
    {
        "state", "sender", "type", "content", "plan", "options", "source", "source_name", "file_id", "columns", "total",
        "valid", "invalid", "duplicates", "blocked", "recent", "accepted", "pace", "reason", "replay_of", "launched_at",
        "first_at", "finished_at", "next_at",
    }
)  # fmt: skip


async def any_launched(connection: Connection, account_id: int, channel: str) -> bool:
    """Whether the account has launched a campaign of a channel before."""
    return bool(await connection.fetchval(ANY_LAUNCHED, account_id, channel))


async def add(
    connection: Connection, account_id: int, campaign_id: UUID, channel: str, name: str, sender: str, type_: str, pace: int,
    by: str, now: datetime,
) -> bool:  # fmt: skip
    """Add a draft; False when the account has a campaign of that name."""
    made = await connection.fetchval(ADD, account_id, campaign_id, channel, name, sender, type_, pace, by, now)
    return made is not None


async def find(connection: Connection, account_id: int, campaign_id: UUID) -> Campaign | None:
    """A campaign of an account."""
    return campaign_of(await connection.fetchrow(FIND, account_id, campaign_id))


async def lock(connection: Connection, account_id: int, campaign_id: UUID) -> Campaign | None:
    """A campaign that stays as it is until the transaction ends; waits while a worker has it."""
    return campaign_of(await connection.fetchrow(LOCK, account_id, campaign_id))


async def lock_due(connection: Connection, now: datetime) -> Campaign | None:
    """The campaign of any account that waits longest for the worker, unless another worker has it."""
    return campaign_of(await connection.fetchrow(LOCK_DUE, now))


async def change(connection: Connection, account_id: int, campaign_id: UUID, **values: Any) -> None:
    """Set columns of a campaign."""
    await change_row(connection, "campaign", CHANGEABLE, account_id, campaign_id, values)


async def delete(connection: Connection, account_id: int, campaign_id: UUID) -> None:
    """Remove a campaign with its contacts and batches; its file is the caller's."""
    await connection.execute(DELETE_CONTACTS, account_id, campaign_id)
    await connection.execute(DELETE, account_id, campaign_id)


async def names(connection: Connection, account_id: int, beginning: str) -> set[str]:
    """The names that begin with a text."""
    return {row["name"] for row in await connection.fetch(TAKEN, account_id, beginning)}


async def copy(connection: Connection, account_id: int, new: UUID, old: UUID) -> None:
    """Give a campaign the message and the counts of contacts of another one of the account."""
    await connection.execute(COPY, account_id, new, old)


async def forget_contacts(connection: Connection, before: datetime) -> int:
    """Delete the contacts of campaigns that ended before a moment, of some at a time; returns of how many."""
    rows = await connection.fetch(OLD, before)
    for row in rows:
        await connection.execute(DELETE_CONTACTS, row["account_id"], row["id"])
    return len(rows)


def source(database: Database, channel: str) -> SqlSource:
    """The campaigns of an account on a channel, newest first."""
    c = CampaignRow.__table__.c
    chosen = select(
        c.id, c.name, c.state, c.sender, c.type, c.total, c.valid, c.accepted, c.created_by, c.created_at, c.launched_at,
        c.next_at, c.first_at,
    ).where(c.channel == channel)  # fmt: skip
    return SqlSource(
        database, chosen, c.account_id, ("id",), nullable=frozenset({"launched_at"}),
        search=lambda text: or_(contains(c.name, text), cast(c.id, String).startswith(text.strip().lower(), autoescape=True)),
    )  # fmt: skip
