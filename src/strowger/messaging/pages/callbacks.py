"""Callbacks: what waits, what has failed, every attempt; sent again one by one or all since a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.console.pages import AnyRequest, Page, context_of, local_path, page, redirect
from strowger.console.table import Column, Empty, Filter, Row, RowAction, SqlSource, Table, equals
from strowger.console.visitor import Visitor
from strowger.foundation.database import Database
from strowger.messaging import words
from strowger.messaging.pages.deliveries import (
    EVENTS,
    OUTCOME_TONES,
    OUTCOMES,
    STATE_TONES,
    STATES,
    endpoint_text,
    error_text,
)
from strowger.messaging.pages.privacy import seen_addresses
from strowger.messaging.repository import callback_lists
from strowger.messaging.repository.callback_lists import attempt, callback
from strowger.platform.callbacks.schemas import CallbackState
from strowger.platform.callbacks.service import CallbackService

TABS = (
    ("Deliveries", "/callbacks"),
    ("Attempts", "/callbacks/attempts"),
    ("Profiles", "/callbacks/profiles"),
    ("Signing secret", "/callbacks/signing"),
    ("Send a test", "/callbacks/test"),
)
SPANS = (
    ("1h", "the last hour", timedelta(hours=1)),
    ("24h", "the last 24 hours", timedelta(hours=24)),
    ("7d", "the last 7 days", timedelta(days=7)),
)
STATE_OPTIONS = [(str(int(state)), label) for state, label in STATES.items()]
EVENT_OPTIONS = list(EVENTS.items())


def tabs_of(path: str) -> list[tuple[str, str, bool]]:
    """The tabs of the callback pages."""
    return [(label, target, target == path) for label, target in TABS]


def _event_label(event: str) -> str:
    return EVENTS.get(event, event)


def _message_link(row: Row) -> str | None:
    return words.message_path(row) if row["n"] else None


def _profile_link(row: Row) -> str | None:
    return f"/callbacks/profiles/{row['profile_id']}" if row["profile_id"] else None


def _act(verb: str) -> Any:
    return lambda row: f"/callbacks/{row['id']}/{verb}"


def _waits(row: Row) -> bool:
    return int(row["state"]) == CallbackState.PENDING


QUEUE = Table(
    "callbacks",
    (
        Column("id", "Created", "time", sort=True, value=lambda row: row["created_at"]),
        Column("event", "Event", label_of=_event_label),
        Column("status", "Reports"),
        Column("host", "Endpoint", "mono", sort=True, label_of=endpoint_text),
        Column("url", "Address", "mono", shown=False),
        Column("state", "State", "status", tone=STATE_TONES, label_of=lambda state: STATES[CallbackState(state)]),
        Column("attempts", "Attempts", "number", sort=True),
        Column("due_at", "Next try", "time", sort=True, value=lambda row: row["due_at"] if _waits(row) else None),
        Column("last_error", "Last error", label_of=error_text),
        Column("message", "Message", "mono", value=words.message_id, href=_message_link, shown=False),
        Column("profile_id", "Profile", "mono", href=_profile_link, shown=False),
    ),
    (
        Filter("state", "State", "multi", STATE_OPTIONS),
        Filter("host", "Endpoint"),
        Filter("created_at", "Created", "time"),
        Filter("last_error", "Error"),
        Filter("profile", "Profile ID"),
    ),
    search="Message id or address",
    empty=Empty(
        "Nothing waits, nothing has failed",
        "Callbacks that were delivered leave this list; every attempt is kept under Attempts. A message asks for a"
        " callback with the parameter callback, a number with its own callback.",
    ),
    row_href=_message_link,
    row_actions=(
        RowAction("Open the message", words.message_path, "message"),
        RowAction("Send again", _act("replay"), "refresh", "POST", when=lambda row: not _waits(row)),
        RowAction(
            "Drop",
            _act("drop"),
            "trash",
            "POST",
            confirm=lambda row: "Take this callback out of the queue? It can be sent again later.",
            danger=True,
            when=_waits,
        ),
    ),
)
ATTEMPTS = Table(
    "callback-attempts",
    (
        Column("at", "Time", "time", sort=True),
        Column("event", "Event", label_of=_event_label),
        Column("method", "Method", shown=False),
        Column("url", "Address", "mono"),
        Column("attempt", "Attempt", "number"),
        Column("outcome", "Outcome", "status", tone=OUTCOME_TONES, label_of=lambda outcome: OUTCOMES[outcome]),
        Column("http_status", "HTTP", "number", sort=True),
        Column("duration_ms", "Duration (ms)", "number", sort=True),
        Column("error", "Error", label_of=error_text),
        Column("message", "Message", "mono", value=words.message_id, href=_message_link, shown=False),
        Column("profile_id", "Profile", "mono", href=_profile_link, shown=False),
    ),
    (
        Filter("at", "Time", "time"),
        Filter("outcome", "Outcome", "multi", [(str(int(one)), label) for one, label in OUTCOMES.items()]),
        Filter("event", "Event", "multi", EVENT_OPTIONS),
        Filter("url", "Address"),
        Filter("profile", "Profile ID"),
    ),
    search="Message id or address",
    sort="-at",
    empty=Empty("No attempts in the last 24 hours", "Every request that calls back your server is kept here."),
    row_href=_message_link,
)


def _numbers(chosen: list[str]) -> list[int]:
    return [int(one) for one in chosen]


def queue_source(database: Database) -> SqlSource:
    """The rows of the queue."""
    c = callback.c
    return SqlSource(
        database,
        callback_lists.queued_rows(),
        c.account_id,
        key=("id",),
        columns={"id": c.id, "created_at": c.created_at, "due_at": c.due_at, "attempts": c.attempts,
                 "host": callback_lists.HOST, "last_error": c.last_error},
        search=callback_lists.search_queue,
        filters={
            "state": lambda chosen: equals(c.state)(_numbers(chosen)),
            "profile": lambda text: callback_lists.of_profile(callback, text),
        },
    )  # fmt: skip


def attempt_source(database: Database, everything: bool, now: Any) -> SqlSource:
    """The rows of the attempts, of the last day unless another time or a message is asked for."""
    a = attempt.c
    rows = callback_lists.attempt_rows()
    if not everything:
        rows = rows.where(callback_lists.attempts_within(now - timedelta(days=1), None))
    return SqlSource(
        database,
        rows,
        a.account_id,
        key=("at", "callback_id", "attempt"),
        search=callback_lists.search_attempts,
        filters={
            "at": lambda span: callback_lists.attempts_within(span.start, span.end),
            "outcome": lambda chosen: equals(a.outcome)(_numbers(chosen)),
            "event": equals(a.event),
            "profile": lambda text: callback_lists.of_profile(attempt, text),
        },
        nullable=frozenset({"http_status"}),
    )


@page("/callbacks", permission="callbacks.read")
async def deliveries(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """What waits and what has failed."""
    context = context_of(request)
    counts = await CallbackService(context).counts(visitor.account_id)
    return await QUEUE.respond(
        request,
        visitor,
        seen_addresses(visitor, queue_source(context.database)),
        title="Callbacks",
        template="messaging/callbacks.html",
        tabs=tabs_of("/callbacks"),
        counts={state.name: number for state, number in counts.items()},
        spans=SPANS,
        may_act=visitor.may("callbacks.write"),
    )


@page("/callbacks/attempts", permission="callbacks.read")
async def attempts(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Every attempt."""
    context = context_of(request)
    now = context.clock.now()
    query = ATTEMPTS.query(request, visitor, now)
    everything = "at" in query.filters or words.is_id(query.search)
    return await ATTEMPTS.respond(
        request,
        visitor,
        seen_addresses(visitor, attempt_source(context.database, everything, now)),
        title="Callback attempts",
        template="messaging/attempts.html",
        tabs=tabs_of("/callbacks/attempts"),
    )


async def _back(request: AnyRequest) -> str:
    form = await request.form()
    return local_path(str(form.get("back", "")), "/callbacks")


@page("/callbacks/{callback_id:uuid}/replay", methods=["POST"], permission="callbacks.write")
async def replay(request: AnyRequest, visitor: Visitor, callback_id: UUID) -> Page:
    """Send a failed or dropped callback again."""
    if not await CallbackService(context_of(request)).replay(visitor.account_id, [callback_id]):
        raise NotFoundException
    return redirect(request, await _back(request), "The callback is sent again.")


@page("/callbacks/{callback_id:uuid}/drop", methods=["POST"], permission="callbacks.write")
async def drop(request: AnyRequest, visitor: Visitor, callback_id: UUID) -> Page:
    """Take a waiting callback out of the queue."""
    if not await CallbackService(context_of(request)).drop(visitor.account_id, [callback_id]):
        raise NotFoundException
    return redirect(request, await _back(request), "The callback was dropped.", "info")


@page("/callbacks/replay", methods=["POST"], permission="callbacks.write")
async def replay_since(request: AnyRequest, visitor: Visitor) -> Page:
    """Send all callbacks that failed within a span (field span: 1h, 24h, 7d) again."""
    context = context_of(request)
    form = await request.form()
    span = next((length for key, _, length in SPANS if key == form.get("span")), None)
    if span is None:
        return redirect(request, "/callbacks", "Choose since when.", "danger")
    number = await CallbackService(context).replay_failed_since(visitor.account_id, context.clock.now() - span)
    text = (
        f"{number} callback{'s are' if number != 1 else ' is'} sent again." if number else "None had failed since then."
    )
    return redirect(request, "/callbacks", text, "success" if number else "info")


pages: list[Any] = [deliveries, attempts, replay, drop, replay_since]
