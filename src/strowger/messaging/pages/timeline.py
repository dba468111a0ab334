"""A message's events as people read them: what happened, who said it, how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from strowger.messaging import words
from strowger.messaging.schemas import Event
from strowger.messaging.statuses import EventKind, Status, explain, is_final

Facts = list[tuple[str, str]]
# What carriers put into the detail of an event, in the order in which it is shown.
DETAIL_LABELS = {
    "command_status": "SMPP status",
    "http_status": "HTTP status",
    "code": "Provider's code",
    "answer": "Provider's words",
    "ms": "Answered in",
    "retry_after": "Asked to wait",
    "text": "Which means",
    "stat": "Report",
    "err": "Operator's code",
    "done_date": "Operator's time",
    "reason": "Reason",
    "until": "Held until",
    "again_after_seconds": "Tried again after",
    "due_at": "Leaves at",
    "bind": "Bind",
    "sequence": "Sequence number",
    "parts": "Parts",
    "port": "Port",
}


@dataclass(slots=True)
class Entry:
    """One line of a timeline. ``took`` is seconds since the entry before, None for the first one."""

    title: str
    at: datetime
    tone: str = "neutral"
    text: str = ""
    took: float | None = None
    since_start: float | None = None
    facts: Facts = field(default_factory=list)
    answers: list[Facts] = field(default_factory=list)
    pending: bool = False


@dataclass(slots=True)
class Part:
    """What is known of one part of a message."""

    number: int
    text: str = ""
    operator_id: str = ""
    submitted_at: datetime | None = None
    status: int = Status.QUEUED
    trace: str = ""
    reported_at: datetime | None = None


def detail_facts(detail: Mapping[str, Any] | None) -> Facts:
    """The detail of an event in words; what is not known by name comes last."""
    if not detail:
        return []
    found: Facts = []
    for name, label in DETAIL_LABELS.items():
        value = detail.get(name)
        if value is None or value == "":
            continue
        if name == "command_status" and detail.get("name"):
            value = f"{value} {detail['name']}"
        if name == "http_status" and detail.get("name"):
            value = str(detail["name"]).removeprefix("HTTP ")
        if name in ("again_after_seconds", "retry_after"):
            value = f"{value} s"
        if name == "ms":
            value = f"{value} ms"
        found.append((label, str(value)))
    if detail.get("generic_nack"):
        found.append(("Answered with", "generic_nack"))
    known = {*DETAIL_LABELS, "name", "answers", "intermediate", "generic_nack", "data_coding", "esm_class", "part"}
    return found + [(name, str(value)) for name, value in detail.items() if name not in known]


def _answers(event: Event) -> list[Facts]:
    answers = (event.detail or {}).get("answers") or []
    return [[("Part", str(one.get("part", "?"))), *detail_facts(one)] for one in answers if isinstance(one, dict)]


def _carrier(event: Event, carriers: Mapping[int, str]) -> str:
    return carriers.get(event.carrier_id or 0, "a carrier")


def _of_part(event: Event, parts: int) -> str:
    return f", part {event.part} of {parts}" if event.part and parts > 1 else ""


def _submitted(event: Event, carriers: Mapping[int, str], parts: int) -> Entry:
    entry = Entry(f"Submitted to {_carrier(event, carriers)}{_of_part(event, parts)}", event.at, "info")
    entry.facts = [("Carrier's id", event.operator_id or ""), *detail_facts(event.detail)]
    return entry


def _receipt(event: Event, carriers: Mapping[int, str], parts: int, repeated: bool) -> Entry:
    intermediate = not is_final(event.status)
    title = "On its way" if intermediate else words.status_label(event.status)
    entry = Entry(
        f"{title}{_of_part(event, parts)}",
        event.at,
        "neutral" if repeated else words.TONES.get(event.status, "neutral"),
        f"Report by {_carrier(event, carriers)}. {explain(event.trace).meaning}",
    )
    if repeated:
        entry.title = f"Another report: {entry.title[0].lower()}{entry.title[1:]}"
        entry.text += " It came after the part's final report and is only kept."
    entry.facts = [("Trace", event.trace), *detail_facts(event.detail)]
    return entry


def _deferred(event: Event, carriers: Mapping[int, str]) -> Entry:
    if event.carrier_id is None:
        return Entry(
            "Held back", event.at, "warning", "It waits on the platform and leaves at the time below.",
            facts=detail_facts(event.detail),
        )  # fmt: skip
    return Entry(
        f"Put off by {_carrier(event, carriers)}",
        event.at,
        "warning",
        "It stays in the queue and is tried again.",
        facts=detail_facts(event.detail),
        answers=_answers(event),
    )


def _ended(event: Event, carriers: Mapping[int, str]) -> Entry:
    trace = explain(event.trace)
    who = f"Refused by {_carrier(event, carriers)}" if event.carrier_id else words.status_label(event.status)
    title = "Expired" if event.kind is EventKind.EXPIRED else who
    return Entry(
        title,
        event.at,
        words.TONES.get(event.status, "danger"),
        trace.meaning,
        facts=[("Trace", event.trace), *detail_facts(event.detail)],
        answers=_answers(event),
    )


def _entry(event: Event, carriers: Mapping[int, str], parts: int, repeated: bool) -> Entry:
    if event.kind is EventKind.SUBMITTED:
        return _submitted(event, carriers, parts)
    if event.kind is EventKind.RECEIPT:
        return _receipt(event, carriers, parts, repeated)
    if event.kind is EventKind.DEFERRED:
        return _deferred(event, carriers)
    if event.kind in (EventKind.REFUSED, EventKind.EXPIRED):
        return _ended(event, carriers)
    if event.kind is EventKind.RECEIVED:
        text = f"From the handset by {_carrier(event, carriers)}."
        return Entry("Received", event.at, "success", text, facts=detail_facts(event.detail))
    if event.kind is EventKind.ROUTED:
        return Entry(f"Routed to {_carrier(event, carriers)}", event.at, facts=detail_facts(event.detail))
    if event.kind is EventKind.NOTE and event.status is Status.DELIVERED:
        text = "The recipient is one of the account's test numbers: nothing left this host and nothing is charged."
        return Entry("Delivered to a test number", event.at, "success", text)
    if event.status == Status.SCHEDULED:
        return Entry("Moved to another time", event.at, "info", facts=detail_facts(event.detail))
    if event.status == Status.QUEUED:
        return Entry("Its time has come", event.at, "info", "It goes through the checks and to a carrier.")
    return Entry(explain(event.trace).meaning, event.at, facts=detail_facts(event.detail))


def build_timeline(row: Mapping[str, Any], events: Sequence[Event], carriers: Mapping[int, str]) -> list[Entry]:
    """The timeline of a message, from its acceptance on, with the time that each step took."""
    entries: list[Entry] = []
    if not any(event.kind is EventKind.RECEIVED for event in events):
        text = "Stored on disk and answered with its id, before anything else was done."
        entries.append(Entry("Accepted", row["created_at"], "info", text, facts=[("Source", row["source"])]))
    final_parts: set[int] = set()
    for event in sorted(events, key=lambda one: one.at):
        repeated = event.kind is EventKind.RECEIPT and event.part in final_parts
        entries.append(_entry(event, carriers, row["units"], repeated))
        if event.kind is EventKind.RECEIPT and is_final(event.status):
            final_parts.add(event.part)
    if row["status"] == Status.SENT and row["final_at"] is not None:
        entries.append(Entry("Closed without a report", row["final_at"], "warning", explain(row["trace"]).meaning))
    _measure(entries)
    if row["status"] == Status.SENT and row["final_at"] is None:
        missing = row["units"] - len(final_parts)
        several = f" {missing} of {row['units']} parts have none yet." if row["units"] > 1 else ""
        text = f"The carrier tells when it is on the handset, or why not.{several}"
        entries.append(Entry("Waiting for the delivery report", entries[-1].at, "neutral", text, pending=True))
    return entries


def _measure(entries: list[Entry]) -> None:
    for before, entry in pairwise(entries):
        entry.took = max(0.0, (entry.at - before.at).total_seconds())
        entry.since_start = max(0.0, (entry.at - entries[0].at).total_seconds())


def build_parts(units: int, texts: Sequence[str], events: Sequence[Event]) -> list[Part]:
    """What is known of each part, in order; a part's first final report counts."""
    numbers = max(units, len(texts), max((event.part for event in events), default=0))
    parts = [Part(n, texts[n - 1] if n <= len(texts) else "") for n in range(1, numbers + 1)]
    for event in sorted(events, key=lambda one: one.at):
        if not 0 < event.part <= numbers:
            continue
        part = parts[event.part - 1]
        if event.kind is EventKind.SUBMITTED:
            part.operator_id, part.submitted_at = event.operator_id or "", event.at
            part.status, part.trace = max(part.status, Status.SENT), part.trace or event.trace
        elif event.kind is EventKind.RECEIPT and not (part.reported_at and is_final(Status(part.status))):
            part.status, part.trace, part.reported_at = event.status, event.trace, event.at
    return parts
