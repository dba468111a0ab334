"""The audit log: entries chained by hash, one chain per account, written by one mechanism for pages and API (R-90)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.ids import new_uuid, uuid_floor
from strowger.foundation.logs import PERSON_FIELDS, get_logger
from strowger.foundation.tenancy import across_accounts
from strowger.platform.accounts import repository as accounts
from strowger.platform.audit import repository
from strowger.platform.audit.models import AuditEntry

log = get_logger(__name__)
FIRST = bytes(32)
SECRET = re.compile(
    "|".join([
        r"password|secret|token|csrf|^code$|api.?key|^old$|^new$|auth|header|signature|^enc$|invitation_url",
        *(f"^{name}$" for name in PERSON_FIELDS),
    ]),
    re.IGNORECASE,
)  # fmt: skip
LONGEST, MOST_FIELDS = 500, 60
CHUNK = 500
FORGOTTEN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a member by e-mail address, or an API key by name."""

    account_id: int
    user_id: int | None
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done, before it is chained."""

    id: UUID
    action: str
    path: str
    status: int
    ip: str | None = None
    agent: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


def shown(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, without secrets, and not longer than a log may be."""
    found: dict[str, Any] = {}
    for name, value in list(fields.items())[:MOST_FIELDS]:
        if name == "csrf":
            continue
        text = value if isinstance(value, str) else json.dumps(_without_secrets(value), default=str, ensure_ascii=False)
        found[name[:80]] = "(hidden)" if SECRET.search(name) else _cut(text)
    return found


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: "(hidden)" if SECRET.search(str(k)) else _without_secrets(v) for k, v in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _cut(text: str) -> str:
    clean = text.replace("\0", "")
    return clean if len(clean) <= LONGEST else f"{clean[:LONGEST]}… ({len(clean)} characters)"


def digest(entry: AuditEntry) -> bytes:
    """The hash of an entry: over the hash before it and everything that it says."""
    said = [
        entry.account_id, entry.number, str(entry.id), entry.at.timestamp(), entry.user_id, entry.actor, entry.role,
        entry.action, entry.path, entry.ip, entry.user_agent, entry.status, entry.fields, entry.changes,
    ]  # fmt: skip
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(entry.previous + text.encode()).digest()


async def append(session: AsyncSession, context: Context, actor: Actor, deed: Deed, always: bool = True) -> bool:
    """Put an entry at the end of the account's chain, with the rows that its request changed.

    Not ``always``: only when it changed any. Returns whether an entry was written.
    """
    rows, count = await repository.take_changes(session, deed.id)
    if not rows and not always:
        return False
    changes: list[dict[str, Any]] = [
        {"table": row.relation, "id": row.row_key, "before": row.before, "after": row.after} for row in rows
    ]
    if count > len(rows):
        changes.append({"table": "", "id": "", "before": None, "after": {"further rows": count - len(rows)}})
    last = await repository.lock(session, actor.account_id)
    entry = AuditEntry(
        account_id=actor.account_id, number=last.number + 1 if last else 1, id=deed.id, at=context.clock.now(),
        user_id=actor.user_id, actor=actor.name, role=actor.role, action=deed.action, path=deed.path[:500], ip=deed.ip,
        user_agent=deed.agent[:300], status=deed.status, fields=dict(deed.fields), changes=changes,
        previous=last.hash if last else FIRST,
    )  # fmt: skip
    entry.hash = digest(entry)
    session.add(entry)
    return True


async def record(context: Context, actor: Actor, deed: Deed, always: bool = True) -> None:
    """Append in a transaction of its own; what cannot be written now is taken up by ``adopt`` later."""
    try:
        with across_accounts():  # what the triggers noted is read by nobody else
            async with context.database.session() as session:
                await append(session, context, actor, deed, always)
    except Exception:
        log.exception("audit_postponed", action=deed.action, request=str(deed.id))


async def note(context: Context, account_id: int, role: str, by: str, action: str, **fields: object) -> None:
    """An entry of what no request did: somebody or something acts on an account from outside. What is None is left out."""
    said = shown({name: str(value) for name, value in fields.items() if value is not None})
    await record(context, Actor(account_id, None, by, role), Deed(new_uuid(), action, "", 200, fields=said))


async def adopt(context: Context) -> int:
    """Write entries for changes whose process ended before it could; returns how many."""
    before = uuid_floor(context.clock.now() - FORGOTTEN)
    async with context.database.session() as session:
        operator = await accounts.operator_account(session)
        found = await repository.forgotten_requests(session, before, CHUNK) if operator else []
        for request_id in found:
            actor = Actor(operator or 0, None, "unknown: the process ended", "")
            await append(session, context, actor, Deed(request_id, "interrupted", "", 0), always=False)
    return len(found)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of a chain found: how many entries, the last hash, and the first number that does not fit."""

    entries: int
    head: str
    broken: int | None = None


async def verify(context: Context, account_id: int) -> Verdict:
    """Follow the chain of an account from its beginning."""
    previous, number, count = FIRST, 0, 0
    while True:
        async with context.database.session() as session:
            found = await repository.entries_after(session, account_id, number, CHUNK)
        for entry in found:
            if entry.number != number + 1 or entry.previous != previous or digest(entry) != entry.hash:
                return Verdict(count, previous.hex(), number + 1)
            previous, number, count = entry.hash, entry.number, count + 1
        if len(found) < CHUNK:
            return Verdict(count, previous.hex() if count else "")


async def get(context: Context, account_id: int, number: int) -> AuditEntry | None:
    """One entry of an account."""
    async with context.database.session() as session:
        return await repository.entry(session, account_id, number)
