"""What is mailed about sub-accounts."""

from __future__ import annotations

from strowger.foundation.context import Context
from strowger.foundation.mail import Letter, post
from strowger.platform.subaccounts.service import Row


async def send_invitation(context: Context, row: Row, inviter: str, link: str) -> None:
    """Queue the invitation of a sub-account's owner."""
    letter = Letter(
        f"{inviter} invites you to Strowger",
        (
            f"{inviter} has made the account “{row['name']}” for you.",
            "Choose a password to sign in. The link works once, within 72 hours; after that, ask for another one.",
        ),
        button=("Choose a password", link),
    )
    async with context.database.session() as session:
        await post(session, context, row["email"], "subaccount-invitation", letter, row["account_id"])
