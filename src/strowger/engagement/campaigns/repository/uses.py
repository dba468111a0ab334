"""What the SMS channel asks of campaigns (``channels/sms/uses.py``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from strowger.engagement.campaigns.schemas import State
from strowger.foundation.database import Connection

TO_COME = f"channel = 'sms' AND state IN ('{State.SCHEDULED}', '{State.PROCESSING}', '{State.PARTIAL}')"
SENDERS = f"SELECT DISTINCT sender FROM campaign WHERE account_id = $1 AND {TO_COME} AND sender = ANY($2::text[])"  # noqa: S608
TEMPLATE = f"""
SELECT EXISTS (SELECT FROM campaign WHERE account_id = $1 AND {TO_COME} AND content ->> 'template_id' = $2)
"""  # noqa: S608
LAUNCHED = """
SELECT c.id, c.name, c.source, c.created_by, c.launched_at, c.total, c.valid, c.invalid, c.duplicates, c.blocked,
    (SELECT count(*) FROM campaign_batch b WHERE b.account_id = c.account_id AND b.campaign_id = c.id) AS batches
FROM campaign c WHERE c.account_id = $1 AND c.channel = 'sms' AND c.name = ANY($2)
"""
IDS = "SELECT name, id FROM campaign WHERE account_id = $1 AND channel = 'sms'"


async def senders_used(connection: Connection, account_id: int, names: Sequence[str]) -> set[str]:
    """Those of the senders under which campaigns are still to send."""
    return {row["sender"] for row in await connection.fetch(SENDERS, account_id, list(names))}


async def is_template_used(connection: Connection, account_id: int, template_id: str) -> bool:
    """Whether campaigns are still to send by a template."""
    return bool(await connection.fetchval(TEMPLATE, account_id, template_id))


async def launched(connection: Connection, account_id: int, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Those of the names that are campaigns, with what their launch counted."""
    return {row["name"]: row for row in await connection.fetch(LAUNCHED, account_id, list(names))}


async def ids(connection: Connection, account_id: int) -> dict[str, str]:
    """Ids of an account's campaigns by name."""
    return {row["name"]: str(row["id"]) for row in await connection.fetch(IDS, account_id)}
