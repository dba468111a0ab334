"""Shapes at the edges of imports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.sheets import SheetRow

Outcome = Literal["made", "changed", "unchanged", "refused"]


class Line(msgspec.Struct, omit_defaults=True):
    """What became of one row of a file."""

    line: int
    name: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ImportKind:
    """Something that files can bring. ``columns`` are (name, needed, what it holds); ``headings`` maps headings to names.

    ``work(context, visitor, rows, dry_run)`` stores the rows and tells what became of each.
    """

    key: str
    label: str
    back: str
    most: int
    columns: Sequence[tuple[str, bool, str]]
    headings: Mapping[str, str]
    work: Callable[[Context, Visitor, list[SheetRow], bool], Awaitable[list[Line]]]
    example: Sequence[Sequence[Any]] = ()
