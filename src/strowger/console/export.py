"""A filtered list as a CSV or XLSX file, written batch by batch."""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from strowger.console.sql_source import Row
from strowger.console.visitor import Visitor

if TYPE_CHECKING:
    from litestar.response import Stream

CSV, XLSX = "csv", "xlsx"
FORMATS = (CSV, XLSX)
TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
XLSX_ROWS, XLSX_CELL = 1_048_575, 32_767
CHUNK = 256 * 1024
Batches = AsyncIterator[list[Row]]
Field = tuple[str, Callable[[Row], Any]]


def escape_formula(text: str) -> str:
    """A text that no spreadsheet program takes for a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def csv_cell(value: Any, visitor: Visitor) -> str:
    """A value as CSV text: moments in the user's zone (ISO 8601 with offset), numbers plain, texts without formulas."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return visitor.local(value).isoformat(timespec="milliseconds")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return escape_formula(str(value))


async def csv_chunks(fields: Sequence[Field], batches: Batches, visitor: Visitor) -> AsyncIterator[bytes]:
    """The file in pieces; it starts with a byte order mark, so that spreadsheet programs read UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([escape_formula(label) for label, _ in fields])
    async for batch in batches:
        writer.writerows([[csv_cell(value(row), visitor) for _, value in fields] for row in batch])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


async def xlsx_chunks(fields: Sequence[Field], batches: Batches, visitor: Visitor) -> AsyncIterator[bytes]:
    """The file in pieces, after it was written to a temporary file row by row."""
    import xlsxwriter  # large, and seldom needed

    with tempfile.TemporaryDirectory(prefix="strowger-export-") as folder:
        path = Path(folder) / "list.xlsx"
        book = xlsxwriter.Workbook(
            path, {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False}
        )
        sheet = book.add_worksheet("List")
        bold, when = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.freeze_panes(1, 0)
        for column, (label, _) in enumerate(fields):
            sheet.write_string(0, column, label, bold)
        line = 0
        async for batch in batches:
            rows = batch[: XLSX_ROWS - line]
            await asyncio.to_thread(_write_rows, sheet, line + 1, fields, rows, visitor, when)
            line += len(rows)
            if line == XLSX_ROWS:
                break
        await asyncio.to_thread(book.close)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _write_rows(sheet: Any, start: int, fields: Sequence[Field], rows: list[Row], visitor: Visitor, when: Any) -> None:
    for line, row in enumerate(rows, start):
        for column, (_, read) in enumerate(fields):
            value = read(row)
            if value is None:
                continue
            if isinstance(value, datetime):
                sheet.write_datetime(line, column, visitor.local(value).replace(tzinfo=None), when)
            elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                sheet.write_number(line, column, value)
            else:
                sheet.write_string(line, column, csv_cell(value, visitor)[:XLSX_CELL])


def export(kind: str, name: str, fields: Sequence[Field], batches: Batches, visitor: Visitor) -> Stream:
    """The answer that downloads a list as ``<name>.<kind>``."""
    from litestar.response import Stream

    chunks = csv_chunks if kind == CSV else xlsx_chunks
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.{kind}",
        "Cache-Control": "no-store",
    }
    return Stream(chunks(fields, batches, visitor), media_type=TYPES[kind], headers=headers)
