"""The number plan: which prefix belongs to which network, as the operator imports it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing.repository import ranges as queries
from strowger.messaging.routing.repository.ranges import Range

PREFIX = re.compile(r"[1-9][0-9]{0,14}")
NETWORK = re.compile(r"[0-9]{5,6}")
COLUMNS = ("prefix", "network", "country", "operator", "circle")
MAX_ROWS = 500_000
MAX_OPERATOR = MAX_CIRCLE = 100


async def listed(context: Context, search: str, limit: int) -> list[dict[str, Any]]:
    """Ranges whose prefix or network begins with a text, or whose operator or circle holds it."""
    text = re.sub(r"[%_\\\0]", "", search.strip())
    return await context.database.run(lambda c: queries.listed(c, text, limit))


async def counted(context: Context) -> tuple[int, int]:
    """How many ranges and networks there are."""
    return await context.database.run(queries.counted)


def read_ranges(text: str) -> list[Range]:
    """The ranges of a CSV file with a header line; columns prefix and network (MCC and MNC), also country, operator and circle.

    Raises StrowgerError RANGES (422) naming the line.
    """
    sample = text.lstrip("\ufeff")
    delimiter = ";" if sample.partition("\n")[0].count(";") > sample.partition("\n")[0].count(",") else ","
    reader = csv.DictReader(io.StringIO(sample), delimiter=delimiter, restval="")
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if not {"prefix", "network"} <= set(names):
        raise _refused(
            "the first line must name the columns prefix and network; country, operator and circle may follow"
        )
    reader.fieldnames = names
    found: dict[str, Range] = {}
    try:
        for row in reader:
            found_range = _read_row(row, reader.line_num)
            found[found_range[0]] = found_range
            if len(found) > MAX_ROWS:
                raise _refused(f"at most {MAX_ROWS} ranges")
    except csv.Error as problem:
        raise _refused(f"line {reader.line_num}: {problem}") from problem
    return list(found.values())


def _read_row(row: dict[str, Any], line: int) -> Range:
    prefix, network, country, operator, circle = (str(row.get(name) or "").strip() for name in COLUMNS)
    prefix, network = prefix.lstrip("+"), network.replace("-", "").replace(" ", "")
    if not PREFIX.fullmatch(prefix):
        raise _refused(f"line {line}: the prefix must be 1 to 15 digits in international form")
    if not NETWORK.fullmatch(network):
        raise _refused(f"line {line}: the network must be MCC and MNC, 5 or 6 digits")
    if country and not re.fullmatch(r"[A-Za-z]{2}", country):
        raise _refused(f"line {line}: the country must be two letters")
    return prefix, network, country.upper() or None, _name(operator, MAX_OPERATOR), _name(circle, MAX_CIRCLE)


def _name(text: str, most: int) -> str:
    return text.replace("\0", "")[:most]


def _refused(reason: str) -> StrowgerError:
    return StrowgerError("RANGES", f"{reason[:1].upper()}{reason[1:]}", field="file", status=422)


async def store_ranges(context: Context, ranges: Sequence[Range], *, replace: bool) -> int:
    """Add ranges to the plan, or put them in its place; returns how many. Workers use them within a second."""
    await context.database.run(lambda c: queries.store(c, ranges, replace))
    return len(ranges)
