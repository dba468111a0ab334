"""What statuses and traces mean, and what to do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from litestar.exceptions import NotFoundException

from strowger.console.pages import AnyRequest, Page, page, render
from strowger.console.palette import Hit
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.messaging import words
from strowger.messaging.statuses import BUILT_IN, SPELLINGS, TRACES, Status, Trace

ORDER = ("NOT-SENT", "UNDELIVERED", "FAILED", "SENT", "DELIVERED", "QUEUED", "SCHEDULED", "RECEIVED")
TITLES = {
    "NOT-SENT": ("Not sent", "Refused here, before a carrier had it. Nothing is charged."),
    "UNDELIVERED": ("Undelivered", "A carrier had it and reports that it did not reach the handset."),
    "FAILED": ("Failed", "The carrier or the platform gave up."),
    "SENT": ("Sent", "With a carrier; the last word is still to come, or never will."),
    "DELIVERED": ("Delivered", "On the handset."),
    "QUEUED": ("Queued", "Stored, not yet handed over."),
    "SCHEDULED": ("Scheduled", "Kept until its time comes."),
    "RECEIVED": ("Received", "From a handset."),
}
GROUP_TONES = {
    "NOT-SENT": Status.NOT_SENT, "UNDELIVERED": Status.UNDELIVERED, "FAILED": Status.FAILED, "SENT": Status.SENT,
    "DELIVERED": Status.DELIVERED, "QUEUED": Status.QUEUED, "SCHEDULED": Status.SCHEDULED, "RECEIVED": Status.RECEIVED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """The traces of one status."""

    anchor: str
    title: str
    text: str
    tone: str
    traces: list[Trace]


def grouped() -> list[Group]:
    """All traces by the status that they belong to, in the order of a message's troubles."""
    found: dict[str, list[Trace]] = defaultdict(list)
    for trace in TRACES.values():
        found[trace.status].append(trace)
    names = [*ORDER, *sorted(set(found) - set(ORDER))]
    groups = []
    for name in names:
        title, text = TITLES.get(name, (name.capitalize(), ""))
        tone = words.TONES.get(GROUP_TONES.get(name, 0), "neutral")
        traces = sorted(found[name], key=lambda trace: trace.code)
        groups.append(Group(f"status-{name.lower()}", title, text, tone, traces))
    return [group for group in groups if group.traces]


@page("/errors", permission="messages.read")
async def codes(request: AnyRequest, visitor: Visitor) -> Page:
    """Every status and trace with its meaning; each trace is an anchor."""
    statuses = [
        (words.status_label(status), words.TONES[status], spelling, words.MEANINGS[status])
        for status, spelling in SPELLINGS.items()
    ]
    return await render(
        request,
        "messaging/codes.html",
        title="Status codes",
        groups=grouped(),
        statuses=statuses,
        words=words,
        built_in=BUILT_IN,
    )


@page("/errors/{name:str}", permission="messages.read")
async def code(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """One trace: what it means, what to do, and the way to the messages that have it."""
    trace = next((one for one in TRACES.values() if words.trace_anchor(one.code) == name.upper()), None)
    if trace is None:
        raise NotFoundException
    label, about = TITLES.get(trace.status, (trace.status.capitalize(), ""))
    tone = words.TONES.get(GROUP_TONES.get(trace.status, 0), "neutral")
    return await render(
        request,
        "messaging/code.html",
        title=f"Status code {trace.code}",
        trace=trace,
        label=label,
        about=about,
        tone=tone,
    )


async def find_codes(context: Context, visitor: Visitor, text: str) -> list[Hit]:
    """The page of a trace that was typed or pasted."""
    trace = TRACES.get(text.upper())
    if trace is None or not visitor.may("messages.read"):
        return []
    return [
        Hit(trace.code, f"/errors/{words.trace_anchor(trace.code)}", "list-search", trace.meaning, "Status codes", True)
    ]


pages: list[Any] = [codes, code]
