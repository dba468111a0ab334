"""Contacts of the directory as the contacts of a campaign: by tags, and one by one (sms.md 9.2, step 2)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.reading import MAX_CELL, MAX_ROWS, variable_names
from strowger.engagement.campaigns.repository.contacts import Row
from strowger.engagement.campaigns.schemas import Kept, Reading
from strowger.foundation.database import Connection
from strowger.platform.directory import service as directory
from strowger.platform.directory.errors import Refused as NotInDirectory
from strowger.platform.directory.reading import read_mobile
from strowger.platform.directory.schemas import Recipient

SOURCE = "directory"
MAX_PEOPLE = 1_000
MAX_TAGS = 200


def read_people(text: str, country: str) -> tuple[str, ...]:
    """Numbers apart by commas, semicolons or lines. Raises Refused."""
    found: dict[str, None] = {}
    for item in filter(None, map(str.strip, re.split(r"[,;\n]+", text))):
        try:
            found[read_mobile(item, country)] = None
        except NotInDirectory as problem:
            raise Refused(f"“{item[:40]}” is no number.", "people") from problem
    if len(found) > MAX_PEOPLE:
        raise Refused(f"At most {MAX_PEOPLE:,} single contacts; give them a tag.", "people")
    return tuple(found)


async def describe(connection: Connection, account_id: int, reading: Reading) -> str:
    """What was chosen, in words. Raises Refused when nothing was, or some of it is not there."""
    if not reading.tags and not reading.people:
        raise Refused("Choose a tag, or name contacts.", "tags")
    names: dict[int, str] = {}
    for tag_id in (*reading.tags, *reading.without):
        tag = await directory.find_tag(connection, account_id, tag_id)
        if tag is None:
            raise Refused("One of the tags is not there any more.", "tags")
        names[tag_id] = tag.name
    parts = [names[one] for one in reading.tags]
    if reading.people:
        parts.append(f"{len(reading.people)} single contact{'s' if len(reading.people) > 1 else ''}")
    left_out = ", ".join(names[one] for one in reading.without)
    return (", ".join(parts) + (f", without {left_out}" if left_out else ""))[:200]


async def columns(connection: Connection, account_id: int) -> list[str]:
    """The names of what a text may insert, as variables; the number first."""
    return variable_names(["mobile", *await directory.variable_names(connection, account_id)])


async def rows(connection: Connection, account_id: int, reading: Reading, now: datetime) -> AsyncIterator[list[Row]]:
    """The chosen contacts, in batches; within a transaction. Raises Refused (too many, somebody who is no contact)."""
    names = await directory.variable_names(connection, account_id)
    count = 0
    async for found in _recipients(connection, account_id, reading, now):
        batch: list[Row] = []
        for one in found:
            count += 1
            cells = [one.number, *(str(one.fields.get(name, "")).replace("\0", "")[:MAX_CELL] for name in names)]
            batch.append((count, count, one.number, cells, int(Kept.YES)))
        if count > MAX_ROWS:
            raise Refused(f"These are more than {MAX_ROWS:,} contacts.", "tags")
        yield batch


async def _recipients(
    connection: Connection, account_id: int, reading: Reading, now: datetime
) -> AsyncIterator[Sequence[Recipient]]:
    if reading.tags:
        async for batch in directory.numbers_of_tags(
            connection, account_id, reading.tags, now=now, without=reading.without
        ):
            yield batch
    if reading.people:
        found = await directory.recipients(connection, account_id, reading.people)
        missing = set(reading.people) - {person.number for person in found}
        if missing:
            raise Refused(f"+{min(missing)} is no contact of the directory.", "people")
        yield found
