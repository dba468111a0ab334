"""Which messages there are."""

from __future__ import annotations

from collections.abc import Collection

from strowger.foundation.database import Connection
from strowger.foundation.ids import parse_message_id

KNOWN = """
SELECT account_id, request_id, n FROM message WHERE account_id = ANY ($1::bigint[]) AND request_id = ANY ($2::uuid[])
"""


async def known(connection: Connection, account_ids: Collection[int], keys: Collection[str]) -> set[tuple[int, str]]:
    """Account and id of those messages of the accounts that there are."""
    ids = {key: found for key in keys if (found := parse_message_id(key))}
    rows = await connection.fetch(KNOWN, list(account_ids), list({request_id for request_id, _ in ids.values()}))
    there = {((row["request_id"], row["n"]), row["account_id"]) for row in rows}
    return {
        (account_id, key) for key, found in ids.items() for account_id in account_ids if (found, account_id) in there
    }
