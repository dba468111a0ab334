"""What access needs of SMS: the default sender of new accounts, and codes, sent through the accept step from an account of the
installation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from strowger.channels.sms.senders import repository
from strowger.channels.sms.senders.schemas import NewSender
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger
from strowger.foundation.phone import mask_number
from strowger.messaging.schemas import NewRequest, Priority
from strowger.platform.access.errors import CannotText
from strowger.platform.access.sign_up import register_opening
from strowger.platform.access.texting import register_texter
from strowger.platform.accounts import service as accounts
from strowger.platform.accounts.models import Account

log = get_logger(__name__)
VALID = timedelta(minutes=5)


async def send_code(state: Any, msisdn: str, text: str) -> None:
    """Accept a one-time code for a number; STROWGER_CODE_ACCOUNT sends and pays. Raises CannotText."""
    context: Context = state.context
    accepter = getattr(state, "accepter", None)
    account = await accounts.find_account(context, context.settings.code_account or None)
    if accepter is None or account is None:
        raise CannotText("This installation cannot send SMS.")
    async with context.database.acquire() as connection:
        sender = await repository.default_sender(connection, account.id)
    if sender is None:
        raise CannotText("No sender is set up from which codes could be sent. Ask the operator.")
    now = context.clock.now()
    request = NewRequest(
        account.id, new_uuid(), "OTP", sender, text, [msisdn], now, now + VALID, Priority.HIGH, source="System"
    )
    try:
        await accepter.accept(request)
    except StrowgerError as problem:
        log.warning("code_not_sent", to=mask_number(msisdn), problem=repr(problem))
        raise CannotText("The code cannot be sent now. Try again shortly.") from problem


async def add_default_sender(connection: Connection, context: Context, account: Account) -> None:
    """An account that signs up begins with a sender ID, from which its trial texts its own people (console.md 5.2)."""
    name = context.settings.default_sender
    if name:
        new = NewSender(name, None, "Every account begins with it", status="Approved", is_default=True)
        await repository.add_senders(connection, account.id, [new])


register_texter(send_code)
register_opening(add_default_sender)
