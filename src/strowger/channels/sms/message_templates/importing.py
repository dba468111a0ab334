"""Files of templates, as registries give them out (sms.md 7.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from strowger.channels.sms.imports.schemas import ImportKind, Line
from strowger.channels.sms.message_templates import service
from strowger.channels.sms.message_templates.rules import MAX_IMPORTED, read_template
from strowger.channels.sms.message_templates.schemas import NewTemplate
from strowger.channels.sms.rows import reason_of
from strowger.channels.sms.senders import repository as senders
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.sheets import SheetRow

MOST = 10_000
COLUMNS = (
    ("template_id", False, "12 to 30 digits, as text; needed in India. A row whose id is known changes that template."),
    ("title", True, "Up to 100 characters, each once."),
    ("content", True, "The text with its variables."),
    ("sender", True, "Sender IDs of the account, separated by commas."),
    ("entity_id", False, "Entity id; in India needed unless the account has one."),
    ("category", True, "TXN, MKT, OTP, SI or TXND."),
    ("language", False, "A code such as en or hi; en when it is empty."),
    ("iso_code", False, "Country, two letters; the account's when it is empty."),
)
HEADINGS = {
    "template id": "template_id", "title": "title", "template name": "title", "name": "title", "content": "content",
    "template content": "content", "message": "content", "text": "content", "sender": "sender", "sender id": "sender",
    "header": "sender", "entity id": "entity_id", "pe id": "entity_id", "category": "category", "purpose": "category",
    "type": "category", "language": "language", "iso code": "iso_code", "country": "iso_code",
}  # fmt: skip
EXAMPLE = (
    "template_id,title,content,sender,entity_id,category,language",
    '1107000000000000001,Order sent,"Dear {#var#}, your order has left us.",DEMOHX,1101000000000000001,TXN,en',
)


async def work(context: Context, visitor: Visitor, rows: list[SheetRow], dry_run: bool) -> list[Line]:
    """Store the templates of a file; those whose id is known are changed."""

    async def store(connection: Connection) -> list[Line]:
        own = await senders.sender_names(connection, visitor.account_id)
        entity = await senders.account_entity(connection, visitor.account_id)
        lines, new = await asyncio.to_thread(_read, rows, visitor.country, own, entity or "")
        outcomes = await service.store(
            connection, visitor.account_id, list(new.values()), context.settings, visitor.name, update=True,
            dry_run=dry_run,
        )  # fmt: skip
        for index, outcome in zip(new, outcomes, strict=True):
            line = lines[index]
            if outcome.kind is None:
                line.detail = reason_of(outcome.problem or StrowgerError("E633"))
            else:
                line.outcome, line.detail = outcome.kind, outcome.state.name.capitalize()
        return lines

    return await context.database.run(store)


def _read(
    rows: list[SheetRow], country: str, own: Collection[str], entity: str
) -> tuple[list[Line], dict[int, NewTemplate]]:
    """A line for each row, and the templates that can be stored by their place among the lines."""
    lines: list[Line] = []
    new: dict[int, NewTemplate] = {}
    for row in rows:
        line = Line(row.line, row.values.get("title", row.values.get("template_id", "")), "refused")
        lines.append(line)
        values = {"entity_id": entity, **row.values} if entity else row.values
        try:
            new[len(lines) - 1] = read_template(values, country, own, MAX_IMPORTED)
        except StrowgerError as problem:
            line.detail = reason_of(problem)
    return lines, new


TEMPLATES = ImportKind("templates", "Templates", "/templates", MOST, COLUMNS, HEADINGS, work, EXAMPLE)
