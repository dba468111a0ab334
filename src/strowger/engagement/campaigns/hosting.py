"""Files that a campaign's link leads to (sms.md 9.2, step 3)."""

from __future__ import annotations

from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.links import hosting
from strowger.foundation.context import Context

MAX_HOSTED = hosting.MAX_HOSTED


async def host(context: Context, account_id: int, name: str, claimed: str, data: bytes, by: str) -> str:
    """Keep a file for as long as messages are kept; returns its long URL. Raises Refused."""
    try:
        return await hosting.host(context, account_id, name, claimed, data, by)
    except hosting.NotHosted as problem:
        raise Refused(str(problem), "url") from problem
