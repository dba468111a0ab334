"""Files of sender IDs (console.md 5.4)."""

from __future__ import annotations

from strowger.channels.sms.imports.schemas import ImportKind, Line
from strowger.channels.sms.rows import reason_of
from strowger.channels.sms.senders import repository, service
from strowger.channels.sms.senders.api import read_sender_row
from strowger.channels.sms.senders.schemas import NewSender
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.sheets import SheetRow

COLUMNS = (
    ("sender", True, "Name of 3 to 11 characters, or digits."),
    ("description", True, "What it is for."),
    ("iso_code", True, "Country, two letters."),
    ("entity_id", False, "Entity id; in India needed unless the account has one."),
    ("purpose", False, "TXN or MKT."),
)
HEADINGS = {
    "sender": "sender", "sender id": "sender", "header": "sender", "description": "description", "iso code": "iso_code",
    "country": "iso_code", "entity id": "entity_id", "purpose": "purpose", "type": "purpose",
}  # fmt: skip
EXAMPLE = ("sender,description,iso_code,entity_id", "ACME,Order news,GB,", "DEMOHX,Order news,IN,1101000000000000001")
EXISTS = StrowgerError("E628", field="sender")


async def work(context: Context, visitor: Visitor, rows: list[SheetRow], dry_run: bool) -> list[Line]:
    """Ask for the sender IDs of a file."""
    async with context.database.acquire() as connection:
        entity = await repository.account_entity(connection, visitor.account_id)
    lines: list[Line] = []
    new: dict[int, NewSender] = {}
    seen: set[tuple[str, str | None]] = set()
    for row in rows:
        line = Line(row.line, row.values.get("sender", ""), "refused")
        lines.append(line)
        try:
            item = read_sender_row(row.values, entity)
        except StrowgerError as problem:
            line.detail = reason_of(problem)
            continue
        if (item.sender, item.iso_code) in seen:
            line.detail = "It comes twice."
            continue
        seen.add((item.sender, item.iso_code))
        new[len(lines) - 1] = item
    states = await _store(context, visitor.account_id, list(new.values()), dry_run)
    for index, item in new.items():
        state = states.get((item.sender, item.iso_code))
        line = lines[index]
        line.outcome, line.detail = ("made", state) if state else ("refused", reason_of(EXISTS))
    return lines


async def _store(
    context: Context, account_id: int, new: list[NewSender], dry_run: bool
) -> dict[tuple[str, str | None], str]:
    """The state of each sender ID that was, or would be, made."""
    auto = context.settings.auto_approve_senders

    async def store(connection: Connection) -> dict[tuple[str, str | None], str]:
        if not dry_run:
            made = await service.request_senders(connection, account_id, new, auto)
            return {(item.sender, item.iso_code): item.status for item in made}
        await service.settle(connection, account_id, new, auto)
        known = await repository.registered(connection, account_id, [item.sender for item in new])
        return {(item.sender, item.iso_code): item.status for item in new if (item.sender, item.iso_code) not in known}

    return await context.database.run(store) if new else {}


SENDERS = ImportKind("senders", "Sender IDs", "/senders", service.MAX_CREATED, COLUMNS, HEADINGS, work, EXAMPLE)
