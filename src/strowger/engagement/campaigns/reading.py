"""Reading contacts out of files and pasted numbers. Pure, row by row (sms.md 9.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.repository.contacts import Row
from strowger.engagement.campaigns.schemas import Kept, Reading
from strowger.foundation.phone import clean_number
from strowger.foundation.sheets import SheetProblem, open_sheet

MAX_FILE, MAX_ROWS, MAX_PASTED = 25_000_000, 500_000, 10_000
MAX_CELL, MAX_SHOWN = 500, 64
LOOKED_AT = 20  # rows by which the column of numbers is guessed
MOBILE = re.compile(r"mobile|phone|msisdn|number", re.IGNORECASE)
SEPARATORS = re.compile(r"[,;\s]+")
_OTHER = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as it is read: its headings, the names of its columns as variables, the column of numbers, its rows."""

    headings: list[str]
    columns: list[str]
    mobile: int
    rows: Iterator[Row]


def variable_names(headings: Sequence[str]) -> list[str]:
    """Headings as the names of variables: ASCII letters, digits and _, at most 30, each once."""
    names: list[str] = []
    for place, heading in enumerate(headings, 1):
        stem = _OTHER.sub("_", heading).strip("_")[:27] or f"column_{place}"
        stem = f"{stem}_" if stem.lower() == "url" else stem  # {URL} is the place of the link
        name, count = stem, 1
        while name.lower() in {known.lower() for known in names}:
            count += 1
            name = f"{stem}_{count}"
        names.append(name)
    return names


def read_file(data: bytes, reading: Reading, country: str) -> Sheet:
    """A file's contacts, to be read through once. Raises Refused, also while rows are read."""
    try:
        headings, lines = open_sheet(data)
        head = list(islice(lines, LOOKED_AT))
    except SheetProblem as problem:
        raise Refused(str(problem), "file") from problem
    if not head:
        raise Refused("There is no row below the heading.", "file")
    mobile = reading.mobile
    if mobile is None or not 0 <= mobile < len(headings):
        mobile = guess_mobile(headings, [cells for _, cells in head], reading.prefix or None, country)
    rows = _rows(chain(head, lines), mobile, len(headings), reading.prefix or None, country)
    return Sheet(headings, variable_names(headings), mobile, rows)


def guess_mobile(headings: Sequence[str], rows: Sequence[Sequence[str]], prefix: str | None, country: str) -> int:
    """The column of numbers: by its heading, else the one in which most cells can be numbers."""
    for place, heading in enumerate(headings):
        if MOBILE.search(heading):
            return place

    def numbers(place: int) -> int:
        return sum(place < len(row) and clean_number(row[place], prefix, country) is not None for row in rows)

    return max(range(len(headings)), key=lambda place: (numbers(place), -place))


def _rows(
    lines: Iterator[tuple[int, list[str]]], mobile: int, width: int, prefix: str | None, country: str
) -> Iterator[Row]:
    try:
        for row, (line, cells) in enumerate(lines, 1):
            if row > MAX_ROWS:
                raise Refused(f"The file has more than {MAX_ROWS:,} rows.", "file")
            kept = [cell.replace("\0", "")[:MAX_CELL] for cell in cells[:width]]
            kept += [""] * (width - len(kept))
            yield _row(row, line, kept[mobile], kept, prefix, country)
    except SheetProblem as problem:
        raise Refused(str(problem), "file") from problem


def _row(row: int, line: int, raw: str, cells: list[str], prefix: str | None, country: str) -> Row:
    number = clean_number(raw, prefix, country) if len(raw) <= MAX_SHOWN else None
    if number is None:
        return row, line, raw[:MAX_SHOWN], cells, int(Kept.INVALID)
    return row, line, number, cells, int(Kept.YES)


def read_paste(text: str, reading: Reading, country: str) -> Iterator[Row]:
    """Pasted numbers, separated by commas, semicolons, spaces or lines. Raises Refused (none, too many)."""
    items = [item for item in SEPARATORS.split(text.replace("\0", "")) if item]
    if not items:
        raise Refused("Paste at least one number.", "numbers")
    if len(items) > MAX_PASTED:
        raise Refused(f"{len(items):,} numbers; at most {MAX_PASTED:,}. Upload a file instead.", "numbers")
    return (_row(place, place, item, [], reading.prefix or None, country) for place, item in enumerate(items, 1))
