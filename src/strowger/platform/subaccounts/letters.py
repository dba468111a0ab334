"""What is mailed about sub-accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.ids import new_uuid
from strowger.foundation.mail import Letter, NewMail, post_many


async def send_invitation(context: Context, connection: Any, row: Mapping[str, Any], inviter: str, link: str) -> None:
    """Queue the invitation of a sub-account's owner, within the transaction that made its link."""
    letter = Letter(
        f"{inviter} invites you to Strowger",
        (
            f"{inviter} has made the account “{row['name']}” for you.",
            "Choose a password to sign in. The link works once, within 72 hours; after that, ask for another one.",
        ),
        button=("Choose a password", link),
    )
    mail = NewMail(new_uuid(), row["account_id"], row["email"], "subaccount-invitation", letter)
    await post_many(connection, context.secrets, [mail], context.clock.now())
