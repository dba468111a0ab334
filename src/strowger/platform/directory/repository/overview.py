"""What the overview of the directory shows: counts of everything in it, in one statement each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection

CONTACTS = """
SELECT source, count(*) AS count, count(*) FILTER (WHERE created_at >= $2) AS recent FROM contact WHERE account_id = $1
GROUP BY source ORDER BY 2 DESC, 1
"""
BLOCKED = (
    "SELECT channel, count(*) AS count FROM blocklist_entry WHERE account_id = $1 GROUP BY channel ORDER BY 2 DESC, 1"
)
OTHERS = """
SELECT (SELECT count(*) FROM opt_out WHERE account_id = $1) AS opt_outs,
       (SELECT count(*) FROM contact_field WHERE account_id = $1) AS fields,
       (SELECT count(*) FROM lookup_request WHERE account_id = $1 AND created_at >= $2) AS lookups
"""
IMPORTS = """
SELECT id, name, mode, state, total, counts, created_at FROM contact_import WHERE account_id = $1
ORDER BY created_at DESC, id DESC LIMIT $2
"""


async def contacts(connection: Connection, account_id: int, since: datetime) -> list[Mapping[str, Any]]:
    """Contacts by what made them (``source``): ``count``, and how many of them are newer than ``since``."""
    return await connection.fetch(CONTACTS, account_id, since)


async def blocked(connection: Connection, account_id: int) -> list[Mapping[str, Any]]:
    """Blocked addresses by channel."""
    return await connection.fetch(BLOCKED, account_id)


async def others(connection: Connection, account_id: int, since: datetime) -> Mapping[str, Any]:
    """``opt_outs``, custom ``fields``, and ``lookups`` since a moment."""
    found: Mapping[str, Any] | None = await connection.fetchrow(OTHERS, account_id, since)
    assert found is not None
    return found


async def imports(connection: Connection, account_id: int, limit: int) -> list[Mapping[str, Any]]:
    """The latest imports."""
    return await connection.fetch(IMPORTS, account_id, limit)
