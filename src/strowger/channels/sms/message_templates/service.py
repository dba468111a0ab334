"""What is done with templates: create, change, decide, delete (sms.md 3.16, 7.2)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import asyncpg

from strowger.channels.sms.message_templates.repository import reading, writing
from strowger.channels.sms.message_templates.schemas import NewTemplate, State
from strowger.channels.sms.senders.countries import rule_of
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.settings import Settings

MAX_CREATED = 1_000
EDITABLE = (State.DRAFT, State.REJECTED, State.APPROVED)
Kind = Literal["made", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one template: its row and state, or why it was refused."""

    kind: Kind | None
    id: int = 0
    template_id: str = ""
    state: State = State.PENDING
    problem: StrowgerError | None = None


def first_state(settings: Settings, iso_code: str) -> State:
    """The state in which a template of a country begins."""
    trusted = settings.trust_registry_ids if rule_of(iso_code).registry else settings.auto_approve_templates
    return State.APPROVED if trusted else State.PENDING


def new_template_id() -> str:
    """19 digits of our own, for countries without a registry."""
    return str(secrets.randbelow(9 * 10**18) + 10**18)


def _refused(detail: str, field: str) -> Outcome:
    return Outcome(None, problem=StrowgerError("E633", detail, field=field))


async def store(
    connection: Connection,
    account_id: int,
    templates: Sequence[NewTemplate],
    settings: Settings,
    author: str,
    *,
    draft: bool = False,
    update: bool = False,
    dry_run: bool = False,
) -> list[Outcome]:
    """Store templates, in a few statements however many they are; within the caller's transaction.

    One that the account has (by template id) is refused with E633, or with ``update`` changed: a new text of an approved
    one waits beside it until it is approved. ``dry_run`` only tells what would happen.
    """
    await writing.lock(connection, account_id)
    given = [replace(item, template_id=item.template_id or new_template_id()) for item in templates]
    rows = await writing.taken(
        connection, account_id, [item.template_id for item in given], [item.title.lower() for item in given]
    )
    ids = {row["template_id"]: row for row in rows}
    titles = {row["title"]: row["template_id"] for row in rows}
    outcomes: list[Outcome] = []
    made: list[writing.Item] = []
    changed: list[writing.Item] = []
    seen: set[str] = set()
    for item in given:
        old = ids.get(item.template_id)
        state = State.DRAFT if draft else first_state(settings, item.iso_code)
        if item.template_id in seen:
            outcomes.append(_refused(f"Template id {item.template_id} comes twice", "template_id"))
        elif old is not None and not update:
            outcomes.append(_refused(f"Template id {item.template_id} exists already", "template_id"))
        elif titles.get(item.title.lower(), item.template_id) != item.template_id:
            outcomes.append(_refused("Another template has this title", "title"))
        else:
            seen.add(item.template_id)
            titles[item.title.lower()] = item.template_id
            outcome, beside = _settle(item, old, state)
            outcomes.append(outcome)
            target = made if old is None or beside else changed
            target.append((item, state, old["id"] if old else None))
    if dry_run:
        return outcomes
    stored = await writing.insert(connection, account_id, made, author) if made else {}
    if changed:
        stored |= await writing.change(connection, account_id, changed)
    await writing.tell(connection, account_id)
    return [replace(one, id=stored.get(one.template_id, one.id)) for one in outcomes]


def _settle(item: NewTemplate, old: asyncpg.Record | None, state: State) -> tuple[Outcome, bool]:
    """What becomes of a template that may be stored, and whether it waits beside the one that is there."""
    if old is None:
        return Outcome("made", template_id=item.template_id, state=state), False
    same = old["content"] == item.content
    kept = State(old["status"])
    if same and kept in (State.APPROVED, State.DISABLED):
        return Outcome("unchanged", old["id"], item.template_id, kept), False
    beside = not same and kept == State.APPROVED and state != State.APPROVED
    return Outcome("changed", old["id"], item.template_id, state), beside


async def edit(
    connection: Connection,
    account_id: int,
    row_id: int,
    new: NewTemplate,
    settings: Settings,
    author: str,
    *,
    draft: bool = False,
) -> tuple[int, State]:
    """Change a template: drafts and rejected ones in place, an approved one by a version that waits beside it.

    Returns the row that holds the change, and its state. Raises E404, E632 (not in a state to be changed), E633.
    """
    await writing.lock(connection, account_id)
    row = await reading.one(connection, account_id, row_id)
    if row is None or row["status"] == State.DELETED:
        raise StrowgerError("E404")
    kept = State(row["status"])
    if kept not in EDITABLE:
        raise StrowgerError("E632", "A template in this state cannot be changed")
    new = replace(new, template_id=new.template_id or row["template_id"])
    if kept == State.APPROVED and new.template_id != row["template_id"]:
        raise StrowgerError("E632", "The id of an approved template stays", field="template_id")
    state = State.DRAFT if draft and kept != State.APPROVED else first_state(settings, new.iso_code)
    item: writing.Item = (new, state, row_id)
    beside = kept == State.APPROVED and state != State.APPROVED and row["content"] != new.content
    try:
        if beside:
            stored = await writing.insert(connection, account_id, [item], author)
        else:
            stored = await writing.change(connection, account_id, [item])
    except asyncpg.UniqueViolationError as clash:
        raise StrowgerError("E633", field="title") from clash
    await writing.tell(connection, account_id)
    return stored[new.template_id], State.APPROVED if kept == State.APPROVED and not beside else state


async def delete(connection: Connection, account_id: int, row_id: int) -> None:
    """Delete a template; reports and history keep it. Raises E404, E636 (scheduled messages need it)."""
    row = await reading.one(connection, account_id, row_id)
    if row is None or row["status"] == State.DELETED:
        raise StrowgerError("E404")
    if row["replaces"] is None and await reading.is_scheduled(connection, account_id, row["template_id"]):
        raise StrowgerError("E636")
    await writing.delete(connection, account_id, row_id)


async def decide(
    connection: Connection, row_id: int, approved: bool, reason: str, now: datetime, by: str
) -> tuple[int, str] | None:
    """Approve or reject a waiting template, as the operator; returns account and title, None when it does not wait any more.

    Raises E633 when its title was taken meanwhile.
    """
    state = State.APPROVED if approved else State.REJECTED
    try:
        return await writing.decide(connection, row_id, state, reason or None, now, by)
    except asyncpg.UniqueViolationError as clash:
        raise StrowgerError("E633", field="title") from clash
