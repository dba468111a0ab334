"""What the home page tells: first steps, the traffic of a day, the carriers' health, alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from strowger.console.chart import Chart, Series
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.ids import uuid_floor
from strowger.foundation.money import ZERO, format_money
from strowger.home import repository
from strowger.messaging.figures import DELIVERED, FAILED, OPEN, rate_of, total
from strowger.messaging.repository import reading
from strowger.messaging.routing.schemas import LinkRecord
from strowger.messaging.routing.service import list_links
from strowger.messaging.schemas import Direction
from strowger.messaging.statuses import Status
from strowger.platform.billing import repository as billing
from strowger.platform.callbacks.profiles.jobs import FIRST_TOLD_AFTER
from strowger.platform.callbacks.profiles.repository import owners
from strowger.platform.callbacks.profiles.schemas import ProfileStatus
from strowger.platform.health import service as health
from strowger.platform.kyc import service as kyc

STEP_DAYS, HOURS, LATEST = 90, 24, 8
UP = ("bound", "throttled", "paused")


STEPS = (
    ("sent", "Send a message", "To any number: the simulated carrier delivers it to the phone.", "Send", "/send"),
    ("delivered", "See it on the phone", "The virtual phone shows it as a handset would.", "Open phone", "/phone"),
    ("received", "Reply from the phone", "The reply comes in over SMPP, among your messages.", "Reply", "/phone"),
    ("key_used", "Use your API key", "The same by HTTP, with the calls of Kaleyra.io.", "API keys", "/developers/keys"),
    ("called_back", "Receive a callback", "Name a URL when you send; each attempt is kept.", "Callbacks", "/callbacks"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps, and where to take it."""

    title: str
    text: str
    done: bool
    action: str
    path: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """A day of messages: totals and the chart; ``counted`` is False when there were too many to count at once."""

    outgoing: int
    delivered: int
    failed: int
    open: int
    incoming: int
    chart: Chart | None
    counted: bool = True

    @property
    def rate(self) -> str:
        """Delivered of those with an outcome, as a percentage."""
        return rate_of(self.delivered, self.failed) or "–"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that needs a look: what it is, and the button that leads to what can be done (or none)."""

    tone: str
    text: str
    action: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Vital:
    """One figure with its hint and tone."""

    value: str
    hint: str
    tone: str = ""


async def first_steps(context: Context, account_id: int) -> list[Step]:
    """The first steps with their marks; none when a very busy account's cannot be told at once."""
    since = uuid_floor(context.clock.now() - timedelta(days=STEP_DAYS))
    try:
        done = await repository.steps(context.database.pool, account_id, since)
    except TimeoutError:
        return []
    return [Step(title, text, done[fact], action, path) for fact, title, text, action, path in STEPS]


async def traffic(context: Context, visitor: Visitor) -> Traffic:
    """The last 24 hours, the current one included."""
    now = context.clock.now()
    start = (now - timedelta(hours=HOURS - 1)).replace(minute=0, second=0, microsecond=0)
    try:
        rows = await repository.traffic(context.database.pool, visitor.account_id, uuid_floor(start))
    except TimeoutError:
        return Traffic(0, 0, 0, 0, 0, None, counted=False)
    outgoing = [row for row in rows if row["direction"] == Direction.MT]
    return Traffic(
        outgoing=total(outgoing, None), delivered=total(outgoing, DELIVERED), failed=total(outgoing, FAILED),
        open=total(outgoing, OPEN), incoming=total([row for row in rows if row["direction"] == Direction.MO], None),
        chart=_chart(outgoing, start, visitor),
    )  # fmt: skip


def _chart(rows: Sequence[Any], start: datetime, visitor: Visitor) -> Chart:
    hours = [start + timedelta(hours=i) for i in range(HOURS)]

    def series(label: str, statuses: Sequence[Status], tone: str) -> Series:
        counts = dict.fromkeys(hours, 0)
        for row in rows:
            if row["status"] in statuses and row["hour"] in counts:
                counts[row["hour"]] += row["messages"]
        return Series(label, list(counts.values()), tone)

    return Chart(
        "home-traffic", "Outgoing messages, last 24 hours", [f"{visitor.local(hour):%H:%M}" for hour in hours],
        [series("Delivered", DELIVERED, "success"), series("On the way", OPEN, "info"), series("Failed", FAILED, "danger")],
        kind="stacked", zone=visitor.time_zone, category_label="Hour",
    )  # fmt: skip


async def funds(context: Context, visitor: Visitor) -> Vital:
    """What the account may still spend; for those whose role sees money."""
    if not (visitor.may("billing.read") or visitor.may("usage.read")):
        return Vital("–", "your role does not see it")
    async with context.database.pool.acquire() as connection:
        found = await billing.balance(connection, visitor.account_id)
    if found is None:
        return Vital("–", "this account has no wallet", "danger")
    amount, currency = found
    empty = amount <= ZERO
    hint = "messages end as NO-CREDITS" if empty else "each part is paid when it is routed"
    return Vital(format_money(amount, currency), hint, "danger" if empty else "")


def binds(links: Sequence[LinkRecord]) -> Vital:
    """How many binds of all carriers are up."""
    up = sum(link.state in UP for link in links)
    if not links:
        return Vital("–", "no carrier is attached", "warning")
    return Vital(f"{up} of {len(links)}", "binds are up", "success" if up == len(links) else "danger")


async def links_of(context: Context) -> list[LinkRecord]:
    """The live state of every bind."""
    return await list_links(context)


async def latest(context: Context, account_id: int) -> list[Any]:
    """The newest messages of the last day, with their carriers' names."""
    since = context.clock.now() - timedelta(hours=HOURS)
    return await reading.latest_messages(context.database.pool, account_id, since, LATEST)


async def _troubled_profiles(context: Context, visitor: Visitor) -> list[Alert]:
    """Callback profiles whose receiver fails for an hour or was switched off for it (R-36)."""
    before = context.clock.now() - FIRST_TOLD_AFTER
    found = []
    for row in await owners.troubled(context.database.pool, visitor.account_id, before):
        path = f"/callbacks/profiles/{row['id']}"
        if row["status"] == ProfileStatus.ACTIVE:
            text = f"The receiver of callback profile {row['title']} takes nothing since {row['failing_since']:%d %b %H:%M} UTC."
            found.append(Alert("warning", text, "See the profile", path))
        else:
            found.append(Alert("danger", f"Callback profile {row['title']} was switched off.", "See the profile", path))
    return found


async def _trial(context: Context, visitor: Visitor) -> list[Alert]:
    """What a trial account lacks."""
    case = await kyc.case_of(context, visitor.account_id)
    if case.account["state"] != kyc.TRIAL:
        return []
    waits = case.state in kyc.WAITING
    text = "This is a trial account: it reaches the verified mobiles of its team only, with 50 messages in all. " + (
        "The operator looks at your documents." if waits else "Tell us who your company is to open it."
    )
    return [Alert("warning", text, "See KYC", "/settings/kyc")]


async def alerts(context: Context, visitor: Visitor, links: Sequence[LinkRecord]) -> list[Alert]:
    """What needs a look: links that are down, messages that wait, callbacks that were given up.

    Carriers belong to the installation: only owners are led to them.
    """
    found = []
    carriers_page = ("See carriers", "/carriers") if visitor.may("installation.read") else ("", "")
    down = sorted({link.carrier for link in links if link.state not in UP})
    if down:
        text = f"Not connected: {', '.join(down)}. Messages for it wait or take another route."
        found.append(Alert("danger", text, *carriers_page))
    failed = await repository.failed_callbacks(context.database.pool, visitor.account_id)
    if failed:
        number = f"{failed} callbacks were" if failed > 1 else "One callback was"
        found.append(Alert("warning", f"{number} given up after all retries.", "Send again", "/callbacks"))
    found += await _troubled_profiles(context, visitor)
    found += await _trial(context, visitor)
    checks = (await health.readiness(context.database)).checks
    if checks["queue_age"] != "ok":
        found.append(
            Alert("warning", f"The queue stands: the {checks['queue_age']}.", "See what waits", "/messages?status=20")
        )
    if checks["workers"] != "ok":
        text = "No worker runs: messages are accepted and kept, but none is sent. Start one: strowger serve worker."
        found.append(Alert("danger", text))
    return found
