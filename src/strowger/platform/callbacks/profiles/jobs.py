"""Upkeep of profiles: owners are told of receivers that fail, old figures go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.mail import Letter, post
from strowger.platform.callbacks.profiles.report import KEPT_DAYS
from strowger.platform.callbacks.profiles.repository import deliveries, owners

FIRST_TOLD_AFTER = timedelta(hours=1)  # so that a restart of the receiver is no mail
BATCH = 50
FAILING, OFF = 1, 2
KIND = "callback_profile"


class ProfileJobs:
    """Jobs that any worker may run at any time."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def purge(self) -> None:
        """Forget figures older than KEPT_DAYS."""
        before = self._context.clock.now() - timedelta(days=KEPT_DAYS + 1)
        await deliveries.purge_tally(self._context.database.pool, before)

    async def tell_owners(self) -> int:
        """Mail the owners of receivers that began to fail, and of those that were switched off (R-36); returns how many."""
        now = self._context.clock.now()
        told = 0
        async with self._context.database.session() as session:
            for row in await owners.to_tell(session, now - FIRST_TOLD_AFTER, BATCH):
                letter = self._letter(row)
                for address in row["owners"]:
                    await post(session, self._context, address, KIND, letter, row["account_id"])
                await owners.mark_told(session, row["account_id"], row["id"], row["step"])
                told += 1
        return told

    def _letter(self, row: Any) -> Letter:
        base = self._context.settings.base_url
        button = ("Open the profile", f"{base}/callbacks/profiles/{row['id']}")
        title = row["title"]
        if row["step"] == FAILING:
            return Letter(
                f"Callback profile {title}: the receiver does not answer",
                (
                    f"Since {row['failing_since']:%Y-%m-%d %H:%M} UTC no request of the callback profile “{title}” was taken.",
                    f"The last error: {row['last_error'] or 'none was given'}.",
                    "Requests are tried again; after five days of nothing but failures the profile is switched off.",
                ),
                button=button,
            )
        why = (
            "The receiver answered 410: it is gone for good."
            if row["disabled_why"] == "gone"
            else "For five days no request was taken."
        )
        return Letter(
            f"Callback profile {title} was switched off",
            (
                f"{why} The callback profile “{title}” sends nothing any more.",
                "What it misses is kept for seven days: enable the profile and send it again from its page.",
            ),
            button=button,
        )
