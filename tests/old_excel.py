"""Makes XLS files (BIFF8 in a compound file), as Excel before 2007 wrote them, with one sheet of texts and numbers."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _cell(row: int, column: int, value: str | float) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return _record(0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return _record(0x0203, place + struct.pack("<d", value))


def _workbook(rows: Sequence[Sequence[str | float]]) -> bytes:
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    end = _record(0x000A)
    name = b"Sheet1"
    sheet = lambda at: _record(0x0085, struct.pack("<IBBBB", at, 0, 0, len(name), 0) + name)  # noqa: E731
    at = len(begin) + len(sheet(0)) + len(end)
    width = max(map(len, rows), default=0)
    body = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    body += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for place, row in enumerate(rows):
        body += b"".join(_cell(place, column, value) for column, value in enumerate(row))
    return begin + sheet(at) + end + body + end


def _entry(name: str, kind: int, start: int, size: int, child: int = FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0" if name else b""
    return (
        text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, FREE, FREE, child) + bytes(16 + 4 + 16)
        + struct.pack("<III", start, size, 0)
    )  # fmt: skip


def old_excel(rows: Sequence[Sequence[str | float]]) -> bytes:
    """The file."""
    stream = _workbook(rows)
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    sectors = len(stream) // SECTOR
    tables = 1
    while (sectors + 1 + tables) * 4 > tables * SECTOR:
        tables += 1
    table = [*range(1, sectors), END, END, *[FAT] * tables]  # the stream, the directory, the table itself
    table += [FREE] * (tables * SECTOR // 4 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, tables, sectors, 0, 4096, END, 0, END, 0)
    places = [sectors + 1 + number for number in range(tables)]
    header += struct.pack("<109I", *places, *[FREE] * (109 - tables))
    directory = _entry("Root Entry", 5, END, 0, 1) + _entry("Workbook", 2, 0, len(stream)) + _entry("", 0, 0, 0) * 2
    return header + stream + directory + struct.pack(f"<{len(table)}I", *table)
