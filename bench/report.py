"""What a benchmark prints and keeps: a table for people, JSON for comparing."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results"


def middle(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of each figure over runs of the same work."""
    return {
        name: round(median(row[name] for row in rows), 3) if isinstance(value, int | float) else value
        for name, value in rows[0].items()
    }


def table(rows: Iterable[dict[str, Any]], names: tuple[str, ...]) -> str:
    """Rows as aligned columns."""
    lines = [list(names), *([str(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines)


def keep(name: str, found: Any) -> None:
    """Write the figures to ``bench/results/<name>.json``, with when and on what they were made."""
    RESULTS.mkdir(exist_ok=True)
    about = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    (RESULTS / f"{name}.json").write_text(json.dumps({**about, "figures": found}, indent=1) + "\n")
