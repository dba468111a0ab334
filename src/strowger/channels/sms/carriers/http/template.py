"""Texts with ``{{variables}}``: what a request of an HTTP carrier is made of, and how a value is written into each place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape as escape_xml

_PLACE = re.compile(r"\{\{\s*([a-z_]{1,40})\s*\}\}")
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_NOT_XML = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
Escape = Callable[[str], str]

# What a request may name, with its meaning.
VARIABLES: Final[dict[str, str]] = {
    "to": "recipient, international digits",
    "to_plus": "recipient with a leading +",
    "from": "sender ID",
    "text": "text of the message, or of this part",
    "text_hex": "text in hexadecimal: UTF-16 for Unicode, else one octet per character of the 7-bit alphabet",
    "udh": "header that joins the parts or names an application port, in hexadecimal; empty where there is none",
    "port": "application port on the handset; empty for ordinary messages",
    "part": "number of this part, from 1",
    "parts": "number of parts",
    "reference": "number that joins the parts",
    "encoding": "GSM7 or UCS2",
    "data_coding": "0 or 8; 16 more for flash",
    "unicode": "1 for Unicode, else 0",
    "flash": "1 for flash, else 0",
    "receipt": "1 when a receipt is wanted, else 0",
    "id": "our id of the message",
    "part_id": "our id of the message and part: a repetition carries the same",
    "type": "OTP, TXN, MKT ...",
    "country": "country of the recipient, two letters",
    "network": "MCC and MNC of the recipient by the number plan",
    "validity": "minutes that the message stays valid",
    "expires": "end of its validity, ISO 8601",
    "template_id": "template id of the message",
    "entity_id": "entity id of the message",
    "ref": "the caller's reference",
    "username": "the carrier's field username",
    "password": "the carrier's secret",
    "receipt_url": "our address for this carrier's receipts",
}


class Template:
    """A text with its variables found once."""

    __slots__ = ("_pieces", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._pieces = _PLACE.split(text)
        self.names = frozenset(self._pieces[1::2])

    def render(self, values: Mapping[str, str], escape: Escape = str) -> str:
        """The text with its values, each written as its place demands."""
        if not self.names:
            return self.text
        return "".join(escape(values.get(piece, "")) if i % 2 else piece for i, piece in enumerate(self._pieces))


def unknown_names(text: str) -> list[str]:
    """Variables that a text names and that there are not."""
    return sorted(Template(text).names - VARIABLES.keys())


def in_json(ascii_only: bool) -> Escape:
    """Inside a JSON string; ``ascii_only`` for charsets that hold less than Unicode."""
    return lambda value: json.dumps(value, ensure_ascii=ascii_only)[1:-1]


def in_xml(value: str) -> str:
    """Inside XML text or an attribute."""
    return escape_xml(_NOT_XML.sub("", value), {'"': "&quot;", "'": "&apos;"})


def in_header(value: str) -> str:
    """Inside a header: no line breaks, nothing that headers cannot hold."""
    return _CONTROL.sub("", value)


def in_url(charset: str) -> Escape:
    """Inside a URL's path or query. Raises UnicodeEncodeError for what the charset cannot write."""
    return lambda value: quote(value.encode(charset), safe="")
