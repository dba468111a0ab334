"""Sending by template: the values in every spelling of clients, and the text that they make (sms.md 3.5)."""

from __future__ import annotations

from typing import Any

import msgspec

from strowger.channels.sms import fields
from strowger.channels.sms.message_templates.placeholders import Values, fill, split
from strowger.channels.sms.message_templates.repository import usable as repository
from strowger.channels.sms.message_templates.schemas import UsableTemplate
from strowger.foundation.context import Context
from strowger.foundation.database import OUTAGES
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.platform.gateway.keys import Principal
from strowger.platform.gateway.params import Params

_FACT = "sms.templates"
READ_AGAIN_SECONDS = 1.0
MAX_KNOWN = 1_000
MAX_VALUES = 200
DATA = ("template_data", "variables")
_FLAT = tuple(name + "[" for name in DATA)


def has_template(params: Params) -> bool:
    """Whether a send names a template or values for one; without that, none of the rest is needed."""
    if "template_id" in params:
        return True
    for name in params:  # noqa: SIM110 - on the path of every message, where a generator costs more than the loop
        if name.startswith(DATA):
            return True
    return False


def read_values(params: Params) -> Values | None:
    """``template_data`` (or ``variables``): an object, a list, the JSON text of either, or ``template_data[name]`` fields.

    None when there are none. Raises E612.
    """
    given = next((params[name] for name in DATA if params.get(name) not in (None, "")), None)
    if given is None:
        given = {
            name[name.index("[") + 1 : -1]: value
            for name, value in params.items()
            if name.startswith(_FLAT) and name.endswith("]")
        } or None
    if isinstance(given, str):
        given = _decode(given.strip())
    if given is None:
        return None
    if not isinstance(given, dict | list):
        raise StrowgerError("E612", field="template_data")
    if len(given) > MAX_VALUES:
        raise StrowgerError("E612", f"{len(given)} values; at most {MAX_VALUES}", field="template_data")
    return given


def _decode(text: str) -> Any:
    if text.startswith("[") and text.endswith("]"):
        return fields.read_list(text)
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise StrowgerError("E612", "Its text is not JSON", field="template_data") from problem


async def find_template(context: Context, principal: Principal, params: Params) -> UsableTemplate | None:
    """The approved template that a send uses; None when its text stands on its own.

    Raises E609 (no template id), E610 (there is neither such a template nor a body).
    """
    template_id = fields.read_digits(params, "template_id", "E609")
    if template_id is None:
        return None
    body = params.get("body")
    sender = params.get("sender") or params.get("from")
    if body and sender and not any(name.startswith(DATA) for name in params):
        return None
    found = (await find_templates(context, principal, {template_id})).get(template_id)
    if found is None and not body:
        raise StrowgerError("E610", field="template_id")
    return found


async def find_templates(context: Context, principal: Principal, ids: set[str]) -> dict[str, UsableTemplate]:
    """The account's approved ones among template ids, in one query. What is known is kept with the principal.

    An unknown one is looked up again, at most once a second, so that what was approved now works now.
    """
    known: dict[str, tuple[UsableTemplate | None, float]] = principal.facts.setdefault(_FACT, {})
    now = context.clock.monotonic()
    missing = {
        name
        for name in ids
        if (fact := known.get(name)) is None or (fact[0] is None and now - fact[1] >= READ_AGAIN_SECONDS)
    }
    if missing:
        if len(known) + len(missing) > MAX_KNOWN:
            known.clear()
        keys = [(principal.account_id, name) for name in ids]
        try:
            async with context.database.pool.acquire(timeout=5) as connection:
                rows = await repository.usable(connection, keys)
        except OUTAGES as problem:
            raise Unavailable from problem
        for name in ids:
            known[name] = (rows.get((principal.account_id, name)), now)
    return {name: found for name in ids if (found := known[name][0]) is not None}


def read_text(params: Params, template: UsableTemplate | None) -> str:
    """The text of a send, its variables filled in.

    Values for a body that belongs to no template fill what they name and leave the rest.
    Raises E606 (no text), E607 (too long), E611 (a value is missing), E612 (a value is no text).
    """
    values = read_values(params)
    if template is not None and (values is not None or not params.get("body")):
        return _bounded(fill(template.content, values or {}, template.defaults))
    body = fields.read_body(params)
    return body if values is None else _bounded(fill(split(body), values, {}, strict=False))


def _bounded(text: str) -> str:
    if not text.strip():
        raise StrowgerError("E606", "The text is empty", field="template_data")
    if len(text) > fields.MAX_BODY:
        detail = f"{len(text)} characters with its values; at most {fields.MAX_BODY}"
        raise StrowgerError("E607", detail, field="template_data")
    return text
