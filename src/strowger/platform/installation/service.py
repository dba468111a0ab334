"""What the operator does with accounts: suspend, open again, close, limit."""

from __future__ import annotations

from decimal import Decimal

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.mail import Letter, post
from strowger.foundation.notify import notify
from strowger.platform.installation import repository

# From which states an act leads to which: a closed account stays closed.
ACTS = {
    "suspend": (("active", "trial", "inactive"), "suspended"),
    "open": (("suspended", "inactive", "trial"), "active"),
    "close": (("suspended",), "closed"),
}
WORDS = {
    "suspended": "is suspended: nothing is sent, and nobody can sign in",
    "active": "is open",
    "closed": "is closed for good",
}


class NotPossible(ValueError):
    """An act does not fit the account; the text is for people."""


async def act(context: Context, account_id: int, name: str, reason: str, by: str) -> str:
    """Change an account's state and tell its owners why; returns the new state. Raises NotPossible."""
    now = context.clock.now()
    states, wanted = ACTS[name]

    async def work(connection: Connection) -> list[str]:
        row = await repository.lock(connection, account_id)
        if row is None:
            raise NotPossible("There is no such account.")
        if account_id == await repository.operator(connection):
            raise NotPossible("This account runs the installation; it cannot be stopped from here.")
        if row["parent_id"] is not None and name != "close":
            raise NotPossible("A sub-account is suspended and resumed by its main account; suspend that one.")
        if row["state"] not in states:
            raise NotPossible(f"The account is {row['state']}.")
        await repository.set_state(connection, account_id, wanted, reason, by, now)
        await notify(connection, "accounts", str(account_id))
        return list(await repository.owners(connection, account_id))

    owners = await context.database.run(work)
    letter = Letter(f"Your account {WORDS[wanted]}", (f"Your account {WORDS[wanted]}.", f"Reason: {reason}"))
    async with context.database.session() as session:
        for email in owners:
            await post(session, context, email, "account-state", letter, account_id)
    return wanted


async def limit(context: Context, account_id: int, day_cap: Decimal | None, rate: int | None) -> None:
    """Set an account's daily spend cap and the rate of its keys."""

    async def work(connection: Connection) -> None:
        await repository.set_limits(connection, account_id, day_cap, rate)
        await notify(connection, "accounts", str(account_id))

    await context.database.run(work)
