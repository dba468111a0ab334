"""What the screen shows of a finished report: totals, a chart and the first rows, gathered while it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from strowger.console.chart import Chart, Series
from strowger.platform.reports.types import ReportType, Row

PREVIEW, CATEGORIES, SERIES, CELL = 50, 100, 8, 300
OTHERS = "Others"
TONES = {"Delivered": "success", "UnDelivered": "danger", "Undelivered": "danger", "Not delivered": "danger", "Not Sent": "warning",
         "Failed": "danger", "Sent": "info", "Queued": "neutral", "Success": "success"}  # fmt: skip


class Summary:
    """Adds up what a report type wants to be shown; its size does not grow with the rows."""

    def __init__(self, kind: ReportType, zone: ZoneInfo) -> None:
        self._kind, self._zone = kind, zone
        self._totals = {n: Decimal(0) for n, column in enumerate(kind.columns) if column.total}
        self._preview: list[list[Any]] = []
        self._points: dict[str, dict[str, Decimal]] = {}
        places = {column.label: n for n, column in enumerate(kind.columns)}
        self._chart = kind.chart
        if kind.chart:
            self._by, self._split = places[kind.chart.by], places.get(kind.chart.split)
            self._values = [(places[label], label) for label in kind.chart.values]

    def add(self, rows: Sequence[Row]) -> None:
        """Count rows in."""
        for row in rows[: PREVIEW - len(self._preview)]:
            self._preview.append([_shown(value, self._zone) for value in row])
        for place in self._totals:
            self._totals[place] += sum((Decimal(row[place] or 0) for row in rows), Decimal(0))
        if self._chart:
            for row in rows:
                self._point(row)

    def _point(self, row: Row) -> None:
        key = _shown(row[self._by], self._zone) or "–"
        point = self._points.get(key)
        if point is None:
            key = key if len(self._points) < CATEGORIES else OTHERS
            point = self._points.setdefault(key, {})
        for place, label in self._values:
            name = str(row[self._split] or "–") if self._split is not None else label
            point[name] = point.get(name, Decimal(0)) + Decimal(row[place] or 0)

    def stored(self, chosen: Sequence[int]) -> dict[str, Any]:
        """What is kept; of the first rows the ``chosen`` columns."""
        columns = self._kind.columns
        return {
            "columns": [[columns[n].label, columns[n].kind] for n in chosen],
            "preview": [[row[n] for n in chosen] for row in self._preview],
            "totals": [[columns[n].label, columns[n].kind, str(value)] for n, value in self._totals.items()],
            "points": {key: {name: str(value) for name, value in point.items()} for key, point in self._points.items()},
        }


def _shown(value: Any, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)[:CELL]


def chart_of(kind: ReportType, summary: Mapping[str, Any], zone: str) -> Chart | None:
    """The chart of a finished report; the smaller series beyond eight are added up."""
    points: Mapping[str, Mapping[str, str]] = summary.get("points") or {}
    if kind.chart is None or not points:
        return None
    sums: dict[str, Decimal] = {}
    for point in points.values():
        for name, value in point.items():
            sums[name] = sums.get(name, Decimal(0)) + Decimal(value)
    names = sorted(sums, key=lambda name: -sums[name])
    if kind.chart.split and len(names) > SERIES:
        names, rest = names[: SERIES - 1], names[SERIES - 1 :]
    else:
        names, rest = list(names), []
    keys = sorted(points)
    series = [
        Series(name, [_number(points[key].get(name)) for key in keys], TONES.get(name, "")) for name in sorted(names)
    ]
    if rest:
        left = [sum((Decimal(points[key].get(name, 0)) for name in rest), Decimal(0)) for key in keys]
        series.append(Series(OTHERS, [_number(value) for value in left], "neutral"))
    return Chart(
        "report-chart", kind.chart.title, keys, series, "stacked", zone=zone if kind.chart.by == "Date" else "",
        category_label=kind.chart.by,
    )  # fmt: skip


def _number(value: Any) -> int | float:
    number = Decimal(value or 0)
    return int(number) if number == number.to_integral_value() else float(number)
