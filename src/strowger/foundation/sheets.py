"""Reading the rows of CSV, XLSX and XLS files that people upload, within bounds (quality.md R-98)."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from threading import BoundedSemaphore
from typing import Any

import msgspec

MAX_COLUMNS, MAX_CELL = 100, 32_767
EXACT = 2**53  # from here on a spreadsheet's number has lost digits
ZIP_MARK = b"PK\x03\x04"
OLE_MARK = b"\xd0\xcf\x11\xe0"  # Excel before 2007
READER = "strowger.foundation.sheet_process"
TOO_MUCH = "The file needs more memory or time than it may have. Save it as CSV, or in parts."
AT_ONCE, WAITING, PATIENCE = 2, 2, 30.0  # each process that reads may take 1.2 GB
BUSY = "Other spreadsheets are being read. Try again in a minute, or save the file as CSV."


class SheetProblem(ValueError):
    """A file cannot be read; the message is for people."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its line in the file, counted from 1, and its texts by column."""

    line: int
    values: Mapping[str, str]


class Turns:
    """Lets ``at_once`` spreadsheets be read at a time; others wait for ``patience`` seconds.

    Who waits holds a thread that those who read may need, so that no more than ``waiting`` do.
    """

    def __init__(self, at_once: int, waiting: int, patience: float) -> None:
        self._there = BoundedSemaphore(at_once + waiting)
        self._reading = BoundedSemaphore(at_once)
        self._patience = patience

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, which lasts for the block. Raises SheetProblem when none comes."""
        if not self._there.acquire(blocking=False):
            raise SheetProblem(BUSY)
        try:
            if not self._reading.acquire(timeout=self._patience):
                raise SheetProblem(BUSY)
            try:
                yield
            finally:
                self._reading.release()
        finally:
            self._there.release()


_turns = Turns(AT_ONCE, WAITING, PATIENCE)


def read_sheet(data: bytes, most: int, names: Mapping[str, str]) -> list[SheetRow]:
    """The rows below the heading. ``names`` maps headings (lower case, words apart by one space) to columns.

    What a file is, its first bytes tell. Empty rows are left out. Raises SheetProblem.
    """
    lines = _lines(data)
    columns: list[str] | None = None
    rows: list[SheetRow] = []
    for line, cells in lines:
        if columns is None:
            if not any(cell.strip() for cell in cells):
                continue
            columns = _heading(cells, names)
            continue
        values = {name: text for name, cell in zip(columns, cells, strict=False) if name and (text := cell.strip())}
        if not values:
            continue
        if len(rows) == most:
            raise SheetProblem(f"The file has more than {most:,} rows.")
        rows.append(SheetRow(line, values))
    if columns is None:
        raise SheetProblem("The file is empty.")
    if not rows:
        raise SheetProblem("There is no row below the heading.")
    return rows


def open_sheet(data: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The heading as it is written, and the rows below it, read one by one: (line, cells); empty rows are left out.

    Raises SheetProblem, also while rows are read.
    """
    lines = _filled(_lines(data))
    heading = next(lines, None)
    if heading is None:
        raise SheetProblem("The file is empty.")
    if len(heading[1]) > MAX_COLUMNS:
        raise SheetProblem(f"The file has more than {MAX_COLUMNS} columns.")
    return heading[1], lines


def _lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows as they are read: of a large file only the bytes are in memory here."""
    return _spread(data) if data.startswith((ZIP_MARK, OLE_MARK)) else _csv(data)


def _filled(lines: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    for line, cells in lines:
        texts = [cell.strip() for cell in cells]
        if any(texts):
            yield line, texts


def _heading(cells: list[str], names: Mapping[str, str]) -> list[str]:
    found = [names.get(" ".join(cell.replace("_", " ").lower().split()), "") for cell in cells[:MAX_COLUMNS]]
    twice = {name for name in found if name and found.count(name) > 1}
    if twice:
        raise SheetProblem(f"The heading names {', '.join(sorted(twice))} twice.")
    if not any(found):
        raise SheetProblem("The first row must name the columns: " + ", ".join(dict.fromkeys(names.values())) + ".")
    return found


def _csv(data: bytes) -> Iterator[tuple[int, list[str]]]:
    encoding = _encoding(data)
    with io.TextIOWrapper(io.BytesIO(data), encoding, newline="") as lines:
        head = lines.readline(MAX_CELL)
    delimiter = max(",;\t|", key=head.count)
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as problem:
        raise SheetProblem(f"Line {reader.line_num} cannot be read as CSV: {problem}.") from problem


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise SheetProblem("This is neither a CSV nor an XLSX file.")
        return encoding
    raise SheetProblem("The file's characters cannot be read; save it as UTF-8.")


def _spread(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows of a spreadsheet as another process reads them (sheet_process.py), when it is its turn."""
    with _turns.turn():
        yield from _read_apart(data)


def _read_apart(data: bytes) -> Iterator[tuple[int, list[str]]]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        child = subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, "-m", READER], stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    assert child.stdout is not None
    decode = msgspec.json.Decoder().decode
    try:
        for text in child.stdout:
            found = decode(text) if text.endswith(b"\n") else None
            if found is True:
                return
            if isinstance(found, str):
                raise SheetProblem(found)
            if found is None:
                break
            yield found[0], found[1]
        raise SheetProblem(TOO_MUCH)
    finally:
        child.stdout.close()
        child.kill()
        child.wait()


def cell_text(value: Any, line: int) -> str:
    """A cell as text. Raises SheetProblem for a number whose last digits the spreadsheet has lost."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float | int):
        if abs(value) >= EXACT:
            raise SheetProblem(f"Row {line} holds a long number that lost digits; format its column as text.")
        return str(int(value)) if float(value).is_integer() else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)[:MAX_CELL]
