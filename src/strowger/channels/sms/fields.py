"""Reading the single parameters of a send: each has its own code of sms.md 6.1 and its own tolerance (3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from strowger.foundation.errors import StrowgerError
from strowger.foundation.phone import clean_number
from strowger.platform.gateway.params import Params, as_text, read_whole, scalar_text

MAX_RECIPIENTS, MAX_BODY, MAX_REFERENCE, MAX_REFERENCES, MAX_SOURCE, MAX_CAMPAIGN = 100, 1600, 150, 10, 50, 100
MAX_RAW_NUMBER = 64
MAX_LIST = 10_000
DEFAULT_VALIDITY, MAX_VALIDITY = 2880, 4320  # minutes
FIRST_PORT, LAST_PORT = 2001, 65535  # application ports (sms.md 3.17)
TYPES = frozenset({"DEFAULT", "MKT", "TXN", "OTP", "SI", "TXND", "SE"})
ROUTE_TYPES = "route_types"  # the account's setting: the types in use; all when it is not set
ON_OFF = {"0": 0, "1": 1, "false": 0, "true": 1}
_CAMPAIGN = re.compile(r"[\w-]{1,100}")
_PREFIX = re.compile(r"\+?([1-9]\d{0,3})")
# Ids of a country's registry (DLT in India), with what their fields say of them.
TEMPLATE_ID, TEMPLATE_ID_TEXT = re.compile(r"\d{12,30}", re.ASCII), "12 to 30 digits."
ENTITY_ID, ENTITY_ID_TEXT = re.compile(r"\d{12,19}", re.ASCII), "12 to 19 digits."
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^,'\"\s][^,'\"]*)")


def read_list(value: object) -> list[Any]:
    """A list given as JSON list, as its text, as single-quoted list (``['a','b']``) or as a single value."""
    if isinstance(value, list):
        return value
    if not isinstance(value, str):
        return [value]
    text = value.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return [value]
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = [next(filter(None, groups), "").strip() for groups in _QUOTED.findall(text[1:-1])]
    return found if isinstance(found, list) else [value]


def split_recipients(value: object, spaced: bool) -> list[str]:
    """The recipients as they were written. An unescaped ``+`` arrives as a space in urlencoded text."""
    if type(value) is str and "," not in value and value[:1] not in ("[", " "):
        return [value]
    items: list[str] = []
    for entry in read_list(value):
        text = scalar_text(entry)
        if text is None:
            raise StrowgerError("E602", "Recipients must be numbers", field="to")
        items.extend(text.split(","))
        if len(items) > MAX_LIST:
            raise StrowgerError("E603", f"At most {MAX_RECIPIENTS}", field="to")
    if spaced and items and items[0][:1] == " ":
        items = ["+" + item.strip() if item[:1] == " " else item for item in items]
    return [item.strip() for item in items if item.strip()]


def read_recipients(value: object, prefix: str | None, country: str, spaced: bool) -> tuple[list[str], list[str]]:
    """The recipients, each once, in order; and those among them that are no numbers, as they were written.

    Raises E601 (none), E602 (none valid), E603 (over 100).
    """
    if value is None or value in ("", []):
        raise StrowgerError("E601", "Give one or more numbers", field="to")
    kept: dict[str, None] = {}
    invalid: list[str] = []
    for item in split_recipients(value, spaced):
        number = clean_number(item, prefix, country) if len(item) <= MAX_RAW_NUMBER else None
        shown = number or item[:MAX_RAW_NUMBER]
        if number is None and shown not in kept:
            invalid.append(shown)
        kept[shown] = None
    if not kept:
        raise StrowgerError("E601", "Give one or more numbers", field="to")
    if len(kept) > MAX_RECIPIENTS:
        raise StrowgerError("E603", f"{len(kept)} recipients; at most {MAX_RECIPIENTS}", field="to")
    if len(invalid) == len(kept):
        raise StrowgerError("E602", "No valid recipient in 'to'", field="to")
    return list(kept), invalid


def read_sender(params: Params) -> str:
    """The sender ID. Raises E604 when there is none, E627 when it is no text."""
    sender = as_text(params, "sender", "E627") or as_text(params, "from", "E627")
    if not sender or not sender.strip():
        raise StrowgerError("E604", "Give the sender ID", field="sender")
    sender = sender.strip()
    return sender[1:] if sender[0] == "+" and sender[1:].isdigit() else sender


def read_type(params: Params, settings: Mapping[str, Any] | None = None) -> str:
    """The route type, DEFAULT when none is given. Raises E608; also for one that the account's ``settings`` leave out."""
    given = as_text(params, "type", "E608")
    name = "DEFAULT" if given is None else given.strip().upper()
    name = "MKT" if name == "PROMO" else name
    if name not in TYPES:
        raise StrowgerError("E608", f"Must be one of {', '.join(sorted(TYPES))}", field="type")
    in_use = settings.get(ROUTE_TYPES) if settings else None
    if isinstance(in_use, list) and in_use and name not in in_use:
        raise StrowgerError("E608", f"{name} is not enabled for this account", field="type")
    return name


def read_body(params: Params) -> str:
    """The text. Raises E606 (none), E607 (over 1600 characters)."""
    body = params.get("body")
    if type(body) is not str:
        body = None if body is None else scalar_text(body)
        if body is None and params.get("body") is not None:
            raise StrowgerError("E606", "Must be text", field="body")
    if not body:
        raise StrowgerError("E606", "Give the text", field="body")
    if len(body) > MAX_BODY:
        raise StrowgerError("E607", f"{len(body)} characters; at most {MAX_BODY}", field="body")
    return body


def read_prefix(params: Params) -> str | None:
    """The digits of the country prefix. Raises E621."""
    text = as_text(params, "prefix", "E621")
    if text is None:
        return None
    found = _PREFIX.fullmatch(text.strip())
    if not found or not text.isascii():
        raise StrowgerError("E621", "Must be + and 1 to 4 digits", field="prefix")
    return found[1]


def read_switch(params: Params, name: str, code: str = "E400") -> int | None:
    """A parameter that is 0 or 1; None when it is missing."""
    text = as_text(params, name, code)
    if text is None:
        return None
    value = ON_OFF.get(text.strip().lower())
    if value is None:
        raise StrowgerError(code, "Must be 0 or 1", field=name)
    return value


def read_unicode(params: Params) -> str | None:
    """``0``, ``1`` or ``Auto``; None when it is missing. Raises E622."""
    text = as_text(params, "unicode", "E622")
    if text is None:
        return None
    if text.strip().lower() == "auto":
        return "Auto"
    value = ON_OFF.get(text.strip().lower())
    if value is None:
        raise StrowgerError("E622", "Must be 0, 1 or Auto", field="unicode")
    return str(value)


def read_validity(params: Params) -> int:
    """Minutes for which the message may still be delivered: 1 to 4320, default 2880."""
    return read_whole(params, "validity", DEFAULT_VALIDITY, MAX_VALIDITY)


def read_campaign(params: Params) -> str | None:
    """The name that groups requests in reports. Raises E620."""
    text = as_text(params, "campaign_name", "E620")
    if text is not None and not _CAMPAIGN.fullmatch(text):
        raise StrowgerError("E620", f"At most {MAX_CAMPAIGN} letters, digits, _ and -", field="campaign_name")
    return text


def read_source(params: Params) -> str:
    """Where the message comes from, for logs; ``API`` when nothing is given."""
    text = as_text(params, "source") or "API"
    if len(text) > MAX_SOURCE:
        raise StrowgerError("E400", f"At most {MAX_SOURCE} characters", field="source")
    return text


def read_digits(params: Params, name: str, code: str) -> str | None:
    """``template_id`` or ``entity_id``. Raises ``code``."""
    text = as_text(params, name, code)
    pattern = TEMPLATE_ID if name == "template_id" else ENTITY_ID
    if text is not None and not pattern.fullmatch(text):
        raise StrowgerError(code, field=name)
    return text


def read_port(params: Params) -> int | None:
    """The application port on the handset: 2001 to 65535; None for an ordinary message. Raises E400."""
    text = as_text(params, "port")
    if text is None or text.strip() == "0":
        return None
    return read_whole(params, "port", 0, LAST_PORT, FIRST_PORT)


def read_references(params: Params) -> dict[str, Any]:
    """The caller's references that were given. Raises E619."""
    given: dict[str, Any] = {}
    for name in ("ref", "ref1", "ref2"):
        if name in params:
            text = as_text(params, name, "E619")
            if text is not None:
                given[name] = _reference(text, name)
    custom = params.get("ref_custom")
    if custom is not None and custom not in ("", []):
        items = [scalar_text(item) for item in read_list(custom)]
        if len(items) > MAX_REFERENCES or None in items:
            raise StrowgerError("E619", f"Must be a list of up to {MAX_REFERENCES} texts", field="ref_custom")
        given["ref_custom"] = [_reference(item or "", "ref_custom") for item in items]
    return given


def _reference(text: str, name: str) -> str:
    if len(text) > MAX_REFERENCE:
        raise StrowgerError("E619", f"{len(text)} characters; at most {MAX_REFERENCE}", field=name)
    return text


def with_defaults(params: Params, settings: Mapping[str, Any]) -> Params:
    """Parameters completed by what the account chose for sends that do not say (sms.md 7.6)."""
    completed = dict(params)
    for name, setting, others in (
        ("sender", "default_sender", ("from", "template_id")),
        ("type", "default_type", ("template_id",)),
        ("unicode", "default_unicode", ()),
    ):
        chosen = settings.get(setting)
        if chosen and not completed.get(name) and not any(completed.get(other) for other in others):
            completed[name] = chosen
    return completed
