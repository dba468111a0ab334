"""Status of one message and of many (sms.md 3.10)."""

from __future__ import annotations

from uuid import UUID

from strowger.channels.sms import repository
from strowger.channels.sms.fields import read_list
from strowger.channels.sms.schemas import StatusRow, encode
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import format_message_id, parse_message_id
from strowger.messaging.schemas import Channel
from strowger.messaging.statuses import SPELLINGS, Status
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import scalar_text

MAX_IDS = 100
UNKNOWN = ("NotFound", "INVALID-MSGID")


async def messages_status(call: Call) -> Answer:
    """Status of many messages, ``/messages`` family."""
    return await _answer(call, _read_ids(call), own_id=False)


async def sms_status(call: Call) -> Answer:
    """Status of many messages, ``/sms`` family: rows carry ``message_id`` as well."""
    return await _answer(call, _read_ids(call), own_id=True)


async def one_status(call: Call) -> Answer:
    """Status of the message, or of all messages of the request, that the path names."""
    return await _answer(call, [str(call.path_params["message_id"])], own_id="/sms/" in call.path)


def _read_ids(call: Call) -> list[str]:
    ids: dict[str, None] = {}
    given = call.params.get("message_ids")
    for item in read_list(given) if given is not None else []:
        text = scalar_text(item)
        if text is None:
            raise StrowgerError("E624", "Must be ids separated by commas", field="message_ids")
        ids.update((name.strip(), None) for name in text.split(",") if name.strip())
    if not 1 <= len(ids) <= MAX_IDS:
        raise StrowgerError("E624", f"{len(ids)} ids; 1 to {MAX_IDS} are possible", field="message_ids")
    return list(ids)


async def _answer(call: Call, ids: list[str], own_id: bool) -> Answer:
    wanted = {text: parse_message_id(text) for text in ids}
    requests = sorted({name[0] for name in wanted.values() if name})
    found: dict[UUID, list[tuple[int, int, str]]] = {}
    if requests:
        async with call.context.database.pool.acquire(timeout=5) as connection:
            found = await repository.statuses(connection, call.principal.account_id, Channel.SMS, requests)
    rows: list[StatusRow] = []
    known = False
    for text, name in wanted.items():
        hits = [hit for hit in found.get(name[0], []) if name[1] in (None, hit[0])] if name else []
        known = known or bool(hits)
        for n, status, trace in hits:
            assert name is not None
            rows.append(StatusRow(format_message_id(name[0], n), SPELLINGS[Status(status)].api, trace))
        if not hits:
            rows.append(StatusRow(text[:100], *UNKNOWN))
    if not known:
        raise StrowgerError("E625", field="message_ids")
    if own_id:
        for row in rows:
            row.message_id = row.campaign_id
    return Answer(200, encode({"data": rows, "error": {}}))
