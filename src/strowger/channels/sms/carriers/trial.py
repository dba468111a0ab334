"""A test send: one message through exactly one carrier, accepted like any other of the account that asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from strowger.channels.sms import fields
from strowger.channels.sms.senders.service import check_sender
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.messaging.accept import Accepter
from strowger.messaging.route import PINNED
from strowger.messaging.routing import service as routing
from strowger.messaging.schemas import NewRequest, Priority
from strowger.platform.gateway.keys import Principal

VALID_MINUTES = 15
MAX_BODY = 1600


async def send_test(
    context: Context, accepter: Accepter, principal: Principal, carrier: str, *, to: str, sender: str, body: str
) -> UUID:
    """Accept a message that may take this carrier only; returns the id of its request. It is screened and priced as ever.

    Raises StrowgerError CARRIER-NOT-FOUND; E602 and E603 for ``to``, E605 for ``sender``, E606 and E607 for ``body``.
    """
    found = await routing.find_carrier(context, carrier)
    numbers, invalid = fields.read_recipients(to, None, principal.country, False)
    if invalid or len(numbers) != 1:
        raise StrowgerError("E602" if invalid else "E603", "Enter one number in international form", field="to")
    if not body.strip():
        raise StrowgerError("E606", "Enter a text", field="body")
    if len(body) > MAX_BODY:
        raise StrowgerError("E607", f"At most {MAX_BODY} characters", field="body")
    await check_sender(context.database, context.clock, principal, sender)
    now = context.clock.now()
    options: dict[str, Any] = {PINNED: found.id}
    request = NewRequest(
        principal.account_id, new_uuid(), "TXN", sender, body, numbers, now, now + timedelta(minutes=VALID_MINUTES),
        Priority.HIGH, source="Console", options=options,
    )  # fmt: skip
    await accepter.accept(request)
    return request.request_id
