"""Changes of an account's settings."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from strowger.platform.accounts.models import Account
from strowger.platform.accounts.repository import tell_changed


async def account(session: AsyncSession, account_id: int) -> Account:
    """The account, locked until the transaction ends."""
    return await session.get_one(Account, account_id, with_for_update=True)


async def change_settings(session: AsyncSession, account_id: int, **values: Any) -> Account:
    """Set keys of the settings; other processes hear of it."""
    found = await account(session, account_id)
    found.settings = {**found.settings, **values}
    await tell_changed(session, account_id)
    return found
