"""Files that people upload: what is read, and what is refused before it costs memory (R-98)."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import xlsxwriter
from tests.old_excel import old_excel

from strowger.foundation import sheets
from strowger.foundation.sheets import BUSY, SheetProblem, Turns, open_sheet, read_sheet

NAMES = {"title": "title", "sender id": "sender", "header": "sender"}


def book(write: Callable[[Any], object]) -> bytes:
    buffer = io.BytesIO()
    made = xlsxwriter.Workbook(buffer)
    write(made.add_worksheet())
    made.close()
    return buffer.getvalue()


def values(data: bytes) -> list[dict[str, str]]:
    return [dict(row.values) for row in read_sheet(data, 10, NAMES)]


@pytest.mark.parametrize(
    "data",
    [
        "Title,Sender_ID\nGrüße,ACME\n".encode(),
        "\ufeffTITLE;header;other\r\nGrüße;ACME;x\r\n\r\n".encode(),
        "title\tHeader\nGrüße\tACME".encode("cp1252"),
        "title,header\nGrüße,ACME\n".encode("utf-16"),
        b'"title","header"\n"Gr\xc3\xbc\xc3\x9fe","ACME"\n',
    ],
)
def test_spellings_of_csv(data: bytes) -> None:
    assert values(data) == [{"title": "Grüße", "sender": "ACME"}]


def test_xlsx_with_its_lines() -> None:
    def write(sheet: Any) -> None:
        sheet.write_row(2, 1, ["Title", "Header"])
        sheet.write_row(4, 1, ["One", 447700900123])
        sheet.write_row(5, 1, [True, 1.5])

    rows = read_sheet(book(write), 10, NAMES)
    assert [(row.line, dict(row.values)) for row in rows] == [
        (5, {"title": "One", "sender": "447700900123"}), (6, {"title": "1", "sender": "1.5"}),
    ]  # fmt: skip


def test_a_number_that_lost_digits_is_not_taken_for_an_id() -> None:
    data = book(lambda sheet: [sheet.write_row(0, 0, ["title"]), sheet.write_row(1, 0, [1107000000000000001])])
    with pytest.raises(SheetProblem, match="Row 2 holds a long number"):
        values(data)


@pytest.mark.parametrize("cut", [30, 200, 1000])
def test_damaged_files(cut: int) -> None:
    data = book(lambda sheet: sheet.write_row(0, 0, ["title"]))
    with pytest.raises(SheetProblem):
        values(data[:-cut])


def test_rows_over_the_limit() -> None:
    with pytest.raises(SheetProblem, match="more than 10 rows"):
        values(b"title\n" + b"x\n" * 11)


def test_old_excel_is_read_row_by_row() -> None:
    rows = [["mobile", "name"], [447700900123.0, "Ada Grüße"], [], ["447700900124", 1.5]]
    heading, lines = open_sheet(old_excel(rows))
    assert heading == ["mobile", "name"]
    assert list(lines) == [(2, ["447700900123", "Ada Grüße"]), (4, ["447700900124", "1.5"])]
    assert values(old_excel([["title", "header"], ["One", "ACME"]])) == [{"title": "One", "sender": "ACME"}]


def test_a_sheet_that_begins_further_down_keeps_its_lines() -> None:
    heading, lines = open_sheet(book(lambda sheet: [sheet.write_row(2, 1, ["mobile"]), sheet.write_row(5, 1, ["1"])]))
    assert (heading, list(lines)) == (["", "mobile"], [(6, ["", "1"])])


def test_more_than_a_hundred_thousand_rows_of_xlsx() -> None:
    def write(sheet: Any) -> None:
        for row in range(120_001):
            sheet.write_row(row, 0, [f"4479{row:08}", row])

    _, lines = open_sheet(book(write))
    assert sum(1 for _ in lines) == 120_000


def test_r98_a_spreadsheet_gets_no_more_memory_than_it_may() -> None:
    far = book(lambda sheet: [sheet.write_row(0, 0, ["title"]), sheet.write(1_048_575, 16_383, "x")])
    for read in (lambda data: list(open_sheet(data)[1]), values):
        with pytest.raises(SheetProblem, match=r"more memory or time|not a readable"):
            read(far)
    for broken in (b"PK\x03\x04 nonsense", b"\xd0\xcf\x11\xe0 nonsense", old_excel([["a"], ["b"]])[:2000]):
        with pytest.raises(SheetProblem):
            open_sheet(broken)


def test_rows_that_nobody_wants_any_more_leave_no_process_behind() -> None:
    _, lines = open_sheet(old_excel([["a"]] + [["b"]] * 5_000))
    next(lines)
    lines.close()  # type: ignore[attr-defined]


def test_r98_only_so_many_spreadsheets_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_turns", Turns(at_once=1, waiting=1, patience=0.01))
    data = old_excel([["title"]] + [["x"]] * 5)
    _, lines = open_sheet(data)
    with pytest.raises(SheetProblem, match=BUSY):
        values(data)
    assert len(values(b"title\nx\n")) == 1  # CSV takes no such process
    list(lines)
    assert len(values(data)) == 5
    with pytest.raises(SheetProblem, match="not a readable"):
        values(b"PK\x03\x04 nonsense")
    assert len(values(data)) == 5  # a turn ends with an error, too


def test_who_waits_for_a_turn_gets_it_and_no_more_wait_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    data = old_excel([["title"]] + [["x"]] * 5)
    with ThreadPoolExecutor(1) as other:
        monkeypatch.setattr(sheets, "_turns", turns := Turns(at_once=1, waiting=1, patience=60))
        with turns.turn():
            waiting = other.submit(values, data)
        assert len(waiting.result(60)) == 5
    monkeypatch.setattr(sheets, "_turns", turns := Turns(at_once=1, waiting=0, patience=60))
    with turns.turn(), pytest.raises(SheetProblem, match=BUSY):
        values(data)
