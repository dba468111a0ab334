"""The text of a delivery receipt (SMPP 3.4 appendix B).

`id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:EEE text:...`
"""

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple


class ReceiptFields(NamedTuple):
    """The fields as written; a missing one is empty."""

    id: str = ""
    sub: str = ""
    dlvrd: str = ""
    submit_date: str = ""
    done_date: str = ""
    stat: str = ""
    err: str = ""
    text: str = ""


NO_FIELDS: Final = ReceiptFields()

_USUAL = re.compile(
    r"id:([^\s:]{1,64}) sub:([0-9]{1,4}) dlvrd:([0-9]{1,4}) submit date:([0-9]{10,12}) done date:([0-9]{10,12})"
    r" stat:([A-Z]{2,10}) err:([0-9A-Za-z]{1,8})(?: [Tt]ext:(.*))?",
    re.DOTALL | re.ASCII,
).fullmatch
_KEY = re.compile(
    r"(?<![0-9a-z])(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)[ ]?:", re.IGNORECASE | re.ASCII
)
_KEY_NAMES: Final = {"submitdate": "submit_date", "donedate": "done_date"}
_DATE = re.compile(r"[0-9]{10}(?:[0-9]{2}){0,2}")
_MAX_TEXT: Final = 4096


def parse_fields(text: str) -> ReceiptFields | None:
    """Find the fields in any order and case; None when the text has neither an id nor a state."""
    usual = _USUAL(text)
    if usual is not None:
        return ReceiptFields(*usual.groups(""))
    found: dict[str, str] = {}
    text = text[:_MAX_TEXT]
    key, start = "", 0
    for match in _KEY.finditer(text):
        if key == "text" and "id" in found and "stat" in found:
            break
        _keep(found, key, text[start : match.start()])
        key, start = _key_name(match[1]), match.end()
    if key == "text" and "id" in found and "stat" in found:
        found.setdefault("text", text[start:].strip("\0"))
    else:
        _keep(found, key, text[start:])
    return ReceiptFields(**found) if "id" in found or "stat" in found else None


def _key_name(raw: str) -> str:
    name = raw.lower().replace(" ", "").replace("_", "")
    return _KEY_NAMES.get(name, name)


def _keep(found: dict[str, str], key: str, value: str) -> None:
    value = value.strip(" \t\r\n\0,;")
    if key in {"id", "stat", "err", "sub", "dlvrd"}:
        value = value.replace(" ", "")
    if key and value:
        found.setdefault(key, value)


@lru_cache(maxsize=4096)
def parse_receipt_date(text: str, zone: tzinfo = UTC) -> datetime | None:
    """Read YYMMDDhhmm, with seconds or with a four-digit year; None for anything else."""
    text = text.strip().replace(" ", "")
    if not _DATE.fullmatch(text):
        return None
    year, rest = (int(text[:4]), text[4:]) if len(text) == 14 else (2000 + int(text[:2]), text[2:])
    month, day, hour, minute = (int(rest[i : i + 2]) for i in (0, 2, 4, 6))
    try:
        return datetime(year, month, day, hour, minute, int(rest[8:10] or 0), tzinfo=zone)
    except ValueError:
        return None


def build_receipt_text(
    message_id: str,
    stat: str,
    *,
    submit_date: datetime,
    done_date: datetime,
    err: str = "000",
    sub: int = 1,
    dlvrd: int | None = None,
    text: str = "",
) -> str:
    """Write the text of a receipt; `dlvrd` follows from the state when not given, `text` is cut to 20 characters.

    The dates are written in the zone that they carry.
    """
    delivered = (sub if stat == "DELIVRD" else 0) if dlvrd is None else dlvrd
    return (
        f"id:{message_id} sub:{sub:03d} dlvrd:{delivered:03d} submit date:{submit_date:%y%m%d%H%M}"
        f" done date:{done_date:%y%m%d%H%M} stat:{stat} err:{err} text:{text[:20]}"
    )
