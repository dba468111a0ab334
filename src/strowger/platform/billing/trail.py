"""What others do to an account's money stands in that account's own audit log, too: the operator, a payment service, the clock.

The operator's pages leave an entry in the operator's log by themselves; the customer sees that one no more than other customers do.
"""

from __future__ import annotations

from strowger.foundation.context import Context
from strowger.platform.audit import service as audit

OPERATOR, SERVICE, CLOCK = "operator", "payment service", "installation"


async def note(context: Context, account_id: int, role: str, by: str, action: str, **fields: object) -> None:
    """An entry in the log of an account, once the act itself is committed."""
    await audit.note(context, account_id, role, by, action, **fields)
