"""Reading parameters: JSON, form, multipart and query are equivalent, whatever the declared type says (sms.md 2.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from strowger.foundation.errors import StrowgerError
from strowger.foundation.whole import whole_of
from strowger.platform.gateway.xml import read_xml

Params = dict[str, Any]
MAX_FIELDS = 1_000
MAX_DEPTH = 32
REMEMBERED_LENGTH = 512
FORM, MULTIPART = b"application/x-www-form-urlencoded", b"multipart/form-data"
# Types that say nothing about the syntax, or too often the wrong thing.
OPEN_TYPES = frozenset({b"", b"text/plain", b"application/octet-stream", b"text/json"})
_decode_json = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a multipart body: its name and media type as the client claims them, and its content."""

    name: str
    media_type: str
    data: bytes

    def __str__(self) -> str:
        return f"file {self.name[:200]} ({len(self.data)} bytes)"


def read_params(query: bytes, content_type: bytes, body: bytes, xml: bool = False, files: bool = False) -> Params:
    """The parameters of a request; what the body says wins over the query. ``xml`` bodies are read where that is said.

    With ``files``, parts of a multipart body that carry a file name arrive as ``FilePart``.

    Raises E400 or E415.
    """
    params = read_form(query) if query else {}
    if body:
        given = _read_body(content_type, body, xml, files)
        params = params | given if params else given
    if b"\0" in body or b"\\u0000" in body or b"%00" in body or b"%00" in query:
        for name, value in params.items():
            refuse_nul(name, value)
    return params


def _read_body(content_type: bytes, body: bytes, xml: bool, files: bool) -> Params:
    kind = content_type.partition(b";")[0].strip().lower()
    if kind == MULTIPART:
        return _read_multipart(content_type, body, files)
    start = body.lstrip()[:1]
    if start in (b"{", b"["):
        return _read_json(body)
    if start == b"<" or kind.endswith(b"xml"):
        if xml:
            return read_xml(body)
        raise StrowgerError("E415", "XML is not read here")
    json_declared = kind == b"application/json" or kind.endswith(b"+json")
    if kind != FORM and not json_declared and kind not in OPEN_TYPES:
        raise StrowgerError("E415", "Send JSON or form data")
    if not start:
        return {}
    if kind == FORM or b"=" in body:
        return read_form(body.strip())
    return _read_json(body)


def _read_json(body: bytes) -> Params:
    try:
        value = _decode_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise StrowgerError("E400", f"The body is not valid JSON in UTF-8: {problem}") from problem
    except RecursionError as problem:
        raise StrowgerError("E400", "The JSON body is nested too deeply") from problem
    if not isinstance(value, dict):
        raise StrowgerError("E400", "The JSON body must be an object")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise StrowgerError("E400", "The JSON body is nested too deeply")
    return value


def _depth(value: object, depth: int = 1) -> int:
    if depth > MAX_DEPTH or not isinstance(value, dict | list):
        return depth
    inner = value.values() if isinstance(value, dict) else value
    return max((_depth(item, depth + 1) for item in inner), default=depth)


def read_form(text: bytes) -> Params:
    """Fields of a query string or urlencoded form; a field that comes several times is a list. Raises E400."""
    params: Params = {}
    pairs = text.split(b"&")
    if len(pairs) > MAX_FIELDS:
        raise StrowgerError("E400", f"There are more than {MAX_FIELDS} fields")
    for pair in pairs:
        if pair:
            name, _, value = pair.partition(b"=")
            _add(params, _unquote(name), _unquote(value))
    return params


def _unquote(raw: bytes) -> str:
    if b"%" not in raw and b"+" not in raw:
        return _decode(raw)
    return _unquote_short(raw) if len(raw) <= REMEMBERED_LENGTH else _unquote_any(raw)


def _unquote_any(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    return _decode(raw)


_unquote_short = lru_cache(maxsize=4096)(_unquote_any)  # texts and callback addresses come again and again


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as problem:
        raise StrowgerError("E400", "The request is not valid UTF-8") from problem


def _add(params: Params, name: str, value: str | FilePart) -> None:
    name = name.removesuffix("[]")
    if name not in params:
        params[name] = value
        return
    known = params[name]
    if isinstance(known, list):
        known.append(value)
    else:
        params[name] = [known, value]


def _read_multipart(content_type: bytes, body: bytes, files: bool) -> Params:
    _, options = parse_options_header(content_type.decode("latin-1"))
    boundary = options.get("boundary")
    if not boundary:
        raise StrowgerError("E400", "The content type multipart/form-data names no boundary")
    params: Params = {}
    part: MultipartSegment | None = None
    chunks: list[bytes] = []
    try:
        with PushMultipartParser(boundary, max_segment_count=MAX_FIELDS) as parser:
            for event in [*parser.parse(body), *parser.parse(b"")]:
                if isinstance(event, MultipartSegment):
                    part, chunks = event, []
                elif event is not None:
                    chunks.append(bytes(event))
                elif part is not None:
                    _add(params, part.name or "", _part(part, b"".join(chunks), files))
                    part = None
    except UnicodeDecodeError as problem:
        raise StrowgerError("E400", "The request is not valid UTF-8") from problem
    except (MultipartError, ValueError) as problem:
        raise StrowgerError("E400", f"The multipart body cannot be read: {problem}") from problem
    return params


def _part(part: MultipartSegment, data: bytes, files: bool) -> str | FilePart:
    if files and part.filename is not None:
        return FilePart(part.filename.replace("\0", ""), part.content_type or "", data)
    return data.decode()


def without_files(params: Params) -> Params:
    """The parameters with files named instead of contained, for logs."""
    return {name: _named(value) for name, value in params.items()}


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(item) for item in value]
    return str(value) if isinstance(value, FilePart) else value


def refuse_nul(name: str, value: object) -> None:
    """Look for NUL in a value, also for what reads JSON within a form's text, which this module does not. Raises E400."""
    if isinstance(value, str):
        if "\0" in value or "\0" in name:
            raise StrowgerError("E400", "NUL characters cannot be sent", field=name.replace("\0", ""))
    elif isinstance(value, list):
        for item in value:
            refuse_nul(name, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            refuse_nul(name, key)
            refuse_nul(name, item)


def as_text(params: Params, name: str, code: str = "E400") -> str | None:
    """A scalar parameter as text; None when it is missing, null or empty. Raises ``code`` for lists and objects."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if type(value) is str:
        return value
    text = scalar_text(value)
    if text is None:
        raise StrowgerError(code, "Must be a single value", field=name)
    return text


def scalar_text(value: object) -> str | None:
    """Text of a JSON scalar: true is ``1``, whole numbers have no fraction; None for what is no scalar."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**40 else None
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)
    return None


def read_whole(params: Params, name: str, default: int, most: int, least: int = 1, code: str = "E400") -> int:
    """A whole number from ``least`` to ``most``. Raises ``code``."""
    text = as_text(params, name, code)
    if text is None:
        return default
    number = whole_of(text, least, most)
    if number is None:
        raise StrowgerError(code, f"Must be a whole number from {least} to {most}", field=name)
    return number


def read_moment(params: Params, name: str, code: str = "E400", end: bool = False) -> datetime | None:
    """An ISO date (the end of that day where ``end``) or date-time, as UTC; without an offset it is UTC. Raises ``code``."""
    text = as_text(params, name, code)
    return None if text is None else moment_of(text, name, code, end)


def moment_of(text: str, name: str, code: str = "E400", end: bool = False) -> datetime:
    """As ``read_moment``, from a text. A space may stand for the offset's plus, which forms make of it."""
    text = text.strip()
    head, _, tail = text.rpartition(" ")
    if head and ("T" in head or " " in head):
        text = f"{head}+{tail}"
    try:
        if len(text) == len("2026-01-31"):
            moment = datetime.combine(date.fromisoformat(text), time(), UTC)
            return moment + timedelta(days=1) if end else moment
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise StrowgerError(code, "Must be an ISO 8601 date or date-time", field=name) from problem
