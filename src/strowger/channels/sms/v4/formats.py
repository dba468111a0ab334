"""The forms in which v4 answers: JSON, JSONP, XML and PHP's serialised values."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from strowger.platform.gateway.operations import JSON_TYPE, XML_TYPE
from strowger.platform.gateway.xml import write_xml

FUNCTION = re.compile(r"[A-Za-z_$][\w$.]{0,63}", re.ASCII)
FORMATS = ("json", "jsonp", "xml", "php")


def write(value: dict[str, Any], form: str, function: str) -> tuple[bytes, bytes]:
    """Content type and body; an unknown form, or a function that is no name, is answered as JSON."""
    if form == "xml":
        return XML_TYPE, write_xml(value, "response")
    if form == "php":
        return b"text/plain; charset=utf-8", php(value)
    text = msgspec.json.encode(value)
    if form == "jsonp" and FUNCTION.fullmatch(function):
        # The comment keeps a chosen name from being read as another kind of file.
        return b"application/javascript; charset=utf-8", b"/**/" + function.encode() + b"(" + text + b");"
    return JSON_TYPE, text


def php(value: Any) -> bytes:
    """A value as PHP's ``serialize`` writes it; strings count in octets."""
    if value is None:
        return b"N;"
    if isinstance(value, bool):
        return b"b:%d;" % value
    if isinstance(value, int):
        return b"i:%d;" % value
    if isinstance(value, dict):
        return _array([(_key(key), item) for key, item in value.items()])
    if isinstance(value, list):
        return _array(list(enumerate(value)))
    octets = str(value).encode()
    return b's:%d:"%s";' % (len(octets), octets)


def _key(key: str) -> int | str:
    """PHP keeps keys that are decimal numbers as numbers."""
    return int(key) if key.isascii() and key.isdigit() and (key == "0" or key[0] != "0") and len(key) < 18 else key


def _array(pairs: list[tuple[int | str, Any]]) -> bytes:
    inner = b"".join(php(key) + php(item) for key, item in pairs)
    return b"a:%d:{%s}" % (len(pairs), inner)
