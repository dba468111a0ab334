"""Sender IDs by API: create, list, delete (sms.md 3.12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from strowger.channels.sms import fields
from strowger.channels.sms.rows import answer_rows, read_rows
from strowger.channels.sms.schemas import encode
from strowger.channels.sms.senders import repository, service
from strowger.channels.sms.senders.countries import rule_of
from strowger.channels.sms.senders.schemas import MAX_DESCRIPTION, PURPOSES, MadeSender, NewSender
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.envelope import said
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import as_text, read_whole, scalar_text

MAX_LISTED = 5_000


async def list_senders(call: Call) -> Answer:
    """The sender IDs of the account, up to 5,000 a page."""
    page = read_whole(call.params, "page", 1, 100_000)
    limit = read_whole(call.params, "limit", MAX_LISTED, MAX_LISTED)
    async with call.context.database.pool.acquire(timeout=5) as connection:
        rows = await repository.senders(connection, call.principal.account_id, limit, (page - 1) * limit)
    data = [service.describe_sender(row) for row in rows]
    return Answer(200, encode(said("MSG110", "Sender ID list", data)))


async def create_senders(call: Call) -> Answer:
    """Create 1 to 5,000 sender IDs; the rows that cannot be made are told by their index."""
    rows = read_rows(call.params, "sender", service.MAX_CREATED, "E630")
    entity = call.principal.settings.get("entity_id")
    problems: dict[int, StrowgerError] = {}
    new: dict[int, NewSender] = {}
    seen: set[tuple[str, str | None]] = set()
    for index, row in enumerate(rows):
        try:
            item = read_sender_row(row, str(entity) if entity else None)
            if (item.sender, item.iso_code) in seen:
                raise StrowgerError("E628", "It comes twice", field="sender")
        except StrowgerError as problem:
            problems[index] = problem
        else:
            seen.add((item.sender, item.iso_code))
            new[index] = item
    made = await _store(call, list(new.values())) if new else []
    by_name = {(item.sender, item.iso_code): item for item in made}
    data: list[dict[str, Any]] = []
    for index, item in new.items():
        found = by_name.get((item.sender, item.iso_code))
        if found is None:
            problems[index] = StrowgerError("E628", f"{item.sender} exists already", field="sender")
            continue
        data.append(
            {"id": found.id, "sender": found.sender, "iso_code": (found.iso_code or "").lower(), "status": found.status}
        )
    return answer_rows(
        data, problems, ("MSG107", "Sender ID(s) created successfully"), ("MSG109", "Sender ID(s) partly created")
    )


async def _store(call: Call, new: list[NewSender]) -> list[MadeSender]:
    context, account_id = call.context, call.principal.account_id
    auto_approve = context.settings.auto_approve_senders
    made: list[MadeSender] = await context.database.run(
        lambda c: service.request_senders(c, account_id, new, auto_approve)
    )
    return made


def read_sender_row(row: Mapping[str, Any], account_entity: str | None) -> NewSender:
    """One row of a creation. Raises E604, E627, E629, E631, E626, E400."""
    params = dict(row)
    sender = fields.read_sender(params)
    iso_code = (as_text(params, "iso_code", "E629") or "").strip().upper()
    if not iso_code:
        raise StrowgerError("E629", "Give the country", field="iso_code")
    description = (as_text(params, "description", "E631") or "").strip()
    if not description:
        raise StrowgerError("E631", field="description")
    if len(description) > MAX_DESCRIPTION:
        raise StrowgerError("E631", f"{len(description)} characters; at most {MAX_DESCRIPTION}", field="description")
    purpose = (as_text(params, "purpose") or "").strip().upper() or None
    if purpose is not None and purpose not in PURPOSES:
        raise StrowgerError("E400", f"Must be one of {', '.join(PURPOSES)}", field="purpose")
    purpose = service.check_form(sender, iso_code, purpose)
    entity = fields.read_digits(params, "entity_id", "E626")
    if entity is None and rule_of(iso_code).registry:
        if account_entity is None:
            raise StrowgerError("E626", f"It is needed in {iso_code}", field="entity_id")
        entity = account_entity
    return NewSender(sender, iso_code, description, purpose, entity)


async def delete_senders(call: Call) -> Answer:
    """Delete up to 100 sender IDs by name."""
    names: dict[str, None] = {}
    given = call.params.get("sender")
    for item in fields.read_list(given) if given is not None else []:
        text = scalar_text(item)
        if text is None:
            raise StrowgerError("E630", "Give names as a list", field="sender")
        names.update((name.strip(), None) for name in text.split(",") if name.strip())
    if not names:
        raise StrowgerError("E630", "Give the sender IDs to delete", field="sender")
    if len(names) > service.MAX_DELETED:
        raise StrowgerError("E630", f"{len(names)} names; at most {service.MAX_DELETED}", field="sender")
    await call.context.database.run(lambda c: service.delete_senders(c, call.principal.account_id, list(names)))
    body = said("MSG108", "Sender ID(s) deleted successfully", [])
    return Answer(200, msgspec.json.encode(body))
