"""Reading a spreadsheet in a process of its own: ``python -m strowger.foundation.sheet_process``, the file as standard input.

A spreadsheet can ask for far more memory than its size tells, and reading a large one takes seconds. Here both are bounded by
the operating system, and nobody else waits. Rows go out one by one as JSON, ``[line, [text, ...]]``; the last line is ``true``,
or the problem as a text. A process that the bound ended writes neither.
"""

from __future__ import annotations

import contextlib
import io
import resource
import sys
from collections.abc import Iterator

import msgspec
from python_calamine import CalamineError, CalamineWorkbook

from strowger.foundation.sheets import MAX_COLUMNS, SheetProblem, cell_text

MEMORY = 1_200_000_000  # bytes of addresses: half a million rows of ten columns take about two thirds of it
SECONDS = 120  # of the processor
UNREADABLE = "This is not a readable XLSX or XLS file."


def _bound() -> None:
    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # where the system knows no such bound
            resource.setrlimit(kind, (most, most))


def rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet with their lines in the file, counted from 1. Raises SheetProblem."""
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    except (CalamineError, ValueError, IndexError) as problem:
        raise SheetProblem(UNREADABLE) from problem
    if sheet.start is None:
        return
    indent = [""] * min(sheet.start[1], MAX_COLUMNS)  # empty columns at the left are not given, empty rows above are
    for line, cells in enumerate(sheet.iter_rows(), 1):
        yield line, indent + [cell_text(cell, line) for cell in cells[: MAX_COLUMNS + 1 - len(indent)]]


def main() -> None:
    """Read standard input, write rows."""
    _bound()
    encode, out = msgspec.json.Encoder().encode, sys.stdout.buffer
    end: object = True
    try:
        for row in rows(sys.stdin.buffer.read()):
            out.write(encode(row) + b"\n")
    except SheetProblem as problem:
        end = str(problem)
    out.write(encode(end) + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
