"""The batches of campaigns, and the requests that their rows became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from strowger.foundation.database import Connection

WAITING, RUNNING, DONE, CANCELLED = "scheduled", "processing", "submitted", "cancelled"
LABELS = {WAITING: "Scheduled", RUNNING: "Processing", DONE: "Submitted", CANCELLED: "Cancelled"}
TONES = {WAITING: "info", RUNNING: "info", DONE: "success", CANCELLED: "neutral"}
ADD = """
INSERT INTO campaign_batch (account_id, campaign_id, n, first_row, last_row, cursor, contacts, due_at)
SELECT $1, $2, t.n, t.first_row, t.last_row, t.first_row - 1, t.contacts, t.due_at
FROM unnest($3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::timestamptz[])
    AS t(n, first_row, last_row, contacts, due_at)
"""
CLEAR = "DELETE FROM campaign_batch WHERE account_id = $1 AND campaign_id = $2"
ALL = """
SELECT n, first_row, last_row, cursor, contacts, accepted, state, due_at, started_at, finished_at FROM campaign_batch
WHERE account_id = $1 AND campaign_id = $2 ORDER BY n
"""
ADVANCE = """
UPDATE campaign_batch SET cursor = $4, accepted = accepted + $5, state = $6, started_at = coalesce(started_at, $7),
    finished_at = CASE WHEN $6 = 'submitted' THEN $7 END
WHERE account_id = $1 AND campaign_id = $2 AND n = $3
"""
CANCEL = """
UPDATE campaign_batch SET state = 'cancelled', finished_at = $3
WHERE account_id = $1 AND campaign_id = $2 AND state IN ('scheduled', 'processing')
"""
MOVE = """
UPDATE campaign_batch SET due_at = $4 WHERE account_id = $1 AND campaign_id = $2 AND n = $3 AND state = 'scheduled' RETURNING n
"""
REMOVE = """
UPDATE campaign_batch SET state = 'cancelled', finished_at = $4
WHERE account_id = $1 AND campaign_id = $2 AND n = $3 AND state = 'scheduled' RETURNING n
"""
ADD_CHUNK = """
INSERT INTO campaign_chunk (account_id, campaign_id, request_id, batch, first_row, last_row) VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch's row, as models.CampaignBatch describes it."""

    n: int
    first_row: int
    last_row: int
    cursor: int
    contacts: int
    accepted: int
    state: str
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be sent."""
        return self.state in (WAITING, RUNNING)

    @property
    def label(self) -> str:
        """Its state in words."""
        return LABELS[self.state]

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return TONES[self.state]


async def add(
    connection: Connection, account_id: int, campaign_id: UUID, rows: Sequence[tuple[int, int, int, int, datetime]]
) -> None:
    """Set a campaign's batches: number, first and last row, contacts, when."""
    await connection.execute(CLEAR, account_id, campaign_id)
    await connection.execute(ADD, account_id, campaign_id, *(list(column) for column in zip(*rows, strict=True)))


async def of_campaign(connection: Connection, account_id: int, campaign_id: UUID) -> list[Batch]:
    """All batches of a campaign in order."""
    return [Batch(**dict(row)) for row in await connection.fetch(ALL, account_id, campaign_id)]


async def advance(
    connection: Connection,
    account_id: int,
    campaign_id: UUID,
    n: int,
    cursor: int,
    accepted: int,
    state: str,
    now: datetime,
) -> None:
    """Note that a batch is done up to a row, and how many more messages were accepted."""
    await connection.execute(ADVANCE, account_id, campaign_id, n, cursor, accepted, state, now)


async def cancel(connection: Connection, account_id: int, campaign_id: UUID, now: datetime) -> None:
    """Send nothing more of a campaign."""
    await connection.execute(CANCEL, account_id, campaign_id, now)


async def move(connection: Connection, account_id: int, campaign_id: UUID, n: int, due_at: datetime) -> bool:
    """Let a batch that has not begun go at another time; False when there is none."""
    return await connection.fetchval(MOVE, account_id, campaign_id, n, due_at) is not None


async def remove(connection: Connection, account_id: int, campaign_id: UUID, n: int, now: datetime) -> bool:
    """Do not send a batch that has not begun; False when there is none."""
    return await connection.fetchval(REMOVE, account_id, campaign_id, n, now) is not None


async def add_chunk(
    connection: Connection, account_id: int, campaign_id: UUID, request_id: UUID, batch: int, first: int, last: int
) -> None:
    """Note which request a run of rows became."""
    await connection.execute(ADD_CHUNK, account_id, campaign_id, request_id, batch, first, last)
