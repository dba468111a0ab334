"""The state of a table, as it stands in the URL: search, filters, sort, columns, page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from strowger.console.visitor import Visitor

FilterKind = Literal["text", "select", "multi", "time", "number"]
SIZES = (25, 50, 100, 200)
PRESETS = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
}
TODAY = "today"


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a table; ``key`` is also the name of its URL parameter.

    Kinds: text (contains), select (one of ``options``), multi (any of ``options``), time (preset or range), number (range).
    ``options`` are (value, label). ``more`` keeps it behind "More filters" until it is set.
    """

    key: str
    label: str
    kind: FilterKind = "text"
    options: Sequence[tuple[str, str]] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From (inclusive) to (exclusive), in UTC; None is open. ``preset`` is the chosen preset or empty."""

    start: datetime | None
    end: datetime | None
    preset: str = ""


@dataclass(frozen=True, slots=True)
class NumberRange:
    """From and to, both inclusive; None is open."""

    least: Decimal | None
    most: Decimal | None


FilterValue = str | list[str] | TimeRange | NumberRange


@dataclass(slots=True)
class TableQuery:
    """What is asked of a source. ``after`` and ``before`` are cursors: the key of the row beyond which to read."""

    account_id: int
    search: str = ""
    filters: dict[str, FilterValue] = field(default_factory=dict)
    sort: str = ""
    descending: bool = True
    after: list[Any] | None = None
    before: list[Any] | None = None
    size: int = 50
    columns: tuple[str, ...] = ()


Params = Mapping[str, Sequence[str]]


def pack_cursor(values: Iterable[Any]) -> str:
    """Values of a row's key as opaque text. Knows None, str, int, bool, datetime, UUID and Decimal."""
    tagged = [_tag(value) for value in values]
    return base64.urlsafe_b64encode(msgspec.json.encode(tagged)).decode().rstrip("=")


def unpack_cursor(text: str) -> list[Any] | None:
    """The values back; None when the text is no cursor of ours."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return [_untag(tag, value) for tag, value in msgspec.json.decode(raw, type=list[tuple[str, Any]])]
    except (binascii.Error, msgspec.DecodeError, ValueError, InvalidOperation, KeyError, TypeError, AttributeError):
        return None


def _tag(value: Any) -> tuple[str, Any]:
    if isinstance(value, datetime):
        return "t", value.isoformat()
    if isinstance(value, UUID):
        return "u", str(value)
    if isinstance(value, Decimal):
        return "d", str(value)
    return "v", int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _untag(tag: str, value: Any) -> Any:
    readers: dict[str, Any] = {"t": datetime.fromisoformat, "u": UUID, "d": Decimal, "v": lambda plain: plain}
    if tag == "v" and not (value is None or isinstance(value, str | int)):
        raise ValueError("not a plain value")
    return readers[tag](value)


def read_filter(item: Filter, params: Params, visitor: Visitor, now: datetime) -> FilterValue | None:
    """The filter's value from the URL's parameters; None when it is not set or cannot be read."""
    values = [value.strip() for value in params.get(item.key, ()) if value.strip()]
    if item.kind == "time":
        return _read_time(item, values, params, visitor, now)
    if item.kind == "number":
        least, most = (_decimal(params, f"{item.key}_{end}") for end in ("min", "max"))
        return NumberRange(least, most) if least is not None or most is not None else None
    if item.kind in {"select", "multi"}:
        known = {value for value, _ in item.options}
        chosen = [value for value in values if value in known]
        if not chosen:
            return None
        return list(dict.fromkeys(chosen)) if item.kind == "multi" else chosen[0]
    return values[0][:200].replace("\0", "") if values else None


def _read_time(item: Filter, values: list[str], params: Params, visitor: Visitor, now: datetime) -> TimeRange | None:
    preset = values[0] if values else ""
    if preset == TODAY:
        midnight = visitor.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return TimeRange(midnight.astimezone(UTC), None, preset)
    if preset in PRESETS:
        return TimeRange(now - PRESETS[preset][1], None, preset)
    start, end = (_local_time(params, f"{item.key}_{end}", visitor) for end in ("from", "to"))
    return TimeRange(start, end) if start or end else None


def _local_time(params: Params, name: str, visitor: Visitor) -> datetime | None:
    try:
        moment = datetime.fromisoformat(next(iter(params.get(name, ())), ""))
        return (moment if moment.tzinfo else moment.replace(tzinfo=visitor.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _decimal(params: Params, name: str) -> Decimal | None:
    try:
        value = Decimal(next(iter(params.get(name, ())), ""))
        return value if value.is_finite() else None
    except InvalidOperation:
        return None


def filter_params(item: Filter, value: FilterValue, visitor: Visitor) -> list[tuple[str, str]]:
    """The URL's parameters of a filter's value: the inverse of read_filter."""
    if isinstance(value, TimeRange):
        if value.preset:
            return [(item.key, value.preset)]
        ends = (("from", value.start), ("to", value.end))
        return [(f"{item.key}_{end}", f"{visitor.local(at):%Y-%m-%dT%H:%M}") for end, at in ends if at]
    if isinstance(value, NumberRange):
        bounds = (("min", value.least), ("max", value.most))
        return [(f"{item.key}_{end}", str(bound)) for end, bound in bounds if bound is not None]
    return [(item.key, one) for one in (value if isinstance(value, list) else [value])]


def describe_filter(item: Filter, value: FilterValue, visitor: Visitor) -> str:
    """A filter's value for people: the text of its chip."""
    if isinstance(value, TimeRange):
        if value.preset:
            return "Today" if value.preset == TODAY else PRESETS[value.preset][0]
        start, end = (f"{visitor.local(at):%-d %b %Y %H:%M}" if at else "…" for at in (value.start, value.end))
        return f"{start} – {end}"
    if isinstance(value, NumberRange):
        return f"{'…' if value.least is None else value.least} – {'…' if value.most is None else value.most}"
    labels = dict(item.options)
    return ", ".join(labels.get(one, one) for one in (value if isinstance(value, list) else [value]))


def encode(pairs: Iterable[tuple[str, str]]) -> str:
    """A query string with its question mark; empty for no parameters."""
    text = urlencode(list(pairs))
    return f"?{text}" if text else ""
