"""The list of sender IDs (sms.md 3.12)."""

from __future__ import annotations

from strowger.channels.sms import repository
from strowger.channels.sms.schemas import encode
from strowger.channels.sms.service import describe_sender
from strowger.platform.gateway.operations import Answer, Call

MAX_LISTED = 5_000


async def list_senders(call: Call) -> Answer:
    """All sender IDs of the account."""
    async with call.state.context.database.pool.acquire(timeout=5) as connection:
        rows = await repository.senders(connection, call.principal.account_id, MAX_LISTED)
    data = [describe_sender(row) for row in rows]
    return Answer(200, encode({"code": "MSG110", "message": "Sender ID list", "data": data, "error": {}}))
