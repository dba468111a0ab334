"""Why a message still waits, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from strowger.messaging.repository.reading import Link, Waiting
from strowger.messaging.schemas import Priority

UP = frozenset({"bound", "throttled"})
STATE_TONES = {"bound": "success", "throttled": "warning", "connecting": "info", "down": "danger"}
PRIORITIES = {Priority.HIGH: "High", Priority.NORMAL: "Normal", Priority.LOW: "Low"}


@dataclass(frozen=True, slots=True)
class WaitingText:
    """Why a message waits: one line, what will happen, and the facts behind it."""

    title: str
    text: str
    tone: str
    next_at: datetime | None
    expires_at: datetime
    attempts: int
    reason: str
    carrier: str
    priority: str
    links: tuple[Link, ...]

    def tone_of(self, link: Link) -> str:
        """The colour of a link's state."""
        return STATE_TONES.get(link.state, "neutral")


def _why(waiting: Waiting, now: datetime) -> tuple[str, str, str]:
    carrier = waiting.carrier or "the carrier"
    if not waiting.lane:
        if waiting.due_at > now and not waiting.attempts and not waiting.tried:
            return "Scheduled", "It is checked, priced and sent when its time comes.", "info"
        if waiting.tried:
            return "Waiting for another route", "A carrier refused it; the next one is chosen in a moment.", "info"
        if waiting.due_at > now:
            return "Held back", f"It waits for its time: {waiting.reason or 'it is not due yet'}.", "info"
        return (
            "Waiting to be routed",
            "A worker checks, prices and routes it; this takes milliseconds while one runs.",
            "info",
        )
    if waiting.carrier_state == "paused":
        return f"{carrier} is paused", "It is sent when the carrier is resumed, or by another route.", "warning"
    if not any(link.state in UP for link in waiting.links):
        said = next((f" ({link.detail})" for link in waiting.links if link.detail), "")
        return (
            f"{carrier} is not connected",
            f"No link is up{said}. It is sent as soon as one is, or by another route.",
            "danger",
        )
    if waiting.due_at > now:
        return f"{carrier} asked to wait", "It is tried again at the time below.", "warning"
    if waiting.claimed:
        return f"Being sent to {carrier}", "It is handed over, or waits for the carrier's answer.", "info"
    return f"In the queue of {carrier}", "It leaves in its turn, as fast as the carrier takes messages.", "info"


def explain_waiting(waiting: Waiting, now: datetime) -> WaitingText:
    """The words for a row of the queue."""
    title, text, tone = _why(waiting, now)
    return WaitingText(
        title,
        text,
        tone,
        waiting.due_at if waiting.due_at > now else None,
        waiting.expires_at,
        waiting.attempts,
        waiting.reason or "",
        waiting.carrier or "",
        PRIORITIES[Priority(waiting.priority)],
        waiting.links,
    )
