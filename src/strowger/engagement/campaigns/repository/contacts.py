"""The contacts of campaigns: written by COPY, sorted out in sets, read in runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from strowger.console.sql_source import SqlSource, contains
from strowger.engagement.campaigns.models import CampaignContact
from strowger.engagement.campaigns.schemas import Contact, Kept
from strowger.foundation.database import Connection, Database
from strowger.foundation.ids import uuid_floor
from strowger.platform.blocklist.sharing import P_SHARES

MARKED_AT_ONCE = 5_000
Row = tuple[int, int, str, Sequence[str], int]  # row, line, recipient, cells, state
CLEAR = "DELETE FROM campaign_contact WHERE account_id = $1 AND campaign_id = $2"
# The table has no statistics while a campaign's rows are being written, so these are statements that can be run in one way
# only: rows are found in one pass, then changed by their key.
DUPLICATES = f"""
SELECT row FROM (
    SELECT row, row_number() OVER (PARTITION BY recipient ORDER BY row) AS place FROM campaign_contact
    WHERE account_id = $1 AND campaign_id = $2 AND state = {int(Kept.YES)}
) d WHERE place > 1
"""  # noqa: S608
ANY_BLOCKED = "SELECT EXISTS (SELECT FROM blocklist_entry WHERE account_id = $1 AND channel = $2)"
BLOCKED = f"""
SELECT c.row FROM campaign_contact c WHERE c.account_id = $1 AND c.campaign_id = $2 AND c.state = {int(Kept.YES)}
    AND (SELECT true FROM blocklist_entry b WHERE b.account_id = $1 AND b.channel = $3 AND b.address = c.recipient)
"""  # noqa: S608
COUNTS = (
    "SELECT state, count(*) AS count FROM campaign_contact WHERE account_id = $1 AND campaign_id = $2 GROUP BY state"
)
FIRST = f"""
SELECT row, recipient, cells FROM campaign_contact
WHERE account_id = $1 AND campaign_id = $2 AND state = {int(Kept.YES)} ORDER BY row LIMIT $3
"""  # noqa: S608
EVENLY = f"""
SELECT row, recipient, cells FROM campaign_contact
WHERE account_id = $1 AND campaign_id = $2 AND state = {int(Kept.YES)} AND row % $3 = 0 LIMIT $4
"""  # noqa: S608
NTH = f"""
SELECT row FROM campaign_contact
WHERE account_id = $1 AND campaign_id = $2 AND state = {int(Kept.YES)} ORDER BY row OFFSET $3 LIMIT 1
"""  # noqa: S608
# Blocked meanwhile or by the parent's list where that is shared, or (since $6) messaged by anything that was accepted before $7.
TAKE = f"""
SELECT c.row, c.recipient, c.cells,
    EXISTS (SELECT FROM blocklist_entry b WHERE b.account_id IN ($1, s.id) AND b.channel = $8 AND b.address = c.recipient)
        AS blocked,
    $6::uuid IS NOT NULL AND EXISTS (SELECT FROM message m WHERE m.account_id = $1 AND m.recipient = c.recipient
        AND m.request_id >= $6 AND m.request_id < $7 AND m.direction = 0) AS recent
FROM campaign_contact c LEFT JOIN (
    SELECT p.id FROM account a JOIN account p ON p.id = a.parent_id WHERE a.id = $1 AND {P_SHARES}
) s ON true
WHERE c.account_id = $1 AND c.campaign_id = $2 AND c.row > $3 AND c.row <= $4 AND c.state = {int(Kept.YES)}
ORDER BY c.row LIMIT $5
"""  # noqa: S608
MARK = """
UPDATE campaign_contact c SET state = t.state FROM unnest($3::integer[], $4::smallint[]) AS t(row, state)
WHERE c.account_id = $1 AND c.campaign_id = $2 AND c.row = t.row
"""
COPY = """
INSERT INTO campaign_contact (account_id, campaign_id, row, line, recipient, cells, state)
SELECT $1, $2, row, line, recipient, cells, CASE WHEN state = 4 THEN 0 ELSE state END
FROM campaign_contact WHERE account_id = $1 AND campaign_id = $3
"""


async def clear(connection: Connection, account_id: int, campaign_id: UUID) -> None:
    """Remove all contacts."""
    await connection.execute(CLEAR, account_id, campaign_id)


async def add(connection: Connection, account_id: int, campaign_id: UUID, rows: Iterable[Row]) -> None:
    """Write contacts by COPY."""
    records = [(account_id, campaign_id, *row) for row in rows]
    names = ["account_id", "campaign_id", "row", "line", "recipient", "cells", "state"]
    await connection.copy_records_to_table("campaign_contact", records=records, columns=names)


async def mark(connection: Connection, account_id: int, campaign_id: UUID, states: Mapping[int, int]) -> None:
    """Set the state of contacts by row."""
    numbers = list(states)
    for start in range(0, len(numbers), MARKED_AT_ONCE):
        rows = numbers[start : start + MARKED_AT_ONCE]
        await connection.execute(MARK, account_id, campaign_id, rows, [states[row] for row in rows])


async def mark_duplicates(connection: Connection, account_id: int, campaign_id: UUID) -> None:
    """Leave out all but the first contact of each number."""
    rows = await connection.fetch(DUPLICATES, account_id, campaign_id)
    await mark(connection, account_id, campaign_id, {row["row"]: int(Kept.DUPLICATE) for row in rows})


async def mark_blocked(connection: Connection, account_id: int, campaign_id: UUID, channel: str) -> None:
    """Leave out who is on the account's blocklist."""
    if not await connection.fetchval(ANY_BLOCKED, account_id, channel):
        return
    rows = await connection.fetch(BLOCKED, account_id, campaign_id, channel)
    await mark(connection, account_id, campaign_id, {row["row"]: int(Kept.BLOCKED) for row in rows})


async def counts(connection: Connection, account_id: int, campaign_id: UUID) -> dict[int, int]:
    """How many contacts there are in each state."""
    return {row["state"]: row["count"] for row in await connection.fetch(COUNTS, account_id, campaign_id)}


def _contacts(rows: Iterable[Any]) -> list[Contact]:
    return [Contact(row["row"], row["recipient"], row["cells"]) for row in rows]


async def first(connection: Connection, account_id: int, campaign_id: UUID, limit: int) -> list[Contact]:
    """The first contacts that are sent to."""
    return _contacts(await connection.fetch(FIRST, account_id, campaign_id, limit))


async def spread(connection: Connection, account_id: int, campaign_id: UUID, every: int, limit: int) -> list[Contact]:
    """Every so-many-th of the contacts that are sent to."""
    return _contacts(await connection.fetch(EVENLY, account_id, campaign_id, every, limit))


async def nth(connection: Connection, account_id: int, campaign_id: UUID, n: int) -> int | None:
    """The row of the n-th contact that is sent to, counted from 1."""
    row: int | None = await connection.fetchval(NTH, account_id, campaign_id, n - 1)
    return row


async def take(
    connection: Connection, account_id: int, campaign_id: UUID, channel: str, after: int, last: int, limit: int,
    since: datetime | None, until: datetime,
) -> tuple[list[Contact], dict[int, int], int | None]:  # fmt: skip
    """The next contacts beyond the row ``after``: those to send to, those left out now (row: state), and the last row seen.

    ``since`` leaves out who had a message from the account between then and ``until``; None: nobody.
    """
    low = uuid_floor(since) if since else None
    rows = await connection.fetch(TAKE, account_id, campaign_id, after, last, limit, low, uuid_floor(until), channel)
    out = {
        row["row"]: int(Kept.BLOCKED if row["blocked"] else Kept.RECENT)
        for row in rows
        if row["blocked"] or row["recent"]
    }
    await mark(connection, account_id, campaign_id, out)
    kept = _contacts(row for row in rows if row["row"] not in out)
    return kept, out, rows[-1]["row"] if len(rows) == limit else None


async def copy(connection: Connection, account_id: int, new: UUID, old: UUID) -> None:
    """Give a campaign the contacts of another one of the account."""
    await connection.execute(COPY, account_id, new, old)


def source(database: Database, campaign_id: UUID) -> SqlSource:
    """The contacts of a campaign, for a table."""
    c = CampaignContact.__table__.c
    chosen = select(
        c.row, c.line, c.recipient, c.state, func.array_to_string(c.cells, " | ").label("cells")
    ).where(c.campaign_id == campaign_id)  # fmt: skip
    return SqlSource(
        database, chosen, c.account_id, ("row",), search=lambda text: contains(c.recipient, text.strip().lstrip("+")),
        filters={"state": lambda chosen: c.state.in_([int(one) for one in chosen])},
    )  # fmt: skip
