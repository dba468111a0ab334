"""Which messages there are."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from strowger.foundation.database import Queryable

KNOWN = "SELECT request_id, n FROM message WHERE account_id = $1 AND request_id = ANY ($2::uuid[])"


async def known(connection: Queryable, account_id: int, request_ids: Collection[UUID]) -> set[tuple[UUID, int]]:
    """The messages of an account that came with these requests."""
    rows = await connection.fetch(KNOWN, account_id, list(request_ids))
    return {(row["request_id"], row["n"]) for row in rows}
