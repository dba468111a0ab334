"""Queries of attempts in the order in which they were written, always of one account.

Attempts are written by several workers at once, so neither their time nor an id tells in which order they become visible. The
transaction does: every transaction before the oldest one that still runs is finished, and what it wrote can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from strowger.foundation.database import Queryable

HORIZON = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS settled,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next
"""
SINCE = """
SELECT a.transaction_id, a.callback_id, a.attempt, a.at, a.event, a.request_id, a.n, a.profile_id, p.pod, a.method, a.url,
    a.outcome, a.http_status, a.error, a.duration_ms, a.request_headers, a.request_body, a.response_headers, a.response_body
FROM callback_attempt a LEFT JOIN callback_profile p ON p.account_id = a.account_id AND p.id = a.profile_id
WHERE a.account_id = $1 AND a.transaction_id >= $2 AND a.transaction_id < $5
  AND (a.transaction_id, a.callback_id, a.attempt) > ($2, $3::uuid, $4::smallint)
  AND a.at >= $6 AND ($7::text IS NULL OR a.event = $7)
  AND (cardinality($8::smallint[]) = 0 OR a.outcome = ANY($8::smallint[]))
ORDER BY a.transaction_id, a.callback_id, a.attempt LIMIT $9
"""


async def horizon(connection: Queryable) -> tuple[int, int]:
    """The transaction before which all are finished, and the one that comes next."""
    row = (await connection.fetch(HORIZON))[0]
    return row["settled"], row["next"]


async def since(
    connection: Queryable,
    account_id: int,
    after: tuple[int, UUID, int],
    settled: int,
    earliest: datetime,
    event: str | None,
    outcomes: Sequence[int],
    limit: int,
) -> list[Any]:
    """Attempts after a place (transaction, callback, number of the attempt) and before the transaction ``settled``."""
    return await connection.fetch(SINCE, account_id, *after, settled, earliest, event, list(outcomes), limit)
