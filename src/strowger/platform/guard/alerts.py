"""Mail when 80 and 100 per cent of a country's daily or monthly limit are used (sms.md 7.6)."""

from __future__ import annotations

from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.jobs import Job
from strowger.foundation.mail import Letter, post
from strowger.platform.guard import repository

SECONDS = 60.0
KIND = "country-limit"
SPANS = {"day": ("daily", "today"), "month": ("monthly", "this month")}


def limit_jobs(context: Context) -> tuple[Job, ...]:
    """The look at limits of one worker; any number of workers may take it."""
    return (Job("limit_alerts", SECONDS, lambda: tell_owners(context)),)


async def tell_owners(context: Context) -> int:
    """Mail the owners whose limits reached a mark since the last look; returns how many marks."""
    async with context.database.session() as session:
        rows = await repository.reached_marks(session, context.clock.now())
        for row in rows:
            for address in row["owners"]:
                await post(session, context, address, KIND, _letter(context, row), row["account_id"])
    return len(rows)


def _letter(context: Context, row: Any) -> Letter:
    which, when = SPANS[row["span"]]
    what = f"{row['mark']} % of the {which} limit of {row['most']:,} messages to {row['country']}"
    after = (
        f"Further messages there end as SMS-LIMIT-REACHED {when}."
        if row["mark"] == 100
        else "At 100 % they are not sent."
    )
    return Letter(
        f"{row['account']}: {what} are used",
        (f"{what} are used: {row['used']:,} {when}.", after),
        button=("Open the limits", f"{context.settings.base_url}/sms/limits"),
    )
