"""What the home page tells: first steps, the traffic of a day, alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from strowger.console.chart import Chart, Series
from strowger.foundation.context import Context
from strowger.foundation.ids import uuid_floor
from strowger.home import repository
from strowger.messaging.routing.service import list_links
from strowger.messaging.schemas import Direction
from strowger.messaging.statuses import Status
from strowger.platform.health import service as health

STEP_DAYS, HOURS = 90, 24
GOOD, BAD = (Status.DELIVERED,), (Status.UNDELIVERED, Status.NOT_SENT, Status.FAILED, Status.EXPIRED)
OPEN = (Status.SCHEDULED, Status.QUEUED, Status.SENT)
BOUND = ("bound", "throttled", "paused")


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
        final = self.delivered + self.failed
        return f"{100 * self.delivered / final:.1f} %" if final else "–"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that needs a look."""

    tone: str
    text: str
    path: str


async def first_steps(context: Context, account_id: int) -> list[Step]:
    """The first steps with their marks."""
    since = uuid_floor(context.clock.now() - timedelta(days=STEP_DAYS))
    done = await repository.steps(context.database.pool, account_id, since)
    return [Step(title, text, done[fact], action, path) for fact, title, text, action, path in STEPS]


async def traffic(context: Context, account_id: int, time_zone: str) -> Traffic:
    """The last 24 hours."""
    now = context.clock.now()
    start = (now - timedelta(hours=HOURS - 1)).replace(minute=0, second=0, microsecond=0)
    try:
        rows = await repository.traffic(context.database.pool, account_id, uuid_floor(start))
    except TimeoutError:
        return Traffic(0, 0, 0, 0, 0, None, counted=False)
    outgoing = [row for row in rows if row["direction"] == Direction.MT]
    return Traffic(
        outgoing=_sum(outgoing, None), delivered=_sum(outgoing, GOOD), failed=_sum(outgoing, BAD), open=_sum(outgoing, OPEN),
        incoming=sum(row["number"] for row in rows if row["direction"] == Direction.MO),
        chart=_chart(outgoing, start, time_zone),
    )  # fmt: skip


def _sum(rows: Sequence[Any], statuses: Sequence[Status] | None) -> int:
    return sum(row["number"] for row in rows if statuses is None or row["status"] in statuses)


def _chart(rows: Sequence[Any], start: datetime, time_zone: str) -> Chart:
    hours = [start + timedelta(hours=i) for i in range(HOURS)]
    zone = ZoneInfo(time_zone)

    def series(label: str, statuses: Sequence[Status], tone: str) -> Series:
        counts = dict.fromkeys(hours, 0)
        for row in rows:
            if row["status"] in statuses and row["hour"] in counts:
                counts[row["hour"]] += row["number"]
        return Series(label, list(counts.values()), tone)

    return Chart(
        "home-traffic", "Outgoing messages, last 24 hours", [hour.astimezone(zone).strftime("%H:%M") for hour in hours],
        [series("Delivered", GOOD, "success"), series("On the way", OPEN, "info"), series("Failed", BAD, "danger")],
        kind="stacked", zone=time_zone, category_label="Hour",
    )  # fmt: skip


async def alerts(context: Context, account_id: int) -> list[Alert]:
    """What needs a look: links that are down, messages that wait, callbacks that were given up."""
    found = []
    links = await list_links(context)
    down = sorted({link.carrier for link in links if link.state not in BOUND})
    if down:
        found.append(
            Alert(
                "danger", f"Not connected: {', '.join(down)}. Messages for it wait or take another route.", "/carriers"
            )
        )
    failed = await repository.failed_callbacks(context.database.pool, account_id)
    if failed:
        found.append(Alert("warning", f"{failed} callbacks were given up; they can be sent again.", "/callbacks"))
    state = await health.readiness(context.database)
    if state.checks["queue_age"] != "ok":
        found.append(Alert("warning", f"Queue: {state.checks['queue_age']}.", "/messages?status=20"))
    if state.checks["workers"] != "ok":
        found.append(Alert("danger", "No worker runs: messages are accepted, but none is sent.", "/carriers"))
    return found
