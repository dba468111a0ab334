"""What the directory does. Every function takes the caller's connection, so that it can be part of a larger transaction.

For modules that send:

    tag = await service.find_tag(connection, account_id, "VIP")            # by name or id; None: there is none
    async for batch in service.numbers_of_tags(connection, account_id, [tag.id], now=now, without=[]): ...   # lists of Recipient
    await service.add_tag(connection, account_id, numbers, tag, source="message", now=now)    # contacts are made when absent
    await service.remove_tag(connection, account_id, numbers, tag)
    await service.ensure_contacts(connection, account_id, numbers, "api", now)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg

from strowger.foundation.database import Connection
from strowger.foundation.ids import is_row_id
from strowger.platform.blocklist import service as blocklist
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.directory.errors import Refused, no_contact, no_tag
from strowger.platform.directory.joining import ensure_contacts
from strowger.platform.directory.listing import open_book
from strowger.platform.directory.reading import read_colour, read_field_name, read_tag_name
from strowger.platform.directory.repository import contacts, fields, listing, tags
from strowger.platform.directory.schemas import (
    MAX_CONTACTS,
    MAX_FIELDS,
    MAX_TAGS,
    TEXTS,
    CustomField,
    Kind,
    Label,
    Person,
    Recipient,
    Values,
)

__all__ = [
    "add_tag",
    "create",
    "ensure_contacts",
    "ensure_tags",
    "find_tag",
    "numbers_of_tags",
    "remove_tag",
]
BATCH = 1_000
CLEARED = 5_000


async def find(connection: Connection, account_id: int, contact_id: int) -> Person:
    """A contact. Raises Refused (DIR404)."""
    found = await contacts.find(connection, account_id, [contact_id])
    if not found:
        raise no_contact()
    return found[0]


async def create(
    connection: Connection, account_id: int, values: Values, *, tag_ids: Sequence[int] = (), channels: Sequence[str] = (),
    source: str = "manual", by: str = "", now: datetime,
) -> int:  # fmt: skip
    """A new contact with its tags, blocked on ``channels``; returns its id. Raises Refused (DIR405, DIR406, DIR409, DIR411)."""
    await _check_tags(connection, account_id, tag_ids)
    if not await contacts.has_room(connection, account_id, 1):
        raise Refused("DIR409", f"The directory holds {MAX_CONTACTS:,} contacts, which is all it may.", "mobile")
    contact_id = await contacts.add(connection, account_id, values, source, by, now)
    if contact_id is None:
        raise Refused("DIR406", "There is a contact with this number.", "mobile")
    await tags.put(connection, account_id, tag_ids, [contact_id], now)
    await _block(connection, account_id, values, set(channels), set(), source, by, now)
    return contact_id


async def change(
    connection: Connection, account_id: int, contact_id: int, values: Values, *, tag_ids: Sequence[int] | None = None,
    channels: Sequence[str] | None = None, source: str = "manual", by: str = "", now: datetime,
) -> None:  # fmt: skip
    """Write a contact anew; None leaves tags and blocks as they are. Raises Refused (DIR404, DIR405, DIR406, DIR411)."""
    old = await find(connection, account_id, contact_id)
    if tag_ids is not None:
        await _check_tags(connection, account_id, tag_ids)
    try:
        await contacts.change(connection, account_id, contact_id, values, now)
    except asyncpg.UniqueViolationError as problem:
        raise Refused("DIR406", "There is another contact with this number.", "mobile") from problem
    if tag_ids is not None:
        await tags.set_of(connection, account_id, contact_id, tag_ids, now)
    if channels is not None:
        there = {one for one in old.blocked if _address(old, one) == _address(values, one)}
        await _block(connection, account_id, values, set(channels), there, source, by, now)


def _address(of: Values | Person, channel: str) -> str:
    return of.email if channel == "email" else of.mobile


async def _block(
    connection: Connection, account_id: int, values: Values, wanted: set[str], there: set[str], source: str, by: str, now: datetime
) -> None:  # fmt: skip
    if not wanted <= set(CHANNELS):
        raise Refused("DIR411", "Channels are " + ", ".join(CHANNELS) + ".", "channels")
    if "email" in wanted and not values.email:
        raise Refused("DIR411", "Without an e-mail address the contact cannot be blocked for e-mail.", "channels")

    def pairs(channels: set[str]) -> list[tuple[str, str]]:
        return [(one, _address(values, one)) for one in sorted(channels)]

    kept = source if source in blocklist.SOURCES else "manual"
    await blocklist.block(connection, account_id, pairs(wanted - there), kept, now, by=by)
    await blocklist.unblock(connection, account_id, pairs(there - wanted))


async def delete(connection: Connection, account_id: int, contact_ids: Sequence[int]) -> int:
    """Remove contacts with what is known of them; blocks and messages stay. Returns how many there were."""
    return await contacts.delete(connection, account_id, contact_ids)


async def block_all(
    connection: Connection, account_id: int, contact_ids: Sequence[int], channels: Sequence[str], blocked: bool, by: str,
    now: datetime,
) -> int:  # fmt: skip
    """Block contacts on channels, or lift that; returns how many entries changed. Raises Refused (DIR411)."""
    if not channels or not set(channels) <= set(CHANNELS):
        raise Refused("DIR411", "Select at least one channel to blocklist.", "channels")
    pairs = [
        (channel, _address(person, channel))
        for person in await contacts.find(connection, account_id, contact_ids)
        for channel in channels
        if channel != "email" or person.email
    ]
    if blocked:
        return await blocklist.block(connection, account_id, pairs, "manual", now, by=by)
    return await blocklist.unblock(connection, account_id, pairs)


# --- tags -----------------------------------------------------------------------------------------------------------------


async def find_tag(connection: Connection, account_id: int, name_or_id: str | int) -> Label | None:
    """A tag by id or by name (without regard to case); a text of digits is tried as a name first."""
    if isinstance(name_or_id, str):
        found = await tags.by_name(connection, account_id, [name_or_id.strip()])
        if found or not is_row_id(name_or_id):
            return found[0] if found else None
    found = await tags.find(connection, account_id, [int(name_or_id)])
    return found[0] if found else None


async def _check_tags(connection: Connection, account_id: int, tag_ids: Collection[int]) -> list[Label]:
    """Tags that can be given and taken one by one. Raises Refused (DIR405, DIR412)."""
    wanted = set(tag_ids)
    found = await tags.find(connection, account_id, list(wanted))
    if len(found) < len(wanted):
        raise no_tag("tags")
    if any(tag.criteria is not None for tag in found):
        raise Refused("DIR412", "A dynamic tag follows its filter; it is not given one by one.", "tags")
    return found


async def create_tag(
    connection: Connection, account_id: int, name: str, colour: str = "", *, criteria: str | None = None, by: str = "",
    now: datetime,
) -> int:  # fmt: skip
    """A new tag; returns its id. Raises Refused (DIR407, DIR408, DIR409)."""
    name, colour = read_tag_name(name), read_colour(colour)
    await _check_room_for_tags(connection, account_id, 1)
    made = await tags.add(connection, account_id, [name], colour, criteria, by, now)
    if not made:
        raise Refused("DIR407", "There is a tag of this name.", "name")
    return made[0]


async def _check_room_for_tags(connection: Connection, account_id: int, more: int) -> None:
    if len(await tags.all_of(connection, account_id)) + more > MAX_TAGS:
        raise Refused("DIR409", f"There may be {MAX_TAGS:,} tags.", "name")


async def ensure_tags(
    connection: Connection, account_id: int, names: Collection[str], *, by: str = "", now: datetime
) -> dict[str, Label]:
    """Tags by their names in small letters, made where they are missing. Raises Refused (DIR408, DIR409, DIR412)."""
    clean = {name.lower(): name for name in map(read_tag_name, names)}
    found = {tag.name.lower(): tag for tag in await tags.by_name(connection, account_id, list(clean))}
    missing = [name for key, name in clean.items() if key not in found]
    if missing:
        await _check_room_for_tags(connection, account_id, len(missing))
        await tags.add(connection, account_id, missing, "neutral", None, by, now)
        found = {tag.name.lower(): tag for tag in await tags.by_name(connection, account_id, list(clean))}
    if any(tag.criteria is not None for tag in found.values()):
        raise Refused("DIR412", "A dynamic tag follows its filter; it is not given one by one.", "tags")
    return found


async def change_tag(connection: Connection, account_id: int, tag_id: int, name: str, colour: str) -> None:
    """Rename and recolour a tag. Raises Refused (DIR405, DIR407, DIR408)."""
    name, colour = read_tag_name(name), read_colour(colour)
    if not await tags.find(connection, account_id, [tag_id]):
        raise no_tag()
    try:
        await tags.change(connection, account_id, tag_id, name, colour)
    except asyncpg.UniqueViolationError as problem:
        raise Refused("DIR407", "There is another tag of this name.", "name") from problem


async def merge_tags(connection: Connection, account_id: int, tag_id: int, into: int) -> None:
    """Who wears one tag wears another instead; the first is removed. Raises Refused (DIR405, DIR412)."""
    if tag_id == into:
        raise Refused("DIR408", "Choose another tag.", "into")
    await _check_tags(connection, account_id, [tag_id, into])
    await tags.merge(connection, account_id, [tag_id], into)


async def delete_tag(connection: Connection, account_id: int, tag_id: int) -> None:
    """Remove a tag; contacts stay. Raises Refused (DIR405)."""
    if not await tags.delete(connection, account_id, [tag_id]):
        raise no_tag()


async def tag_contacts(
    connection: Connection, account_id: int, contact_ids: Sequence[int], tag_ids: Sequence[int], add: bool, now: datetime
) -> int:  # fmt: skip
    """Give contacts tags, or take them away; returns how many were new or worn. Raises Refused (DIR405, DIR412)."""
    await _check_tags(connection, account_id, tag_ids)
    if add:
        return await tags.put(connection, account_id, tag_ids, contact_ids, now)
    return await tags.take(connection, account_id, tag_ids, contact_ids)


async def add_tag(
    connection: Connection, account_id: int, numbers: Collection[str], tag: Label, *, source: str = "api", by: str = "",
    now: datetime,
) -> int:  # fmt: skip
    """Give a tag to the contacts of numbers (international digits), which are made when absent; returns how many were new to it.

    Raises Refused (DIR412) for a dynamic tag.
    """
    await ensure_contacts(connection, account_id, numbers, source, now, by)
    ids = await contacts.ids_of(connection, account_id, list(numbers))
    return await tag_contacts(connection, account_id, ids, [tag.id], True, now)


async def remove_tag(connection: Connection, account_id: int, numbers: Collection[str], tag: Label) -> int:
    """Take a tag from the contacts of numbers; returns how many wore it."""
    ids = await contacts.ids_of(connection, account_id, list(numbers))
    return await tags.take(connection, account_id, [tag.id], ids)


async def numbers_of_tags(
    connection: Connection, account_id: int, tag_ids: Sequence[int], *, now: datetime, without: Sequence[int] = (),
    size: int = BATCH,
) -> AsyncIterator[list[Recipient]]:  # fmt: skip
    """Contacts that wear any of the tags (given or dynamic) and none of ``without``, each once, in batches.

    Must run within a transaction of ``connection``: all batches are of one moment. The connection may be used in between.
    """
    book = await open_book(connection, account_id, now)
    out = book.wearing(without) if without else None
    async for rows in listing.recipients(connection, account_id, book.wearing(tag_ids), out, size):
        yield [_recipient(row["mobile"], [row[name] for name in TEXTS], row["fields"], book.fields) for row in rows]


async def recipients(connection: Connection, account_id: int, numbers: Sequence[str]) -> list[Recipient]:
    """Those of the numbers that are contacts."""
    custom = await fields.all_of(connection, account_id)
    found = await contacts.by_number(connection, account_id, numbers)
    return [_recipient(one.mobile, [getattr(one, name) for name in TEXTS], one.fields, custom) for one in found]


def _recipient(
    mobile: str, plain: Sequence[str], own: Mapping[str, object], custom: Sequence[CustomField]
) -> Recipient:
    values = dict(zip(TEXTS, plain, strict=True)) | {one.name: str(own.get(one.key, "")) for one in custom}
    return Recipient(mobile, values["name"], values)


async def counted_tags(connection: Connection, account_id: int, now: datetime) -> list[Label]:
    """The tags of an account with how many contacts wear each."""
    found = await tags.all_of(connection, account_id, counted=True)
    if all(tag.criteria is None for tag in found):
        return found
    book = await open_book(connection, account_id, now)
    return [
        tag
        if tag.criteria is None
        else replace(tag, contacts=await listing.count(connection, account_id, book.follow(tag)))
        for tag in found
    ]


async def variable_names(connection: Connection, account_id: int) -> list[str]:
    """The names of what a text may insert of any contact."""
    return [*TEXTS, *(f.name for f in await fields.all_of(connection, account_id))]


# --- custom fields --------------------------------------------------------------------------------------------------------


async def create_field(
    connection: Connection, account_id: int, name: str, kind: str, *, by: str = "", now: datetime
) -> int:
    """A new custom field; returns its id. Raises Refused (DIR402, DIR409)."""
    name = read_field_name(name)
    if kind not in set(Kind):
        raise Refused("DIR402", "Choose one of " + ", ".join(Kind) + ".", "kind")
    if len(await fields.all_of(connection, account_id)) >= MAX_FIELDS:
        raise Refused("DIR409", f"There may be {MAX_FIELDS} custom fields.", "name")
    field_id = await fields.add(connection, account_id, name, kind, by, now)
    if field_id is None:
        raise Refused("DIR402", "There is a field of this name.", "name")
    return field_id


async def rename_field(connection: Connection, account_id: int, field_id: int, name: str) -> None:
    """Rename a custom field. Raises Refused (DIR402, DIR403)."""
    try:
        there = await fields.rename(connection, account_id, field_id, read_field_name(name))
    except asyncpg.UniqueViolationError as problem:
        raise Refused("DIR402", "There is a field of this name.", "name") from problem
    if not there:
        raise Refused("DIR403", "There is no such field.", "name")


async def delete_field(connection: Connection, account_id: int, field_id: int) -> None:
    """Remove a custom field with its values. Raises Refused (DIR403)."""
    if not await fields.delete(connection, account_id, field_id):
        raise Refused("DIR403", "There is no such field.", "name")
    while await fields.clear(connection, account_id, str(field_id), CLEARED) == CLEARED:
        pass
