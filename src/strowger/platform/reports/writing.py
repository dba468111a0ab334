"""Writing rows into CSV and XLSX files on disk, batch by batch. What is large is split and packed into a ZIP."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from strowger.console.export import XLSX_CELL, XLSX_ROWS, escape_formula
from strowger.platform.files.types import CSV, XLSX, ZIP
from strowger.platform.reports.schemas import ReportProblem
from strowger.platform.reports.types import ReportColumn, Row

PART_ROWS = 1_000_000  # rows of one CSV file or one sheet
MOST_ROWS = 20_000_000
ZIPPED_FROM = 50_000_000  # bytes
CHUNK = 256 * 1024


def csv_cell(value: Any, zone: ZoneInfo) -> str:
    """A value as CSV text: moments in the zone (ISO 8601 with offset), numbers plain, texts without formulas."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return str(value)
    return escape_formula(value.isoformat() if isinstance(value, date) else str(value))


class Writer(Protocol):
    """Takes rows; ``close`` gives the file, its media type and its ending."""

    rows: int

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows. Raises ReportProblem for more than a report may have."""

    def close(self) -> tuple[Path, str, str]:
        """End the file: path, media type, ending."""


def make_writer(kind: str, folder: Path, name: str, columns: Sequence[ReportColumn], zone: ZoneInfo) -> Writer:
    """A writer of ``csv`` or ``xlsx`` files, which stand in ``folder`` under ``name``."""
    return (_Sheets if kind == "xlsx" else _Texts)(folder, name, columns, zone)


def _counted(rows: int, more: int) -> int:
    if rows + more > MOST_ROWS:
        raise ReportProblem(f"It would have more than {MOST_ROWS:,} rows. Choose a shorter time or narrower filters.")
    return rows + more


class _Texts:
    """CSV; it starts with a byte order mark, so that spreadsheet programs read UTF-8."""

    def __init__(self, folder: Path, name: str, columns: Sequence[ReportColumn], zone: ZoneInfo) -> None:
        self._folder, self._name, self._columns, self._zone = folder, name, columns, zone
        self._paths: list[Path] = []
        self.rows = 0
        self._begin()

    def _begin(self) -> None:
        self._paths.append(self._folder / f"{self._name}-{len(self._paths) + 1}.csv")
        self._file = self._paths[-1].open("w", encoding="utf-8", newline="")
        self._file.write("\ufeff")
        self._writer = csv.writer(self._file)
        self._writer.writerow([escape_formula(column.label) for column in self._columns])

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows; a part that is full is followed by the next."""
        zone, rest = self._zone, list(rows)
        while rest:
            room = PART_ROWS - (self.rows - (len(self._paths) - 1) * PART_ROWS)
            if not room:
                self._file.close()
                self._begin()
                room = PART_ROWS
            now, rest = rest[:room], rest[room:]
            self.rows = _counted(self.rows, len(now))
            self._writer.writerows([[csv_cell(value, zone) for value in row] for row in now])

    def close(self) -> tuple[Path, str, str]:
        """The one file, or all of them packed."""
        self._file.close()
        if len(self._paths) == 1 and self._paths[0].stat().st_size <= ZIPPED_FROM:
            return self._paths[0], CSV, "csv"
        names = [f"{self._name}.csv"] if len(self._paths) == 1 else [path.name for path in self._paths]
        return _packed(self._folder / f"{self._name}.zip", list(zip(self._paths, names, strict=True))), ZIP, "zip"


class _Sheets:
    """XLSX, written row by row to disk; a full sheet is followed by the next."""

    def __init__(self, folder: Path, name: str, columns: Sequence[ReportColumn], zone: ZoneInfo) -> None:
        self._folder, self._name, self._columns, self._zone = folder, name, columns, zone
        self._path = folder / f"{name}.xlsx"
        options = {
            "constant_memory": True,
            "tmpdir": str(folder),
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        import xlsxwriter

        self._book = xlsxwriter.Workbook(self._path, options)
        self._bold = self._book.add_format({"bold": True})
        self._when = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.rows = self._line = self._sheets = 0
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        self._line = 0
        self._sheet = self._book.add_worksheet(f"Report {self._sheets}" if self._sheets > 1 else "Report")
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.write_string(0, place, column.label, self._bold)

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        self.rows = _counted(self.rows, len(rows))
        for row in rows:
            if self._line >= min(PART_ROWS, XLSX_ROWS):
                self._begin()
            self._line += 1
            for place, value in enumerate(row):
                self._cell(place, value)

    def _cell(self, place: int, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, datetime):
            self._sheet.write_datetime(self._line, place, value.astimezone(self._zone).replace(tzinfo=None), self._when)
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            self._sheet.write_number(self._line, place, value)
        else:
            self._sheet.write_string(self._line, place, csv_cell(value, self._zone)[:XLSX_CELL])

    def close(self) -> tuple[Path, str, str]:
        """The workbook."""
        self._book.close()
        return self._path, XLSX, "xlsx"


def _packed(path: Path, files: Sequence[tuple[Path, str]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for file, name in files:
            archive.write(file, name)
            file.unlink()
    return path


def pieces(path: Path) -> Iterator[bytes]:
    """A file in pieces."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
