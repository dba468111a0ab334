"""The Contacts API (docs/directory.md): contacts, their tags, and who wears a tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from strowger.foundation.clock import utc_text
from strowger.foundation.ids import is_row_id
from strowger.platform.directory import service
from strowger.platform.directory.descriptions import operations_of
from strowger.platform.directory.errors import Refused, no_contact, no_tag
from strowger.platform.directory.listing import MAX_ID
from strowger.platform.directory.reading import read_mobile, read_value, read_values
from strowger.platform.directory.repository import contacts, fields
from strowger.platform.directory.repository import tags as tag_queries
from strowger.platform.directory.schemas import MOBILE, TEXTS, CustomField, Kind, Label, Person, Values
from strowger.platform.gateway.envelope import said
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import as_text, read_whole, scalar_text
from strowger.platform.gateway.table import add_operations

register_errors("strowger.platform.directory")
MAX_PAGE, MAX_NUMBERS, MAX_CHOSEN = 100, 1_000, 100
_encode = msgspec.json.Encoder().encode


def _answer(data: Any, status: int = 200) -> Answer:
    body = said(f"DIR{status}", "Request executed successfully", data)
    return Answer(status, _encode(body))


def _public(person: Person, custom: Sequence[CustomField], tags: Mapping[int, Label]) -> dict[str, Any]:
    return {
        "id": person.id, "mobile": f"+{person.mobile}", "name": person.name, "email": person.email, "city": person.city,
        "state": person.state, "country": person.country,
        "fields": {one.name: _typed(one, person.fields[one.key]) for one in custom if one.key in person.fields},
        "tags": sorted(tags[one].name for one in person.tags if one in tags), "blocklist": sorted(person.blocked),
        "source": person.source, "created_at": utc_text(person.created_at),
        "updated_at": utc_text(person.updated_at),
    }  # fmt: skip


def _typed(one: CustomField, text: str) -> Any:
    if one.kind == Kind.BOOLEAN:
        return text == "yes"
    if one.kind == Kind.NUMBER:
        return float(text) if "." in text or len(text) > 15 else int(text)
    return text


async def _shown(connection: Any, account_id: int, people: Sequence[Person]) -> list[dict[str, Any]]:
    custom = await fields.all_of(connection, account_id)
    wanted = sorted({one for person in people for one in person.tags})
    tags = {tag.id: tag for tag in await tag_queries.find(connection, account_id, wanted)}
    return [_public(person, custom, tags) for person in people]


def _texts(value: object, field: str, most: int, code: str) -> list[str]:
    """Texts of a list, of a JSON list in a form, or separated by commas. Raises ``code``."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError) as problem:
            raise Refused(code, "This is no list.", field) from problem
    if value is None:
        return []
    given = value if isinstance(value, list) else str(scalar_text(value) or "").split(",")
    found = [(scalar_text(item) or "").strip() for item in given]
    if not all(isinstance(item, str | int) for item in given) or len(found) > most:
        raise Refused(code, f"A list of at most {most} texts is expected.", field)
    return list(dict.fromkeys(filter(None, found)))


async def list_contacts(call: Call) -> Answer:
    """Contacts, newest first."""
    account_id, params = call.principal.account_id, call.params
    limit, after = (
        read_whole(params, "limit", MAX_PAGE, MAX_PAGE, code="DIR410"),
        read_whole(params, "after", MAX_ID, MAX_ID, code="DIR410"),
    )
    given = _texts(params.get("mobile"), "mobile", MAX_PAGE, "DIR401")
    numbers = [read_mobile(text, call.principal.country) for text in given] or None
    email, tag = (as_text(params, "email", "DIR402") or "").lower(), as_text(params, "tag", "DIR405")
    async with call.context.database.acquire() as connection:
        chosen = await _find_tag(connection, account_id, tag) if tag else None
        people = await contacts.page(
            connection, account_id, after, numbers, email, chosen.id if chosen else None, limit + 1
        )
        shown = await _shown(connection, account_id, people[:limit])
    return _answer({"contacts": shown, "next": people[limit - 1].id if len(people) > limit else None})


async def _find_tag(connection: Any, account_id: int, text: str) -> Label:
    found = await service.find_tag(connection, account_id, text)
    if found is None:
        raise no_tag()
    return found


async def _person(connection: Any, call: Call) -> Person:
    """The contact of the path: an id, or a number that begins with +. Raises DIR404."""
    text = call.path_params["contact"].strip()
    text = text.replace("%2B", "+").replace("%2b", "+")
    if text.startswith("+"):
        try:
            found = await contacts.by_number(connection, call.principal.account_id, [read_mobile(text, "")])
        except Refused as problem:
            raise no_contact() from problem
    elif is_row_id(text):
        found = await contacts.find(connection, call.principal.account_id, [int(text)])
    else:
        found = []
    if not found:
        raise no_contact()
    return found[0]


def _custom(value: object, custom: Sequence[CustomField]) -> dict[str, str]:
    """Values by the keys of custom fields, from an object of names. Raises DIR403."""
    if isinstance(value, str) and value:
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            value = None
    if not isinstance(value, dict):
        raise Refused("DIR403", "An object of names and values is expected.", "fields")
    known = {one.name.lower(): one for one in custom}
    found: dict[str, str] = {}
    for name, given in value.items():
        one = known.get(str(name).lower())
        text = "" if given is None else scalar_text(given)
        if one is None or text is None:
            raise Refused("DIR403", f"There is no field {str(name)[:60]}, or its value is no text.", "fields")
        try:
            found[one.key] = read_value(one.kind, text)
        except ValueError as problem:
            raise Refused("DIR403", f"{one.name}: {problem}", "fields") from problem
    return found


async def _tags(connection: Any, call: Call) -> list[int] | None:
    """Ids of the tags that are named; unknown names are made. None when none are."""
    if "tags" not in call.params:
        return None
    names = _texts(call.params["tags"], "tags", MAX_CHOSEN, "DIR408")
    made = await service.ensure_tags(
        connection, call.principal.account_id, names, by=call.principal.name, now=call.context.clock.now()
    )
    return [tag.id for tag in made.values()]


def _channels(call: Call) -> list[str] | None:
    if "blocklist" not in call.params:
        return None
    return [one.lower() for one in _texts(call.params["blocklist"], "blocklist", 10, "DIR411")]


def _given(call: Call, old: Person | None, custom: Sequence[CustomField]) -> Values:
    """The contact as it is to be: what the request says, else what stands. Raises Refused."""
    given = {name: getattr(old, name) if old else "" for name in (MOBILE, *TEXTS)}
    if old:
        given["mobile"] = f"+{old.mobile}"
    given |= {name: as_text(call.params, name, "DIR402") or "" for name in (MOBILE, *TEXTS) if name in call.params}
    if call.spaced and given["mobile"].startswith(" "):
        given["mobile"] = "+" + given["mobile"].strip()
    own = dict(old.fields) if old else {}
    if call.params.get("fields") not in (None, ""):
        own |= _custom(call.params["fields"], custom)
    return read_values(given, custom, call.principal.country, own)


async def create_contact(call: Call) -> Answer:
    """A new contact."""
    account_id = call.principal.account_id

    async def work(connection: Any) -> list[dict[str, Any]]:
        values = _given(call, None, await fields.all_of(connection, account_id))
        contact_id = await service.create(
            connection, account_id, values, tag_ids=await _tags(connection, call) or (), channels=_channels(call) or (),
            source="api", by=call.principal.name, now=call.context.clock.now(),
        )  # fmt: skip
        return await _shown(connection, account_id, await contacts.find(connection, account_id, [contact_id]))

    return _answer((await call.context.database.run(work))[0], 201)


async def get_contact(call: Call) -> Answer:
    """One contact."""
    async with call.context.database.acquire() as connection:
        person = await _person(connection, call)
        return _answer((await _shown(connection, call.principal.account_id, [person]))[0])


async def change_contact(call: Call) -> Answer:
    """Change what the request names of a contact."""
    account_id = call.principal.account_id

    async def work(connection: Any) -> list[dict[str, Any]]:
        person = await _person(connection, call)
        values = _given(call, person, await fields.all_of(connection, account_id))
        await service.change(
            connection, account_id, person.id, values, tag_ids=await _tags(connection, call), channels=_channels(call),
            source="api", by=call.principal.name, now=call.context.clock.now(),
        )  # fmt: skip
        return await _shown(connection, account_id, await contacts.find(connection, account_id, [person.id]))

    return _answer((await call.context.database.run(work))[0])


async def delete_contact(call: Call) -> Answer:
    """Remove a contact."""

    async def work(connection: Any) -> int:
        person = await _person(connection, call)
        await service.delete(connection, call.principal.account_id, [person.id])
        return person.id

    return _answer({"id": await call.context.database.run(work)})


# --- tags -----------------------------------------------------------------------------------------------------------------


def _label(tag: Label) -> dict[str, Any]:
    at = utc_text(tag.created_at) if tag.created_at else ""
    return {
        "id": tag.id, "name": tag.name, "colour": tag.colour, "contacts": tag.contacts, "dynamic": tag.criteria is not None,
        "created_at": at,
    }  # fmt: skip


async def list_tags(call: Call) -> Answer:
    """The tags of the account."""
    context = call.context
    async with context.database.acquire() as connection:
        found = await service.counted_tags(connection, call.principal.account_id, context.clock.now())
    return _answer({"tags": [_label(tag) for tag in found]})


async def create_tag(call: Call) -> Answer:
    """A new tag."""
    account_id, now = call.principal.account_id, call.context.clock.now()
    name, colour = as_text(call.params, "name", "DIR408") or "", as_text(call.params, "colour", "DIR408") or ""

    async def work(connection: Any) -> Label:
        tag_id = await service.create_tag(connection, account_id, name, colour, by=call.principal.name, now=now)
        return (await tag_queries.find(connection, account_id, [tag_id]))[0]

    return _answer(_label(await call.context.database.run(work)), 201)


async def change_tag(call: Call) -> Answer:
    """Rename or recolour a tag."""
    account_id = call.principal.account_id

    async def work(connection: Any) -> Label:
        tag = await _find_tag(connection, account_id, call.path_params["tag"])
        name, colour = as_text(call.params, "name", "DIR408"), as_text(call.params, "colour", "DIR408")
        await service.change_tag(connection, account_id, tag.id, name or tag.name, colour or tag.colour)
        found = await service.counted_tags(connection, account_id, call.context.clock.now())
        return next(one for one in found if one.id == tag.id)

    return _answer(_label(await call.context.database.run(work)))


async def delete_tag(call: Call) -> Answer:
    """Remove a tag; contacts stay."""

    async def work(connection: Any) -> int:
        tag = await _find_tag(connection, call.principal.account_id, call.path_params["tag"])
        await service.delete_tag(connection, call.principal.account_id, tag.id)
        return tag.id

    return _answer({"id": await call.context.database.run(work)})


async def tag_numbers(call: Call) -> Answer:
    """Give a tag to numbers, and take it from others."""
    account_id, now = call.principal.account_id, call.context.clock.now()
    chosen: dict[str, list[str]] = {}
    for name in ("add", "remove"):
        given = _texts(call.params.get(name), name, MAX_NUMBERS, "DIR401")
        chosen[name] = [read_mobile(text, call.principal.country, name) for text in given]
    if not any(chosen.values()):
        raise Refused("DIR401", "Name at least one number under add or remove.", "add")

    async def work(connection: Any) -> tuple[int, int]:
        tag = await _find_tag(connection, account_id, call.path_params["tag"])
        added = await service.add_tag(
            connection, account_id, chosen["add"], tag, source="api", by=call.principal.name, now=now
        )
        return added, await service.remove_tag(connection, account_id, chosen["remove"], tag)

    added, removed = await call.context.database.run(work)
    return _answer({"added": added, "removed": removed})


OPERATIONS = operations_of(
    list_contacts, create_contact, get_contact, change_contact, delete_contact, list_tags, create_tag, change_tag, delete_tag,
    tag_numbers,
)  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
