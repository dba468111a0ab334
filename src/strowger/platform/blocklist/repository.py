"""All queries of the blocklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from strowger.console.sql_source import SqlSource
from strowger.foundation.database import Connection, Database
from strowger.platform.blocklist.models import BlocklistEntry
from strowger.platform.blocklist.sharing import A_MAY_SHARE, A_SHARES, P_SHARES

Pair = tuple[str, str]  # channel, address

ANY = "SELECT EXISTS (SELECT FROM blocklist_entry WHERE account_id = $1)"
ADD = """
INSERT INTO blocklist_entry (account_id, channel, address, source, reason, added_by, created_at)
SELECT $1, channel, address, $4, $5, $6, $7 FROM unnest($2::text[], $3::text[]) AS t(channel, address) ORDER BY 2, 3
ON CONFLICT DO NOTHING RETURNING address
"""
REMOVE = """
DELETE FROM blocklist_entry b USING unnest($2::text[], $3::text[]) AS t(channel, address)
WHERE b.account_id = $1 AND b.channel = t.channel AND b.address = t.address RETURNING b.address
"""
PAGE = """
SELECT address, channel, source, created_at FROM blocklist_entry
WHERE account_id = $1 AND ($2::text[] IS NULL OR channel = ANY($2))
ORDER BY created_at, channel, address LIMIT $3 OFFSET $4
"""
TOTAL = "SELECT count(*) FROM blocklist_entry WHERE account_id = $1 AND ($2::text[] IS NULL OR channel = ANY($2))"
FIND = """
SELECT b.address, b.channel, b.source, b.created_at FROM blocklist_entry b
JOIN unnest($2::text[], $3::text[]) AS t(channel, address)
  ON b.account_id = $1 AND b.channel = t.channel AND b.address = t.address
"""
# What an account chose for its sub-accounts, and what its own parent chose for it.
SHARING = f"""
SELECT {A_MAY_SHARE} AS may_share, {A_SHARES} AS shares, {P_SHARES} AS shared
FROM account a LEFT JOIN account p ON p.id = a.parent_id WHERE a.id = $1
"""  # noqa: S608
SHARE = f"""
UPDATE account a SET settings = settings || jsonb_build_object('share_blocklist', $2::boolean)
WHERE a.id = $1 AND {A_MAY_SHARE} RETURNING a.id
"""  # noqa: S608
# The last messages to numbers: those whose every one failed with a chosen trace are blocked (sms.md 7.7).
FAILED_IN_A_ROW = """
SELECT t.recipient FROM unnest($2::text[]) AS t(recipient) CROSS JOIN LATERAL (
    SELECT count(*) AS runs, count(*) FILTER (WHERE l.trace = ANY($3::text[])) AS failures FROM (
        SELECT m.trace FROM message m
        WHERE m.account_id = $1 AND m.recipient = t.recipient AND m.request_id >= $4 AND m.direction = 0
          AND m.final_at IS NOT NULL
        ORDER BY m.request_id DESC LIMIT $5
    ) l
) r WHERE r.runs >= $5 AND r.failures >= $5
"""


async def is_empty(connection: Connection, account_id: int) -> bool:
    """Whether an account blocks nobody."""
    return not await connection.fetchval(ANY, account_id)


async def add(
    connection: Connection, account_id: int, pairs: Sequence[Pair], source: str, reason: str, by: str, now: datetime
) -> int:
    """Add (channel, address); returns how many were new."""
    columns = [c for c, _ in pairs], [a for _, a in pairs]
    return len(await connection.fetch(ADD, account_id, *columns, source, reason, by, now))


async def remove(connection: Connection, account_id: int, pairs: Sequence[Pair]) -> int:
    """Remove (channel, address); returns how many were there."""
    return len(await connection.fetch(REMOVE, account_id, [c for c, _ in pairs], [a for _, a in pairs]))


async def page(
    connection: Connection, account_id: int, channels: Sequence[str] | None, limit: int, offset: int
) -> tuple[list[Any], int]:
    """Entries, oldest first, and how many there are in all."""
    total = await connection.fetchval(TOTAL, account_id, channels)
    return await connection.fetch(PAGE, account_id, channels, limit, offset), total


async def find(connection: Connection, account_id: int, pairs: Sequence[Pair]) -> list[Any]:
    """Those of (channel, address) that are blocked."""
    return await connection.fetch(FIND, account_id, [c for c, _ in pairs], [a for _, a in pairs])


async def sharing(connection: Connection, account_id: int) -> Mapping[str, Any]:
    """Whether an account may share its list, whether that applies to its sub-accounts, whether its parent's applies to it."""
    found: Mapping[str, Any] | None = await connection.fetchrow(SHARING, account_id)
    assert found is not None
    return found


async def share(connection: Connection, account_id: int, shares: bool) -> bool:
    """Say whether an account's list applies to its sub-accounts; False when it may not have any."""
    return await connection.fetchval(SHARE, account_id, shares) is not None


async def failed_in_a_row(
    connection: Connection, account_id: int, numbers: Sequence[str], traces: Sequence[str], since: Any, count: int
) -> list[str]:
    """Those of ``numbers`` whose last ``count`` final messages since an id all ended with one of ``traces``."""
    rows = await connection.fetch(FAILED_IN_A_ROW, account_id, list(numbers), list(traces), since, count)
    return [row["recipient"] for row in rows]


def _search(text: str) -> ColumnElement[bool]:
    column: Any = BlocklistEntry.__table__.c.address
    found: ColumnElement[bool] = column.contains(text.strip().lstrip("+").lower(), autoescape=True)
    return found


def source(database: Database) -> SqlSource:
    """The entries of an account, for a table."""
    b = BlocklistEntry.__table__.c
    chosen: Select[Any] = select(b.channel, b.address, b.source, b.reason, b.added_by, b.created_at)
    return SqlSource(database, chosen, b.account_id, ("address", "channel"), search=_search)
