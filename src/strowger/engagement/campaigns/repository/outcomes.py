"""What became of a campaign's messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, select

from strowger.console.sql_source import SqlSource, contains
from strowger.engagement.campaigns.models import CampaignChunk
from strowger.engagement.campaigns.schemas import Kept
from strowger.foundation.database import Connection, Database
from strowger.messaging.models import Message

OUTCOMES = """
SELECT k.batch, m.status, m.trace, count(*) AS messages, sum(m.units) AS units,
    coalesce(sum(m.price) FILTER (WHERE NOT m.refunded), 0) AS cost
FROM campaign_chunk k JOIN message m ON m.account_id = k.account_id AND m.request_id = k.request_id
WHERE k.account_id = $1 AND k.campaign_id = $2 GROUP BY k.batch, m.status, m.trace
"""
CLICKS = """
SELECT count(*) FILTER (WHERE t.clicks > 0) AS clickers, count(*) FILTER (WHERE t.clicks = 0) AS others,
    coalesce(sum(t.clicks), 0) AS clicks
FROM campaign_chunk k JOIN short_link_token t ON t.account_id = k.account_id AND t.request_id = k.request_id
WHERE k.account_id = $1 AND k.campaign_id = $2 AND t.token IS NOT NULL
"""
LINK = "SELECT clicks FROM short_link WHERE account_id = $1 AND slug = $2"
# A chunk's messages are numbered as its contacts that were not left out stand.
REPLAY = f"""
WITH sent AS (
    SELECT c.row, c.line, c.recipient, c.cells, k.request_id,
        row_number() OVER (PARTITION BY k.request_id ORDER BY c.row) AS n
    FROM campaign_chunk k JOIN campaign_contact c ON c.account_id = k.account_id AND c.campaign_id = k.campaign_id
        AND c.row BETWEEN k.first_row AND k.last_row AND c.state = {int(Kept.YES)}
    WHERE k.account_id = $1 AND k.campaign_id = $2
)
INSERT INTO campaign_contact (account_id, campaign_id, row, line, recipient, cells)
SELECT $1, $3, row_number() OVER (ORDER BY s.row), s.line, s.recipient, s.cells
FROM sent s JOIN message m ON m.account_id = $1 AND m.request_id = s.request_id AND m.n = s.n
WHERE m.status = ANY($4::smallint[]) OR ($5 AND EXISTS (SELECT FROM short_link_token t WHERE t.account_id = $1
        AND t.request_id = m.request_id AND t.n = m.n AND t.clicks > 0))
    OR ($6 AND EXISTS (SELECT FROM short_link_token t WHERE t.account_id = $1
        AND t.request_id = m.request_id AND t.n = m.n AND t.token IS NOT NULL AND t.clicks = 0))
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Outcome:
    """Messages of a batch with one status and trace, their parts, and what they cost (refunds taken off)."""

    batch: int
    status: int
    trace: str
    messages: int
    units: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Clicks:
    """Recipients who opened their own link, who did not, and all openings."""

    clickers: int
    others: int
    clicks: int


async def outcomes(connection: Connection, account_id: int, campaign_id: UUID) -> list[Outcome]:
    """All messages of a campaign by batch, status and trace."""
    return [Outcome(**dict(row)) for row in await connection.fetch(OUTCOMES, account_id, campaign_id)]


async def clicks(connection: Connection, account_id: int, campaign_id: UUID, slug: str) -> Clicks:
    """The openings of a campaign's link, recipient by recipient where it is tracked."""
    row = await connection.fetchrow(CLICKS, account_id, campaign_id)
    shared = await connection.fetchval(LINK, account_id, slug) if slug else 0
    assert row is not None
    return Clicks(row["clickers"], row["others"], max(int(row["clicks"]), shared or 0))


async def choose(
    connection: Connection,
    account_id: int,
    old: UUID,
    new: UUID,
    statuses: Sequence[int],
    clicked: bool,
    unclicked: bool,
) -> None:
    """Give a campaign those contacts of another one whose messages have one of the statuses, or whose link was (not) opened."""
    await connection.execute(REPLAY, account_id, old, new, list(statuses), clicked, unclicked)


def source(database: Database, campaign_id: UUID) -> SqlSource:
    """The messages of a campaign, for its report."""
    m, k = Message.__table__.c, CampaignChunk.__table__.c
    both = Message.__table__.join(
        CampaignChunk.__table__, and_(k.account_id == m.account_id, k.request_id == m.request_id)
    )
    columns = (
        m.request_id, m.n, k.batch, m.sender, m.recipient, m.body, m.type, m.units, m.status, m.trace, m.price, m.country,
        m.created_at, m.sent_at, m.final_at,
    )  # fmt: skip
    return SqlSource(
        database, select(*columns).select_from(both).where(k.campaign_id == campaign_id), m.account_id, ("request_id", "n"),
        columns=dict(m.items()), nullable=frozenset({"price", "sent_at", "final_at"}),
        search=lambda text: contains(m.recipient, text.strip().lstrip("+")),
        filters={"status": lambda chosen: m.status.in_([int(one) for one in chosen])},
    )  # fmt: skip
