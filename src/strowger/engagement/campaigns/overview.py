"""The overview of campaigns: what runs, what comes next, what became of the messages, and what is missing to launch one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from strowger.channels.sms.message_templates.repository import usable
from strowger.channels.sms.senders import repository as senders
from strowger.channels.sms.senders.countries import rule_of
from strowger.console.visitor import Visitor
from strowger.engagement.campaigns import service
from strowger.engagement.campaigns.repository import accounts, overview
from strowger.engagement.campaigns.schemas import Campaign, State
from strowger.foundation.context import Context
from strowger.foundation.ids import uuid_floor
from strowger.foundation.money import ZERO
from strowger.foundation.tenancy import across_accounts
from strowger.messaging.figures import Figures, bounds, figures_of
from strowger.platform.kyc import service as kyc

DECLARATION = "/campaigns/opt-in"
SPANS = (7, 30, 90)
SHOWN = 8
MAX_SENDERS = 500


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a campaign needs: whether it is there, and where it is put right."""

    title: str
    text: str
    is_done: bool
    path: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page; ``figures`` None: there are too many messages to count while somebody waits."""

    states: dict[str, int]
    launched: int
    contacts: int
    figures: Figures | None
    upcoming: list[Any]
    recent: list[Campaign]
    steps: list[Step]

    @property
    def is_ready(self) -> bool:
        """Whether a campaign could be launched."""
        return all(step.is_done for step in self.steps)

    def count(self, *states: State) -> int:
        """Campaigns in these states."""
        return sum(self.states.get(state, 0) for state in states)


def read_days(text: str) -> int:
    """The number of days that was asked for, 30 by default."""
    return int(text) if text in {str(days) for days in SPANS} else 30


async def look(context: Context, visitor: Visitor, days: int) -> Overview:
    """The overview of the last days, today included."""
    account_id, pool = visitor.account_id, context.database.pool
    today = visitor.local(context.clock.now()).date()
    first = today - timedelta(days=days - 1)
    low, high = bounds(visitor, first, today)
    launched, contacts = await overview.launched(pool, account_id, low, high)
    figures = None
    try:
        rows = await overview.messages(pool, account_id, uuid_floor(low), uuid_floor(high), str(visitor.zone))
        figures = figures_of(rows, visitor, first, today, "campaign-days", "Messages of campaigns by day")
    except TimeoutError:
        pass
    with across_accounts():  # the wallet may be the parent's
        steps = await context.database.run(lambda c: steps_of(c, visitor, context.clock.now()))
    return Overview(
        await overview.states(pool, account_id), launched, contacts, figures,
        await overview.upcoming(pool, account_id, SHOWN), await overview.recent(pool, account_id, SHOWN),
        steps,
    )  # fmt: skip


async def steps_of(connection: Any, visitor: Visitor, now: datetime) -> list[Step]:
    """What a campaign by SMS needs (console.md 5.11, prerequisites)."""
    account_id = visitor.account_id
    rows = await senders.senders(connection, account_id, MAX_SENDERS)
    funds = await accounts.funds(connection, account_id, now, lock=False)
    declared = await service.is_declared(connection, account_id, "sms")
    steps = [
        Step("The operator has approved your company", "A trial account launches none.",
             not await kyc.is_trial(connection, account_id), "/settings/kyc"),
        Step("The opt-in declaration", "Once, before the first campaign.", declared, DECLARATION),
        Step("An approved sender ID", "The name or number under which the messages go.",
             any(row["status"] == "Approved" for row in rows), "/senders"),
        Step("Credit", "Or enough of your limit left.", funds is not None and funds.left > ZERO, "/billing"),
    ]  # fmt: skip
    if rule_of(visitor.country).registry:
        found = bool(await usable.search(connection, account_id, "", 1))
        steps.append(Step("An approved template", "Your country registers texts.", found, "/templates"))
    return steps
