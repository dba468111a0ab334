"""SMS templates by API: create, list, read, delete (sms.md 3.16)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from strowger.channels.sms.message_templates import service
from strowger.channels.sms.message_templates.repository import reading
from strowger.channels.sms.message_templates.repository.reading import TemplateFilter
from strowger.channels.sms.message_templates.rules import read_template
from strowger.channels.sms.message_templates.schemas import NewTemplate, State
from strowger.channels.sms.rows import answer_rows, read_rows
from strowger.channels.sms.schemas import encode
from strowger.channels.sms.senders import repository as senders
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.envelope import said
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import Params, moment_of, read_whole, scalar_text

DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE = 50, 500, 100_000
MAX_ROW = 2**63 - 1
AUTHOR = "API"


async def create_templates(call: Call) -> Answer:
    """Create 1 to 1,000 templates; the rows that cannot be made are told by their index."""
    rows = read_rows(call.params, "title", service.MAX_CREATED, "E632")
    context, account_id = call.context, call.principal.account_id
    problems: dict[int, StrowgerError] = {}
    new: dict[int, NewTemplate] = {}

    async def work(connection: Connection) -> list[service.Outcome]:
        own = await senders.sender_names(connection, account_id)
        entity = call.principal.settings.get("entity_id")
        for index, row in enumerate(rows):
            given = {"entity_id": entity, **row} if entity else row
            try:
                new[index] = read_template(given, call.principal.country, own)
            except StrowgerError as problem:
                problems[index] = problem
        return await service.store(connection, account_id, list(new.values()), context.settings, AUTHOR) if new else []

    outcomes = await context.database.run(work, tries=1)
    data: list[dict[str, Any]] = []
    for index, outcome in zip(new, outcomes, strict=True):
        if outcome.problem is not None:
            problems[index] = outcome.problem
        else:
            data.append({"id": outcome.id, "template_id": outcome.template_id, "status": int(outcome.state)})
    return answer_rows(
        data, problems, ("MSG111", "Template(s) created successfully"), ("MSG112", "Template(s) partly created")
    )


async def list_templates(call: Call) -> Answer:
    """One page of the account's templates, newest first."""
    wanted = read_filter(call.params)
    page = read_whole(call.params, "page", 1, MAX_PAGE)
    limit = read_whole(call.params, "limit", DEFAULT_LIMIT, MAX_LIMIT)
    async with call.context.database.pool.acquire(timeout=5) as connection:
        total, rows = await reading.find(connection, call.principal.account_id, wanted, limit, (page - 1) * limit)
    meta = {"page": page, "limit": limit, "total": total}
    data = [describe(row) for row in rows]
    return Answer(200, encode(said("MSG113", "Template list", data, meta=meta)))


async def one_template(call: Call) -> Answer:
    """One template, by its row or its template id."""
    async with call.context.database.pool.acquire(timeout=5) as connection:
        row = await _find(connection, call)
    return Answer(200, encode(said("MSG113", "Template", describe(row))))


async def delete_template(call: Call) -> Answer:
    """Delete one template."""

    async def work(connection: Connection) -> None:
        row = await _find(connection, call)
        await service.delete(connection, call.principal.account_id, row["id"])

    await call.context.database.run(work)
    body = said("MSG114", "Template deleted successfully", [])
    return Answer(200, encode(body))


async def _find(connection: Connection, call: Call) -> Any:
    """The template that the path names. Raises E404, also for another account's."""
    name = str(call.path_params["template_id"])
    row = None
    if name.isascii() and name.isdigit():
        account_id = call.principal.account_id
        if len(name) >= 12:
            row = await reading.by_template_id(connection, account_id, name)
        if row is None and int(name[:20]) <= MAX_ROW and len(name) < 20:
            row = await reading.one(connection, account_id, int(name))
    if row is None or row["status"] == State.DELETED:
        raise StrowgerError("E404", "There is no such template", field="id")
    return row


def describe(row: Mapping[str, Any]) -> dict[str, Any]:
    """A template as the API shows it."""
    described = {
        "id": row["id"],
        "title": row["title"],
        "content": row["content"],
        "sender_id": ",".join(row["senders"]),
        "template_id": row["template_id"],
        "entity_id": row["entity_id"] or "",
        "purpose": row["purpose"],
        "iso_code": row["iso_code"].lower(),
        "language": row["language"],
        "status": row["status"],
        "version": row["version"],
        "created_at": row["created_at"].isoformat(" ", "seconds"),
        "full_name": row["author"],
    }
    return described | ({"reason": row["reason"]} if row["reason"] else {})


def _created(given: dict[str, str], key: str, end: bool = False) -> datetime | None:
    text = given.get(key) or given.get("is")
    return moment_of(text, "created_at", "E634", end) if text else None


def read_filter(params: Params) -> TemplateFilter:
    """The filters of a list: plain values, or objects of operators as their JSON text. Raises E400 and E634."""
    status = _operators(params, "status", ("is", "in"))
    title = _operators(params, "title", ("like", "is"))
    created = _operators(params, "created_at", ("from", "to", "is"))
    return TemplateFilter(
        statuses=_states(status),
        title=title.get("like") or title.get("is"),
        title_exact="like" not in title,
        sender=_operators(params, "sender_id", ("is",)).get("is"),
        purpose=(_operators(params, "purpose", ("is",)).get("is") or "").upper() or None,
        start=_created(created, "from"),
        end=_created(created, "to", end=True),
    )


def _operators(params: Params, name: str, allowed: tuple[str, ...]) -> dict[str, str]:
    """``{"is": "1"}`` of ``{"is": 1}`` as object or text, and of the plain value."""
    given = params.get(name)
    if isinstance(given, str) and given.strip().startswith("{"):
        try:
            given = msgspec.json.decode(given)
        except (msgspec.DecodeError, RecursionError) as problem:
            raise StrowgerError("E400", "Its text is not JSON", field=name) from problem
    if given is None or given == "":
        return {}
    found: dict[str, str] = {}
    for operator, value in (given if isinstance(given, dict) else {"is": given}).items():
        parts = value if isinstance(value, list) else [value]
        texts = [scalar_text(part) for part in parts]
        if operator not in allowed or any(text is None or "\0" in text for text in texts):
            raise StrowgerError("E400", f"May be a value, or an object with {', '.join(allowed)}", field=name)
        found[operator] = ",".join(text or "" for text in texts)
    return found


def _states(operators: Mapping[str, str]) -> list[int] | None:
    text = operators.get("in") or operators.get("is")
    if not text:
        return None
    names = {state.name: state for state in State}
    found = []
    for word in text.split(","):
        key = word.strip().upper()
        if key in names:
            found.append(int(names[key]))
        elif key.isascii() and key.isdigit() and int(key[:3]) in {int(state) for state in State}:
            found.append(int(key[:3]))
        else:
            raise StrowgerError("E400", f"{word[:20]} is no state", field="status")
    return found
