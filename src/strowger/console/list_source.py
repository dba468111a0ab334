"""A table's rows from a short list in memory: search, filters, sort and paging without a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from strowger.console.sql_source import Page, Row
from strowger.console.table_query import FilterValue, NumberRange, TableQuery, TimeRange


@dataclass(slots=True)
class ListSource:
    """All rows of an account from ``await rows(account_id)``; for lists of hundreds, not of millions.

    ``searched`` names the keys in which the search looks. Every row holds a unique value under ``key``.
    """

    rows: Callable[[int], Awaitable[Sequence[Row]]]
    key: str = "id"
    searched: Sequence[str] = ()

    async def page(self, query: TableQuery) -> Page:
        """The rows after or before a cursor, or the first ones."""
        rows = await self._selected(query)
        places = {row[self.key]: place for place, row in enumerate(rows)}
        start = 0
        if query.after:
            start = places.get(query.after[0], -1) + 1
        elif query.before:
            start = max(0, places.get(query.before[0], 0) - query.size)
        shown = rows[start : start + query.size]
        more = start + query.size < len(rows)
        return Page(
            shown, [shown[-1][self.key]] if shown and more else None, [shown[0][self.key]] if shown and start else None
        )

    async def stream(self, query: TableQuery) -> AsyncIterator[list[Row]]:
        """All rows of the query, in one batch."""
        yield await self._selected(query)

    async def _selected(self, query: TableQuery) -> list[Row]:
        text = query.search.lower()
        rows = [
            row
            for row in await self.rows(query.account_id)
            if all(matches(row.get(name), value) for name, value in query.filters.items())
            and (not text or any(text in str(row.get(name, "")).lower() for name in self.searched))
        ]
        sort = query.sort or self.key
        filled = sorted(
            (row for row in rows if row[sort] is not None), key=lambda r: _order(r[sort]), reverse=query.descending
        )
        return filled + [row for row in rows if row[sort] is None]


def matches(value: Any, wanted: FilterValue) -> bool:
    """Whether a row's value passes a filter."""
    if isinstance(wanted, TimeRange):
        return (
            value is not None and (not wanted.start or value >= wanted.start) and (not wanted.end or value < wanted.end)
        )
    if isinstance(wanted, NumberRange):
        return (
            value is not None
            and (wanted.least is None or value >= wanted.least)
            and (wanted.most is None or value <= wanted.most)
        )
    if isinstance(wanted, list):
        return str(value) in wanted
    return wanted.lower() in str(value).lower()


def _order(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
