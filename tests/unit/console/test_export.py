"""Exports open right in spreadsheet programs and start no formula there."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest

from strowger.console.export import csv_chunks, escape_formula, xlsx_chunks
from strowger.console.sql_source import Row
from strowger.console.visitor import Visitor

VISITOR = Visitor(1, 7, "HXEU0000000001GB", "Ada", "ada@example.com", "owner", "auto", "Europe/Berlin", "EUR", "token")
AT = datetime(2026, 7, 1, 10, 30, tzinfo=UTC)
ROWS: list[Row] = [
    {"to": "4915", "body": "=HYPERLINK(1)", "price": Decimal("0.035"), "at": AT},
    {"to": "+49", "body": 'größe, "quoted"\nline 日本', "price": None, "at": None},
]
FIELDS = [
    ("To", lambda row: row["to"]),
    ("Text", lambda row: row["body"]),
    ("Price", lambda row: row["price"]),
    ("At", lambda row: row["at"]),
]


async def batches() -> AsyncIterator[list[Row]]:
    for row in ROWS:
        yield [row]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formula_is_escaped(start: str) -> None:
    assert escape_formula(start + "1") == "'" + start + "1"
    assert escape_formula("a" + start) == "a" + start


async def test_U22_csv_is_utf8_with_mark_and_literal() -> None:
    raw = b"".join([chunk async for chunk in csv_chunks(FIELDS, batches(), VISITOR)])
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert lines[0] == ["To", "Text", "Price", "At"]
    assert lines[1] == ["4915", "'=HYPERLINK(1)", "0.035", "2026-07-01T12:30:00.000+02:00"]
    assert lines[2] == ["'+49", 'größe, "quoted"\nline 日本', "", ""]


async def test_U22_xlsx_holds_the_same_rows() -> None:
    raw = b"".join([chunk async for chunk in xlsx_chunks(FIELDS, batches(), VISITOR)])
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("To", "Text", "Price", "At")
    assert rows[1] == ("4915", "'=HYPERLINK(1)", 0.035, datetime(2026, 7, 1, 12, 30))  # noqa: DTZ001 cells have no zone
    assert rows[2][1] == 'größe, "quoted"\nline 日本'
