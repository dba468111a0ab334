"""Groups of v4 are tags of the directory: ``groups`` and ``optin`` write to one, ``groups.add`` and ``.register`` fill it."""

from __future__ import annotations

from typing import Any

from strowger.channels.sms.senders.service import check_sender
from strowger.channels.sms.v4.errors import Refusal
from strowger.channels.sms.v4.sending import send_nodes
from strowger.foundation.ids import is_row_id
from strowger.platform.consent import repository as consent
from strowger.platform.consent.schemas import OPT_IN
from strowger.platform.directory import service as directory
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.reading import read_mobile, read_values
from strowger.platform.directory.repository import contacts
from strowger.platform.directory.schemas import Label
from strowger.platform.gateway.operations import Call
from strowger.platform.gateway.params import as_text

MOST = 1_000  # members that one call writes to; larger groups are for campaigns
DONE = {"status": "OK", "code": "200", "message": "Number updated Successfully"}


async def _group(call: Call, connection: Any) -> Label:
    """The group that ``id`` or ``name`` names."""
    name, number = ((as_text(call.params, key) or "").strip() for key in ("name", "id"))
    if not name and not number:
        raise Refusal("A420")
    if number and not is_row_id(number):
        raise Refusal("A421")
    found = await directory.find_tag(connection, call.principal.account_id, int(number) if number else name)
    if found is None:
        raise Refusal("A421" if number else "A424")
    return found


async def _members(call: Call, opted_in: bool) -> list[str]:
    context = call.context
    account_id, now = call.principal.account_id, context.clock.now()

    async def work(connection: Any) -> list[str]:
        group = await _group(call, connection)
        found: list[str] = []
        async for batch in directory.numbers_of_tags(connection, account_id, [group.id], now=now):
            numbers = [one.number for one in batch]
            found += await _agreed(call, connection, numbers) if opted_in else numbers
            if len(found) > MOST:
                raise Refusal("A416", f"the group has more than {MOST:,} members: launch a campaign")
        return found

    return await context.database.run(work)


async def _agreed(call: Call, connection: Any, numbers: list[str]) -> list[str]:
    """Those whose opt-in for the sender is on record."""
    sender = (as_text(call.params, "sender") or "").strip().lstrip("+")
    if not sender:
        raise Refusal("A414", "give the sender")
    known = await consent.statuses(connection, call.principal.account_id, "sms", sender, numbers, "", "")
    return [number for number in numbers if known.get(number, (None,))[0] == OPT_IN]


async def _check(call: Call) -> None:
    """What is wrong for every member is told before anybody is looked up."""
    if not as_text(call.params, "message") and not as_text(call.params, "template_id"):
        raise Refusal("A413")
    sender = (as_text(call.params, "sender") or "").strip()
    if sender:
        context = call.context
        await check_sender(context.database, context.clock, call.principal, sender.removeprefix("+"))


async def _send(call: Call, opted_in: bool) -> dict[str, Any]:
    await _check(call)
    numbers = await _members(call, opted_in)
    if not numbers:
        raise Refusal("A421", "nobody in it has opted in" if opted_in else "")
    given = {name: value for name, value in call.params.items() if name not in ("name", "id", "to")}
    return await send_nodes(call, {**given, "sms": [{"to": number} for number in numbers]}, "group")


async def groups(call: Call) -> dict[str, Any]:
    """``method=groups``: one text to everybody in a group."""
    return await _send(call, False)


async def optin(call: Call) -> dict[str, Any]:
    """``method=optin``: one text to those of a group who have opted in to the sender."""
    return await _send(call, True)


async def add(call: Call) -> dict[str, Any]:
    """``method=groups.add``: a new group; one that is there already is answered as it is."""
    context = call.context
    name = (as_text(call.params, "name") or "").strip()
    if not name:
        raise Refusal("A420")
    try:
        made = await context.database.run(
            lambda c: directory.ensure_tags(
                c, call.principal.account_id, [name], by=call.principal.name, now=context.clock.now()
            )
        )
    except Refused as problem:
        raise Refusal("A400", problem.text) from problem
    (label,) = made.values()
    return {**DONE, "message": "Group created Successfully", "data": {"id": str(label.id), "name": label.name}}


async def register(call: Call) -> dict[str, Any]:
    """``method=groups.register``: a number joins a group, or with ``action=delete`` leaves it."""
    context = call.context
    text, name = ((as_text(call.params, key) or "").strip() for key in ("number", "name"))
    if not text or not name:
        raise Refusal("A423")
    try:
        number = read_mobile(text, call.principal.country)
    except Refused as problem:
        raise Refusal("A422", text[:40]) from problem
    action = (as_text(call.params, "action") or "add").strip().lower()
    if action not in ("add", "delete"):
        raise Refusal("A400", "action must be add or delete")
    account_id, now = call.principal.account_id, context.clock.now()

    async def work(connection: Any) -> None:
        group = await directory.find_tag(connection, account_id, name)
        if group is None:
            raise Refusal("A424")
        if action == "delete":
            if not await directory.remove_tag(connection, account_id, [number], group):
                raise Refusal("A425")
            return
        await _ensure(call, connection, number)
        await directory.add_tag(connection, account_id, [number], group, by=call.principal.name, now=now)
        if not await contacts.by_number(connection, account_id, [number]):
            raise Refusal("A400", "the directory is full")

    try:
        await context.database.run(work)
    except Refused as problem:
        raise Refusal("A400", problem.text) from problem
    return DONE


async def _ensure(call: Call, connection: Any, number: str) -> None:
    """The contact of a number, with what the client says of it where it is new."""
    account_id, now = call.principal.account_id, call.context.clock.now()
    if await contacts.by_number(connection, account_id, [number]):
        return
    given = {
        "mobile": f"+{number}",
        "name": as_text(call.params, "fullname") or "",
        "email": as_text(call.params, "email") or "",
    }
    values = read_values(given, (), call.principal.country)
    await directory.create(connection, account_id, values, source="api", by=call.principal.name, now=now)
