"""Expansion: contacts become messages, chunk by chunk, in the worker (sms.md 9.5).

A worker holds the row of the campaign while it writes a chunk. The messages, the place up to which the batch is done and the
time of the next chunk are one transaction: a worker that is killed leaves either the whole chunk or nothing of it, and no two
workers ever write the same rows. Cancelling changes the same row, so it counts from the next chunk on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from strowger.engagement.campaigns import sms as _sms  # noqa: F401 - registers the channel
from strowger.engagement.campaigns.channel import CHANNELS
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.letters import tell_end
from strowger.engagement.campaigns.repository import accounts, batches, campaigns, contacts
from strowger.engagement.campaigns.repository.batches import DONE, RUNNING, Batch
from strowger.engagement.campaigns.schemas import Campaign, Kept, State
from strowger.engagement.campaigns.service import after_batches
from strowger.foundation.context import Context
from strowger.foundation.database import CLASHES, OUTAGES, Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import notify, tell_live
from strowger.messaging.repository.accepting import insert_requests

log = get_logger(__name__)
CHUNK = 1_000
BURST_SECONDS = 10  # a slow campaign goes in smaller chunks, none of which is more than this time's worth
AT_ONCE = 50  # chunks in one run of the job
CLOSED = "The account was closed."
NO_FUNDS = "There were no credits when it began."
BROKEN = "It could not be expanded; the log of the worker tells why."


class Expander:
    """Expands the campaigns of every account; any number of them may run."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._looked_at: Campaign | None = None

    async def run(self) -> int:
        """Write what is due; returns how many chunks."""
        for done in range(AT_ONCE):
            try:
                if not await self._context.database.run(self._step):
                    return done
            except (Refused, StrowgerError) as problem:
                if isinstance(problem, StrowgerError) and problem.status == 503:
                    raise
                await self._fail(str(problem) or BROKEN)
            except (*OUTAGES, *CLASHES):
                raise
            except Exception:
                log.exception("campaign_failed", campaign=str(self._looked_at and self._looked_at.id))
                await self._fail(BROKEN)
        return AT_ONCE

    async def _step(self, connection: Connection) -> bool:
        now = self._context.clock.now()
        campaign = self._looked_at = await campaigns.lock_due(connection, now)
        if campaign is None:
            return False
        if await accounts.is_closed(connection, campaign.account_id):
            raise Refused(CLOSED)
        found = await batches.of_campaign(connection, campaign.account_id, campaign.id)
        due = [batch for batch in found if batch.is_open and batch.due_at <= now]
        if not due:
            await self._note(connection, campaign, dict(after_batches(campaign, found, now)))
            return True
        if campaign.first_at is None:
            funds = await accounts.funds(connection, campaign.account_id, now)
            if funds is None or funds.left <= 0:
                raise Refused(NO_FUNDS)
        await self._expand(connection, campaign, min(due, key=lambda batch: (batch.due_at, batch.n)), now)
        return True

    async def _expand(self, connection: Connection, campaign: Campaign, batch: Batch, now: datetime) -> None:
        days = campaign.reading.recent_days
        begun = campaign.first_at or now
        since = begun - timedelta(days=days) if days else None
        kept, out, last = await contacts.take(
            connection,
            campaign.account_id,
            campaign.id,
            campaign.channel,
            batch.cursor,
            batch.last_row,
            min(CHUNK, campaign.pace * BURST_SECONDS),
            since,
            begun,
        )
        if kept:
            request = CHANNELS[campaign.channel].request(self._context, campaign, kept, new_uuid(), now)
            await insert_requests(connection, [request])
            await batches.add_chunk(
                connection, campaign.account_id, campaign.id, request.request_id, batch.n, batch.cursor + 1,
                last or batch.last_row,
            )  # fmt: skip
            await notify(connection, "submission")
        ended = last is None or last >= batch.last_row
        await batches.advance(
            connection, campaign.account_id, campaign.id, batch.n, last or batch.last_row, len(kept), DONE if ended else RUNNING,
            now,
        )  # fmt: skip
        recent = sum(state == Kept.RECENT for state in out.values())
        changes: dict[str, Any] = {
            "accepted": campaign.accepted + len(kept), "recent": campaign.recent + recent, "first_at": begun,
            "blocked": campaign.blocked + len(out) - recent, "valid": campaign.valid - len(out),
        }  # fmt: skip
        found = await batches.of_campaign(connection, campaign.account_id, campaign.id)
        changes |= after_batches(campaign, found, now)
        if changes["next_at"] is not None and kept:
            pause = now + timedelta(seconds=len(kept) / campaign.pace)
            changes["next_at"] = pause if not ended else max(pause, changes["next_at"])
        if changes["state"] == State.SUBMITTED and not changes["accepted"]:
            changes |= {
                "state": State.FAILED,
                "reason": "Every contact was blocked or messaged recently when it began.",
            }
        await self._note(connection, campaign, changes)

    async def _note(self, connection: Connection, campaign: Campaign, changes: dict[str, Any]) -> None:
        await campaigns.change(connection, campaign.account_id, campaign.id, **changes)
        await tell_end(connection, self._context, campaign, changes)
        await tell_live(connection, "campaigns", campaign.account_id, campaign.id)

    async def _fail(self, reason: str) -> None:
        """End the campaign at which the last step broke; what it has sent stays sent."""
        campaign, now = self._looked_at, self._context.clock.now()
        if campaign is None:
            return
        broken = campaign

        async def work(connection: Connection) -> None:
            current = await campaigns.lock(connection, broken.account_id, broken.id)
            if current is None or not current.is_active:
                return
            await batches.cancel(connection, broken.account_id, broken.id, now)
            changes = {"state": State.FAILED, "reason": reason[:500], "next_at": None, "finished_at": now}
            await self._note(connection, current, changes)

        await self._context.database.run(work)


async def forget_contacts(context: Context) -> int:
    """Delete the contacts of campaigns that ended before the time for which messages are kept; returns of how many."""
    before = context.clock.now() - timedelta(days=context.settings.retention_days)
    return await context.database.run(lambda c: campaigns.forget_contacts(c, before))
