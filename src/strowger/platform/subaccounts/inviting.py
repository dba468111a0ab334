"""The links by which owners of sub-accounts are invited: kept as a digest, good once, for 72 hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.ids import new_token
from strowger.platform.accounts.service import token_hash
from strowger.platform.subaccounts import repository

INVITED = timedelta(hours=72)


async def new_link(context: Context, connection: Any, account_id: int) -> str:
    """Make a link; an earlier one of the sub-account ends."""
    token = new_token()
    await repository.invite(connection, account_id, token_hash(token), context.clock.now() + INVITED)
    return f"{context.settings.base_url}/join/{token}"


async def invited(context: Context, token: str) -> Mapping[str, Any] | None:
    """The sub-account to which a link invites; None when it has ended."""
    return await context.database.run(lambda c: repository.find_invite(c, token_hash(token), context.clock.now()))
