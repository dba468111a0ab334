"""Campaigns step by step: set up, contacts, message, schedule, launch; and what may be done with them afterwards."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from strowger.engagement.campaigns import audience, planning
from strowger.engagement.campaigns.channel import CHANNELS
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.planning import Plan
from strowger.engagement.campaigns.repository import accounts, batches, campaigns, contacts, outcomes
from strowger.engagement.campaigns.repository.contacts import Row
from strowger.engagement.campaigns.schemas import Campaign, Kept, Reading, State
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid
from strowger.foundation.tenancy import across_accounts
from strowger.messaging.statuses import Status
from strowger.platform.consent import declarations
from strowger.platform.files import repository as files
from strowger.platform.kyc import service as kyc

NAME = re.compile(r"[\w -]{3,100}")
NAME_TEXT = "Use 3 to 100 letters, digits, spaces, _ and -."
MAX_NAME = 100
ROWS_AT_ONCE = 5_000
REPLAY_FROM, REPLAY_UNTIL = timedelta(days=1), timedelta(days=31)
STATUSES: dict[str, tuple[Status, ...]] = {
    "delivered": (Status.DELIVERED,),
    "undelivered": (Status.UNDELIVERED,),
    "notsent": (Status.NOT_SENT, Status.FAILED),
    "sent": (Status.SCHEDULED, Status.QUEUED, Status.SENT),
    "expired": (Status.EXPIRED,),
}
CLICKED, UNCLICKED = "clicked", "unclicked"


@dataclass(frozen=True, slots=True)
class Source:
    """Where contacts come from: ``kind`` is file, paste, replay or directory; the directory's are read when they are written."""

    kind: str
    name: str
    columns: list[str]
    rows: Iterator[Row]
    file_id: UUID | None = None


async def create(context: Context, account_id: int, channel: str, name: str, sender: str, type_: str, by: str) -> UUID:
    """A new draft. Raises Refused for a name that is no name or taken."""
    if not NAME.fullmatch(name):
        raise Refused(NAME_TEXT, "name")
    campaign_id, now, pace = new_uuid(), context.clock.now(), context.settings.campaign_pace

    async def work(connection: Connection) -> bool:
        return await campaigns.add(connection, account_id, campaign_id, channel, name, sender, type_, pace, by, now)

    if not await context.database.run(work):
        raise Refused("There is a campaign of this name.", "name")
    return campaign_id


async def find(context: Context, account_id: int, campaign_id: UUID) -> Campaign | None:
    """A campaign of an account."""
    async with context.database.acquire() as connection:
        return await campaigns.find(connection, account_id, campaign_id)


async def _locked(connection: Connection, account_id: int, campaign_id: UUID, *states: str) -> Campaign:
    campaign = await campaigns.lock(connection, account_id, campaign_id)
    if campaign is None:
        raise Refused("There is no such campaign any more.")
    if states and campaign.state not in states:
        raise Refused(f"The campaign is {campaign.label.lower()}: this is not possible any more.")
    return campaign


async def edit(context: Context, account_id: int, campaign_id: UUID, **values: Any) -> None:
    """Change a draft: sender, type, content, plan, pace. Raises Refused."""

    async def work(connection: Connection) -> None:
        await _locked(connection, account_id, campaign_id, State.DRAFT)
        await campaigns.change(connection, account_id, campaign_id, **values)

    await context.database.run(work)


async def load(context: Context, account_id: int, campaign_id: UUID, source: Source, reading: Reading) -> None:
    """Give a draft its contacts instead of those that it had. Raises Refused; then nothing has changed."""

    async def work(connection: Connection) -> None:
        campaign = await _locked(connection, account_id, campaign_id, State.DRAFT)
        await contacts.clear(connection, account_id, campaign_id)
        while rows := await asyncio.to_thread(lambda: list(islice(source.rows, ROWS_AT_ONCE))):
            await contacts.add(connection, account_id, campaign_id, rows)
        counted = await _sort_out(connection, campaign, reading)
        if not counted["valid"]:
            raise Refused(
                "None of these contacts can be sent to: choose another column or country prefix.", source.kind
            )
        await campaigns.change(
            connection, account_id, campaign_id, source=source.kind, source_name=source.name, file_id=source.file_id,
            columns=source.columns, options=msgspec.to_builtins(reading), **counted,
        )  # fmt: skip
        if source.file_id is not None:
            await files.keep(connection, account_id, [source.file_id], None)
        if campaign.file_id is not None and campaign.file_id != source.file_id:
            await files.delete(connection, account_id, [campaign.file_id])

    await context.database.run(work, tries=1)


async def _sort_out(connection: Connection, campaign: Campaign, reading: Reading) -> dict[str, int]:
    """Mark who is left out, and count."""
    account_id, campaign_id = campaign.account_id, campaign.id
    if reading.unique:
        await contacts.mark_duplicates(connection, account_id, campaign_id)
    await contacts.mark_blocked(connection, account_id, campaign_id, campaign.channel)
    return await _count(connection, account_id, campaign_id)


async def load_from_directory(context: Context, account_id: int, campaign_id: UUID, reading: Reading) -> None:
    """Give a draft the contacts of the directory that ``reading`` chooses. Raises Refused; then nothing has changed."""
    now = context.clock.now()

    async def work(connection: Connection) -> None:
        campaign = await _locked(connection, account_id, campaign_id, State.DRAFT)
        await _read_directory(connection, campaign, reading, now)
        if campaign.file_id is not None:
            await files.delete(connection, account_id, [campaign.file_id])

    await context.database.run(work, tries=1)


async def _read_directory(connection: Connection, campaign: Campaign, reading: Reading, now: datetime) -> None:
    account_id, campaign_id = campaign.account_id, campaign.id
    name = await audience.describe(connection, account_id, reading)
    await contacts.clear(connection, account_id, campaign_id)
    async for rows in audience.rows(connection, account_id, reading, now):
        await contacts.add(connection, account_id, campaign_id, rows)
    counted = await _sort_out(connection, campaign, reading)
    if not counted["valid"]:
        raise Refused("Nobody of these can be sent to.", "tags")
    await campaigns.change(
        connection, account_id, campaign_id, source=audience.SOURCE, source_name=name, file_id=None,
        columns=await audience.columns(connection, account_id), options=msgspec.to_builtins(reading), **counted,
    )  # fmt: skip


async def _count(connection: Connection, account_id: int, campaign_id: UUID) -> dict[str, int]:
    found = await contacts.counts(connection, account_id, campaign_id)
    names = {"valid": Kept.YES, "invalid": Kept.INVALID, "duplicates": Kept.DUPLICATE, "blocked": Kept.BLOCKED}
    return {name: found.get(state, 0) for name, state in names.items()} | {"total": sum(found.values()), "recent": 0}


async def launch(context: Context, account_id: int, campaign_id: UUID) -> Campaign:
    """Let a draft go, now or at its time; returns it as it then is. Raises Refused for what is missing."""
    now = context.clock.now()

    async def work(connection: Connection) -> Campaign:
        campaign = await _locked(connection, account_id, campaign_id, State.DRAFT)
        if await kyc.is_trial(connection, account_id):
            raise Refused("Campaigns begin when the operator has approved your company: see Settings > KYC.")
        await check_declared(connection, account_id, campaign.channel)
        if not campaign.valid:
            raise Refused("There are no contacts yet.", "contacts")
        if campaign.source == audience.SOURCE:  # from here on the membership is fixed
            await _read_directory(connection, campaign, campaign.reading, now)
            campaign = await _locked(connection, account_id, campaign_id)
        channel = CHANNELS[campaign.channel]
        await channel.check(connection, campaign, now)
        state, due = await _divide(connection, campaign, msgspec.convert(campaign.plan, Plan), now)
        estimate = await channel.estimate(connection, context, campaign, now)
        funds = await accounts.funds(connection, account_id, now)
        if funds is None or not funds.covers(estimate):
            raise Refused("The balance does not cover this campaign.", "cost")
        content = await channel.settle(connection, context, campaign, now)
        await campaigns.change(
            connection, account_id, campaign_id, state=state, content=content, next_at=due, launched_at=now, reason=""
        )
        return await _locked(connection, account_id, campaign_id)

    with across_accounts():  # the wallet may be the parent's, and the link's name is unique over all accounts
        return await context.database.run(work)


async def is_declared(connection: Connection, account_id: int, channel: str) -> bool:
    """Whether the account has declared that people agreed, or has launched a campaign of the channel before that was asked."""
    made = await declarations.find(connection, account_id, channel)
    return made is not None or await campaigns.any_launched(connection, account_id, channel)


async def check_declared(connection: Connection, account_id: int, channel: str) -> None:
    """Raise Refused before the first campaign of a channel while the account has not declared that people agreed to it."""
    if not await is_declared(connection, account_id, channel):
        raise Refused("Declare first that those whom you write to have agreed to it.", "declaration")


async def _divide(connection: Connection, campaign: Campaign, plan: Plan, now: datetime) -> tuple[State, datetime]:
    """Write the batches of a campaign; its state and when the worker has to look at it."""
    account_id, campaign_id = campaign.account_id, campaign.id
    shares = planning.shares(plan, campaign.valid, now)
    rows: list[tuple[int, int, int, int, datetime]] = []
    first, seen = 1, 0
    for n, share in enumerate(shares, 1):
        seen += share.contacts
        last = campaign.total if n == len(shares) else await contacts.nth(connection, account_id, campaign_id, seen)
        assert last is not None
        rows.append((n, first, last, share.contacts, share.due_at))
        first = last + 1
    await batches.add(connection, account_id, campaign_id, rows)
    due = shares[0].due_at
    return (State.PROCESSING if due <= now else State.SCHEDULED), due


async def reschedule(context: Context, account_id: int, campaign_id: UUID, plan: Plan) -> None:
    """Give a campaign that has not begun another schedule. Raises Refused."""
    now = context.clock.now()

    async def work(connection: Connection) -> None:
        campaign = await _locked(connection, account_id, campaign_id, State.SCHEDULED)
        state, due = await _divide(connection, campaign, plan, now)
        plain = msgspec.to_builtins(plan)
        await campaigns.change(connection, account_id, campaign_id, state=state, next_at=due, plan=plain)

    await context.database.run(work)


async def cancel(context: Context, account_id: int, campaign_id: UUID) -> None:
    """Send nothing more of a campaign that is being processed; what is queued still goes. Raises Refused."""
    now = context.clock.now()

    async def work(connection: Connection) -> None:
        await _locked(connection, account_id, campaign_id, State.PROCESSING)
        await batches.cancel(connection, account_id, campaign_id, now)
        await campaigns.change(
            connection, account_id, campaign_id, state=State.CANCELLED, next_at=None, finished_at=now
        )

    await context.database.run(work)


async def delete(context: Context, account_id: int, campaign_id: UUID) -> None:
    """Remove a draft, or a campaign that has not begun, with contacts and file. Raises Refused."""

    async def work(connection: Connection) -> None:
        campaign = await _locked(connection, account_id, campaign_id, State.DRAFT, State.SCHEDULED)
        await campaigns.delete(connection, account_id, campaign_id)
        if campaign.file_id is not None:
            await files.delete(connection, account_id, [campaign.file_id])

    await context.database.run(work)


def free_name(wanted: str, taken: set[str]) -> str:
    """A name that is not taken: the one wanted, or with a number."""
    name, count = wanted[:MAX_NAME], 1
    while name in taken:
        count += 1
        ending = f" {count}"
        name = wanted[: MAX_NAME - len(ending)] + ending
    return name


async def duplicate(context: Context, account_id: int, campaign_id: UUID, by: str) -> UUID:
    """A new draft with sender, contacts and message of a campaign. Raises Refused."""

    async def contacts_of(connection: Connection, new: UUID) -> None:
        await contacts.copy(connection, account_id, new, campaign_id)

    return await _derive(context, account_id, campaign_id, " copy", by, contacts_of)


async def _derive(
    context: Context, account_id: int, campaign_id: UUID, ending: str, by: str, fill: Callable[[Connection, UUID], Any],
    wanted: str = "", **values: Any,
) -> UUID:  # fmt: skip
    new, now = new_uuid(), context.clock.now()

    async def work(connection: Connection) -> None:
        old = await _locked(connection, account_id, campaign_id)
        stem = wanted or old.name[: MAX_NAME - len(ending)] + ending
        name = stem if wanted else free_name(stem, await campaigns.names(connection, account_id, stem[:50]))
        if not NAME.fullmatch(name):
            raise Refused(NAME_TEXT, "name")
        if not await campaigns.add(
            connection, account_id, new, old.channel, name, old.sender, old.type, old.pace, by, now
        ):
            raise Refused("There is a campaign of this name.", "name")
        await campaigns.copy(connection, account_id, new, campaign_id)
        await fill(connection, new)
        counted = await _count(connection, account_id, new)
        content = CHANNELS[old.channel].copied(old.content)
        await campaigns.change(connection, account_id, new, content=content, **counted, **values)

    await context.database.run(work)
    return new


def replay_refusal(campaign: Campaign, now: datetime) -> str:
    """Why a campaign cannot be replayed now; empty when it can (sms.md 9.3)."""
    if campaign.state != State.SUBMITTED or campaign.first_at is None:
        return "Only a submitted campaign can be replayed."
    age = now - campaign.first_at
    if age < REPLAY_FROM:
        return "A campaign can be replayed from one day after its first submission on."
    return "" if age <= REPLAY_UNTIL else "A campaign can be replayed until one month after its first submission."


async def replay(context: Context, account_id: int, campaign_id: UUID, name: str, chosen: list[str], by: str) -> UUID:
    """A new draft with the same message for those contacts whose messages ended as chosen. Raises Refused."""
    campaign = await find(context, account_id, campaign_id)
    refusal = replay_refusal(campaign, context.clock.now()) if campaign else "There is no such campaign any more."
    if refusal:
        raise Refused(refusal)
    statuses = [int(status) for box in chosen for status in STATUSES.get(box, ())]
    if not statuses and not {CLICKED, UNCLICKED} & set(chosen):
        raise Refused("Choose who is to get it again.", "chosen")

    async def fill(connection: Connection, new: UUID) -> None:
        await outcomes.choose(
            connection, account_id, campaign_id, new, statuses, CLICKED in chosen, UNCLICKED in chosen
        )
        if not await contacts.first(connection, account_id, new, 1):
            raise Refused("No contact has such an outcome.", "chosen")

    return await _derive(
        context, account_id, campaign_id, "", by, fill, name, source="replay", replay_of=campaign_id,
        source_name=campaign.name if campaign else "",
    )  # fmt: skip


async def move_batch(context: Context, account_id: int, campaign_id: UUID, n: int, due_at: datetime) -> None:
    """Let a batch that has not begun go at another time. Raises Refused."""

    async def work(connection: Connection) -> None:
        await _locked(connection, account_id, campaign_id, State.SCHEDULED, State.PROCESSING, State.PARTIAL)
        if not await batches.move(connection, account_id, campaign_id, n, due_at):
            raise Refused("This batch has begun or was deleted.")
        await _look_again(connection, account_id, campaign_id, context.clock.now())

    await context.database.run(work)


async def remove_batch(context: Context, account_id: int, campaign_id: UUID, n: int) -> None:
    """Do not send a batch that has not begun. Raises Refused."""
    now = context.clock.now()

    async def work(connection: Connection) -> None:
        await _locked(connection, account_id, campaign_id, State.SCHEDULED, State.PROCESSING, State.PARTIAL)
        if not await batches.remove(connection, account_id, campaign_id, n, now):
            raise Refused("This batch has begun or was deleted.")
        await _look_again(connection, account_id, campaign_id, now)

    await context.database.run(work)


async def _look_again(connection: Connection, account_id: int, campaign_id: UUID, now: datetime) -> None:
    """After a change of batches: when the worker has to look again, and what the campaign has become."""
    campaign = await _locked(connection, account_id, campaign_id)
    changes = after_batches(campaign, await batches.of_campaign(connection, account_id, campaign_id), now)
    await campaigns.change(connection, account_id, campaign_id, **changes)


def after_batches(campaign: Campaign, found: list[batches.Batch], now: datetime) -> Mapping[str, Any]:
    """State and times of a campaign that follow from its batches."""
    running = any(batch.state == batches.RUNNING for batch in found)
    waiting = [batch.due_at for batch in found if batch.state == batches.WAITING]
    begun = running or any(batch.state == batches.DONE for batch in found)
    if running:
        return {"state": State.PROCESSING, "next_at": campaign.next_at or now}
    if waiting:
        state = State.PARTIAL if begun else State.SCHEDULED
        return {"state": State.PROCESSING if min(waiting) <= now else state, "next_at": min(waiting)}
    return {"state": State.SUBMITTED if begun else State.CANCELLED, "next_at": None, "finished_at": now}
