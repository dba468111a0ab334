"""What the table's templates need of a query and its page: chips, links of sort and paging, cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strowger.console.models import SavedView
from strowger.console.sql_source import Page, Row
from strowger.console.table_query import (
    PRESETS,
    SIZES,
    TODAY,
    Filter,
    FilterValue,
    NumberRange,
    TableQuery,
    TimeRange,
    describe_filter,
    encode,
    filter_params,
    pack_cursor,
)
from strowger.console.visitor import Visitor

if TYPE_CHECKING:
    from strowger.console.table import BulkAction, Column, RowAction, Table

Pairs = list[tuple[str, str]]
DEFAULT_SIZE = 50


@dataclass(frozen=True, slots=True)
class Chip:
    """One set filter: its words, and the address without it."""

    label: str
    text: str
    remove: str


def state_pairs(table: Table, query: TableQuery, visitor: Visitor, without: str = "") -> Pairs:
    """Search and filters as URL parameters."""
    pairs: Pairs = [("q", query.search)] if query.search and without != "q" else []
    for item in table.filters:
        if item.key in query.filters and item.key != without:
            pairs += filter_params(item, query.filters[item.key], visitor)
    return pairs


def look_pairs(table: Table, query: TableQuery, sort: str | None = None) -> Pairs:
    """Sort, columns and page size as URL parameters, where they differ from the table's own."""
    pairs: Pairs = []
    own = sort_text(query.sort, query.descending) if sort is None else sort
    if own and own != table.sort:
        pairs.append(("sort", own))
    if query.columns != tuple(column.key for column in table.columns if column.shown):
        pairs.append(("cols", ",".join(query.columns)))
    if query.size != DEFAULT_SIZE:
        pairs.append(("size", str(query.size)))
    return pairs


def canonical_pairs(table: Table, query: TableQuery, visitor: Visitor) -> Pairs:
    """The whole state without the place in the list."""
    return state_pairs(table, query, visitor) + look_pairs(table, query)


def sort_text(sort: str, descending: bool) -> str:
    """The sort as in the URL."""
    return f"{'-' if descending else ''}{sort}" if sort else ""


class TableView:
    """A table with its data, as templates see it."""

    def __init__(
        self, table: Table, query: TableQuery, page: Page, path: str, visitor: Visitor, views: Sequence[SavedView]
    ) -> None:
        self.table, self.query, self.page, self.path, self.visitor, self.views = (
            table,
            query,
            page,
            path,
            visitor,
            views,
        )
        self.id = f"table-{table.name}"
        self.rows = page.rows
        self.columns = [column for column in table.columns if column.key in query.columns]
        self.sizes = SIZES
        self.presets = [(TODAY, "Today"), *((key, label) for key, (label, _) in PRESETS.items())]
        self._base = canonical_pairs(table, query, visitor)

    @property
    def here(self) -> str:
        """The address of what is shown."""
        place: Pairs = [("after", pack_cursor(self.query.after))] if self.query.after else []
        place += [("before", pack_cursor(self.query.before))] if self.query.before else []
        return self.path + encode(self._base + place)

    @property
    def saved_query(self) -> str:
        """What a saved view of this state keeps."""
        return encode(self._base)

    @property
    def next_url(self) -> str | None:
        """The following page."""
        cursor = self.page.after
        return self.path + encode([*self._base, ("after", pack_cursor(cursor))]) if cursor else None

    @property
    def previous_url(self) -> str | None:
        """The page before."""
        cursor = self.page.before
        return self.path + encode([*self._base, ("before", pack_cursor(cursor))]) if cursor else None

    @property
    def filtered(self) -> bool:
        """Whether a search or a filter narrows the list."""
        return bool(self.query.search or self.query.filters)

    @property
    def clear_url(self) -> str:
        """The list without search and filters."""
        return self.path + encode(look_pairs(self.table, self.query))

    @property
    def hidden(self) -> Pairs:
        """What the toolbar's form must carry besides its own fields."""
        own = sort_text(self.query.sort, self.query.descending)
        return [("sort", own)] if own and own != self.table.sort else []

    def export_url(self, kind: str) -> str:
        """The address that downloads the filtered list."""
        return self.path + encode([*self._base, ("export", kind)])

    def sort_url(self, column: Column) -> str:
        """The address that sorts by a column: first descending for times and numbers, then the other way round."""
        start = column.kind in {"time", "number", "money"}
        descending = not self.query.descending if self.query.sort == column.key else start
        pairs = state_pairs(self.table, self.query, self.visitor)
        return self.path + encode(pairs + look_pairs(self.table, self.query, sort_text(column.key, descending)))

    def sorted_by(self, column: Column) -> str:
        """The aria-sort of a column's heading."""
        if self.query.sort != column.key:
            return "none"
        return "descending" if self.query.descending else "ascending"

    @property
    def chips(self) -> list[Chip]:
        """What narrows the list now."""
        look = look_pairs(self.table, self.query)

        def without(key: str) -> str:
            return self.path + encode(state_pairs(self.table, self.query, self.visitor, key) + look)

        found = [Chip("Search", self.query.search, without("q"))] if self.query.search else []
        return found + [
            Chip(item.label, describe_filter(item, self.query.filters[item.key], self.visitor), without(item.key))
            for item in self.table.filters
            if item.key in self.query.filters
        ]

    def chosen(self, item: Filter) -> list[str]:
        """The chosen options of a filter."""
        value = self.query.filters.get(item.key)
        if isinstance(value, TimeRange):
            return [value.preset]
        return value if isinstance(value, list) else [value] if isinstance(value, str) else []

    def bound(self, item: Filter, end: str) -> str:
        """The text of one end of a range filter: from, to, min or max."""
        value: FilterValue | None = self.query.filters.get(item.key)
        if isinstance(value, TimeRange | NumberRange):
            return dict(filter_params(item, value, self.visitor)).get(f"{item.key}_{end}", "")
        return ""

    def href_of(self, column: Column, row: Row) -> str | None:
        """Where a cell leads, if the visitor may go there."""
        return self._open(column.href(row) if column.href else None)

    def row_href(self, row: Row) -> str | None:
        """Where a row leads, if the visitor may go there."""
        return self._open(self.table.row_href(row) if self.table.row_href else None)

    def _open(self, path: str | None) -> str | None:
        return path if path and self.visitor.may_open(path) else None

    def actions_of(self, row: Row) -> list[RowAction]:
        """The entries of a row's menu."""
        fitting = [action for action in self.table.row_actions if action.when is None or action.when(row)]
        return [action for action in fitting if self.visitor.may_open(action.path(row), action.method)]

    @property
    def few_filters(self) -> list[Filter]:
        """The filters that the toolbar shows."""
        return [item for item in self.table.filters if not item.more]

    @property
    def more_filters(self) -> list[Filter]:
        """The filters behind "More filters"."""
        return [item for item in self.table.filters if item.more]

    @property
    def bulk(self) -> list[BulkAction]:
        """What the visitor may do with chosen rows."""
        return [action for action in self.table.bulk if self.visitor.may_open(action.path, "POST")]

    def tone(self, column: Column, value: Any) -> str:
        """The colour of a status badge."""
        return (column.tone or {}).get(value, "neutral")
