"""Reading the rows of CSV, XLSX and XLS files that people upload, within bounds (quality.md R-98)."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

MAX_UNPACKED = 40_000_000  # bytes of all parts of an XLSX file
MAX_COLUMNS, MAX_CELL, MAX_LINES = 100, 32_767, 100_000
EXACT = 2**53  # from here on a spreadsheet's number has lost digits
ZIP_MARK = b"PK\x03\x04"
OLE_MARK = b"\xd0\xcf\x11\xe0"  # Excel before 2007
READER = "strowger.foundation.sheet_process"
TOO_MUCH = "The file needs more memory or time than it may have. Save it as CSV, or in parts."
# Where cells and rows say that they stand. The reader makes room for everything up to the farthest one.
_PLACE = re.compile(rb"""\br\s*=\s*["']([^"']{0,20})""")
_CELL_PLACE = re.compile(rb"([A-Z]{0,3})([0-9]{1,7})")


class SheetProblem(ValueError):
    """A file cannot be read; the message is for people."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its line in the file, counted from 1, and its texts by column."""

    line: int
    values: Mapping[str, str]


def read_sheet(data: bytes, most: int, names: Mapping[str, str]) -> list[SheetRow]:
    """The rows below the heading. ``names`` maps headings (lower case, words apart by one space) to columns.

    What a file is, its first bytes tell. Empty rows are left out. Raises SheetProblem.
    """
    lines = _xlsx(data) if data.startswith(ZIP_MARK) else _spread(data) if data.startswith(OLE_MARK) else _csv(data)
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

    Spreadsheets are read in a process of their own, so that only the file's bytes are in memory here. Raises SheetProblem,
    also while rows are read.
    """
    lines = _filled(_spread(data) if data.startswith((ZIP_MARK, OLE_MARK)) else _csv(data))
    heading = next(lines, None)
    if heading is None:
        raise SheetProblem("The file is empty.")
    if len(heading[1]) > MAX_COLUMNS:
        raise SheetProblem(f"The file has more than {MAX_COLUMNS} columns.")
    return heading[1], lines


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
    """Rows as they are read: of a large file only the bytes are in memory."""
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
    """Rows of a spreadsheet as another process reads them (sheet_process.py)."""
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


def _xlsx(data: bytes) -> Iterator[tuple[int, list[str]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        _check_archive(data)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        for line, cells in enumerate(sheet.to_python(skip_empty_area=False), 1):
            yield line, [cell_text(cell, line) for cell in cells[:MAX_COLUMNS]]
    except (zipfile.BadZipFile, CalamineError, NotImplementedError, RuntimeError, EOFError, IndexError) as problem:
        raise SheetProblem("This is not a readable XLSX file.") from problem


def _check_archive(data: bytes) -> None:
    """Refuse what would take far more memory than its size tells."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
            raise SheetProblem("The file is too large when unpacked.")
        for part in archive.infolist():
            text = archive.read(part)  # fails when the part is larger than it says
            if part.filename.endswith((".xml", ".rels")) and b"\0" in text:
                raise SheetProblem("This is not a readable XLSX file.")
            if b"<" in text[:100]:
                _check_places(text)


def _check_places(text: bytes) -> None:
    for place in set(_PLACE.findall(text)):
        match = _CELL_PLACE.fullmatch(place)
        if b"&" in place:
            raise SheetProblem("This is not a readable XLSX file.")
        if match is None:
            continue  # no place of a cell: the reader refuses it, or it means something else
        column = 0
        for letter in match[1]:
            column = column * 26 + letter - 64
        if column > MAX_COLUMNS or int(match[2]) > MAX_LINES:
            raise SheetProblem(f"The file has cells beyond row {MAX_LINES:,} or column {MAX_COLUMNS}.")


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
