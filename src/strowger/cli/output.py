"""How commands answer: a sentence for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
import msgspec

json_option: Callable[..., Any] = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


def emit(as_json: bool, data: Mapping[str, Any] | Sequence[Mapping[str, Any]], text: str) -> None:
    """Print ``data`` as JSON or ``text``."""
    click.echo(msgspec.json.encode(data).decode() if as_json else text)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as aligned text."""
    if not rows:
        return "none"
    cells = [list(columns)] + [["" if row[c] is None else str(row[c]) for c in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )
