"""The event webhook: each mail to an account is told to the installation's own systems, too (console.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from strowger.foundation.clock import utc_text
from strowger.foundation.context import Context
from strowger.foundation.http_client import HttpFailed
from strowger.foundation.http_guard import Refused
from strowger.foundation.ids import uuid_floor
from strowger.foundation.jobs import Job
from strowger.foundation.logs import get_logger
from strowger.platform.notifications import repository

log = get_logger(__name__)
SECONDS, BATCH = 5.0, 20
LEASE = timedelta(minutes=5)  # a batch takes at most BATCH times the time-out of a request
YOUNG = timedelta(hours=24)  # older mails are not told any more, also not when the webhook is new
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360)]
TAKEN = range(200, 300)
# Kinds whose subject may be told; others carry a code in it, or might.
OPEN = (
    "low-", "spend-", "country-", "kyc-", "sender-", "template-", "document-", "report", "campaign-", "callback", "account-",
    "installation-", "subaccount-low", "ticket", "auto-", "new-login", "password-changed", "factor-changed", "expert-",
)  # fmt: skip


def mirror_jobs(context: Context) -> tuple[Job, ...]:
    """The webhook's clock in a worker; none without a webhook. Any number of workers may share it."""
    if not context.settings.event_webhook:
        return ()
    return (Job("event_webhook", SECONDS, lambda: tell(context)),)


def event_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a mail: never its text, which may hold a link or a code."""
    data = {"to": row["recipient"]}
    if row["kind"].startswith(OPEN):
        data["subject"] = row["subject"]
    moment = utc_text(row["created_at"])
    event = row["kind"].replace("-", "_")
    return {"id": str(row["id"]), "event": event, "sid": row["sid"], "occurred_at": moment, "data": data}


async def tell(context: Context) -> int:
    """Call the webhook with what is due; returns how many mails it took."""
    now = context.clock.now()
    rows = await context.database.run(
        lambda c: repository.claim_mirrored(c, now, now + LEASE, uuid_floor(now - YOUNG), len(PAUSES), BATCH)
    )
    taken = 0
    for row in sorted(rows, key=lambda row: row["id"]):
        problem = await _call(context, row)
        if problem is None:
            taken += 1
            await context.database.run(lambda c, row=row: repository.mirror_taken(c, row["id"]))  # type: ignore[misc]
            continue
        log.warning("event_webhook", problem=problem, tries=row["mirror"], gives_up=row["mirror"] >= len(PAUSES))
        later = context.clock.now() + PAUSES[row["mirror"] - 1]
        await context.database.run(lambda c, row=row, later=later: repository.mirror_later(c, row["id"], later))  # type: ignore[misc]
    return taken


async def _call(context: Context, row: Mapping[str, Any]) -> str | None:
    """Send one event; None when it was taken, else why not."""
    headers = {"Content-Type": "application/json", "X-Strowger-Event-Id": str(row["id"])}
    try:
        answer = await context.http.request(
            "POST",
            context.settings.event_webhook,
            headers=headers,
            body=msgspec.json.encode(event_of(row)),
            repeatable=True,
        )
    except (Refused, HttpFailed) as problem:
        return repr(problem)
    return None if answer.status in TAKEN else f"HTTP {answer.status}"
