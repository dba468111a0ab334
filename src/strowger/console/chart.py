"""An accessible chart: what ECharts draws and the table of the same numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

ChartKind = Literal["line", "area", "bar", "stacked", "doughnut"]
Number = int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Series:
    """One line, colour or ring of a chart. ``tone`` is a status tone or empty for the palette's next colour.

    ``previous`` are the same numbers of the period before, drawn dashed.
    """

    label: str
    values: Sequence[Number]
    tone: str = ""
    previous: Sequence[Number] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. ``categories`` label the points; ``zone`` names the time zone of the categories when they are times.

    The page that shows it needs ``{{ chart_block(chart) }}``, which also brings the drawing script.
    """

    id: str
    title: str
    categories: Sequence[str]
    series: Sequence[Series]
    kind: ChartKind = "line"
    unit: str = ""
    zone: str = ""
    category_label: str = "Time"
    summary: str = ""

    def __post_init__(self) -> None:
        for series in self.series:
            if len(series.values) != len(self.categories):
                raise ValueError(f"{series.label}: {len(series.values)} values for {len(self.categories)} categories")

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for series in self.series for value in series.values)

    def spec(self) -> dict[str, Any]:
        """What the drawing script reads."""
        return {
            "kind": self.kind,
            "unit": self.unit,
            "categories": list(self.categories),
            "series": [
                {
                    "label": series.label,
                    "tone": series.tone,
                    "values": [_plain(value) for value in series.values],
                    "previous": [_plain(value) for value in series.previous],
                }
                for series in self.series
            ],
        }


def _plain(value: Number) -> int | float | None:
    return float(value) if isinstance(value, Decimal) else value
