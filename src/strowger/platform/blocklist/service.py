"""Blocking and unblocking addresses: the brand's own list, which only the brand lifts (sms.md 11.1, platform.md 9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strowger.foundation.clock import utc_text
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.notify import notify
from strowger.foundation.phone import clean_number
from strowger.foundation.tenancy import across_accounts
from strowger.platform.blocklist import repository
from strowger.platform.blocklist.repository import Pair
from strowger.platform.directory.joining import ensure_contacts

SOURCES = {
    "api": "API", "manual": "Console", "import": "Import", "auto": "Automatic", "opt-out": "Opt-out", "operator": "Operator",
}  # fmt: skip
NO_SUBACCOUNTS = "Sub-accounts are not available to this account"
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]+")


def read_address(channel: str, text: str, home_country: str) -> str | None:
    """An address as it is stored: digits, or for email a lower-case address; None when it cannot be one."""
    if channel == "email":
        address = text.strip().lower()
        return address if EMAIL.fullmatch(address) else None
    return clean_number(text.strip(), None, home_country)


async def block(
    connection: Connection,
    account_id: int,
    pairs: Sequence[Pair],
    source: str,
    now: datetime,
    *,
    reason: str = "",
    by: str = "",
) -> int:
    """Block (channel, address); returns how many were not blocked before. The first one is told to the workers.

    Numbers that no contact has get one (platform.md 9.2): there the block is seen, and lifted.
    """
    if not pairs:
        return 0
    numbers = {address for channel, address in pairs if channel != "email"}
    await ensure_contacts(connection, account_id, numbers, "auto" if source == "auto" else "blocklist", now, by)
    first = await repository.is_empty(connection, account_id)
    added = await repository.add(connection, account_id, pairs, source, reason, by, now)
    if first and added:
        await notify(connection, "accounts", str(account_id))
    return added


async def unblock(connection: Connection, account_id: int, pairs: Sequence[Pair]) -> int:
    """Lift blocks of (channel, address); returns how many there were."""
    return await repository.remove(connection, account_id, pairs) if pairs else 0


@dataclass(frozen=True, slots=True)
class Sharing:
    """Whether an account's list applies to its sub-accounts, whether it may say so, and its parent's list applies to it."""

    shares: bool
    may_share: bool
    shared: bool


async def sharing(context: Context, account_id: int) -> Sharing:
    """How the account shares. Of the parent's list nothing is told but that it applies."""
    with across_accounts():  # the parent's choice is the parent's row
        row = await context.database.run(lambda c: repository.sharing(c, account_id))
    return Sharing(row["shares"], row["may_share"], row["shared"])


async def share(context: Context, account_id: int, shares: bool) -> None:
    """Say whether the account's list applies to its sub-accounts (platform.md 9.4). Raises E403 for those that have none."""

    async def work(connection: Connection) -> None:
        if not await repository.share(connection, account_id, shares):
            raise StrowgerError("E403", NO_SUBACCOUNTS, field="share_blocklist")
        await notify(connection, "accounts")

    await context.database.run(work)


def describe(row: Any) -> dict[str, Any]:
    """An entry as the API shows it."""
    created: datetime = row["created_at"]
    email = row["channel"] == "email"
    return {
        "mobile": row["address"] if email else "+" + row["address"],
        "channel": row["channel"],
        "blocklist_status": 1,
        "source": row["source"],
        "created_at": utc_text(created),
    }
