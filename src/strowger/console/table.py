"""The declarative table: every list of the console gets its search, filters, sort, views, paging and export from here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import parse_qs

from strowger.console import repository
from strowger.console.export import FORMATS, Field, export
from strowger.console.layout import Action, Crumb
from strowger.console.list_source import ListSource
from strowger.console.sql_source import Page, Row, SqlSource, contains, equals
from strowger.console.table_query import (
    SIZES,
    Filter,
    NumberRange,
    Params,
    TableQuery,
    TimeRange,
    read_filter,
    unpack_cursor,
)
from strowger.console.table_view import TableView
from strowger.console.visitor import Visitor
from strowger.foundation.money import GROUPING

if TYPE_CHECKING:
    from litestar.response import Response

    from strowger.console.respond import AnyRequest

__all__ = [
    "BulkAction",
    "Column",
    "Empty",
    "Filter",
    "ListSource",
    "NumberRange",
    "Page",
    "Row",
    "RowAction",
    "Source",
    "SqlSource",
    "Table",
    "TableQuery",
    "TimeRange",
    "contains",
    "equals",
]

ColumnKind = Literal["text", "number", "money", "time", "status", "link", "mono", "chips"]
DEFAULT_SIZE, MAX_STATE = 50, 8_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``value`` reads the cell from the row (default: the row's ``key``), ``href`` gives it a link.

    Kinds: text, number, money (Decimal, with the account's currency), time (aware datetime), status (badge; ``tone``
    maps the value to success, info, warning, danger or neutral), link, mono (ids, codes), chips (a list of (text, tone)).
    ``shown`` False hides the column until it is chosen. ``sort`` says that the source can order by it; ``label_of`` turns a
    value into its words.
    ``image`` puts a person's picture (its address; empty: the initial) before the text.
    """

    key: str
    label: str
    kind: ColumnKind = "text"
    sort: bool = False
    shown: bool = True
    value: Callable[[Row], Any] | None = None
    href: Callable[[Row], str | None] | None = None
    tone: Mapping[Any, str] | None = None
    label_of: Callable[[Any], str] | None = None
    image: Callable[[Row], str] | None = None

    def read(self, row: Row) -> Any:
        """The cell's value."""
        return self.value(row) if self.value else row.get(self.key)

    def words(self, row: Row) -> Any:
        """The cell's value as it is exported: codes in words, amounts in one piece."""
        value = self.read(row)
        if self.kind == "chips":
            return ", ".join(text for text, _ in value)
        value = self.label_of(value) if self.label_of and value is not None else value
        return value.replace(GROUPING, "") if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list says: its purpose, one button and one line of curl that begins it."""

    title: str
    text: str
    action: Action | None = None
    curl: str = ""


@dataclass(frozen=True, slots=True)
class RowAction:
    """An entry of a row's menu: a link, or with ``method`` POST a form that may ask ``confirm`` first."""

    label: str
    path: Callable[[Row], str]
    icon: str = ""
    method: Literal["GET", "POST"] = "GET"
    confirm: Callable[[Row], str] | None = None
    danger: bool = False
    when: Callable[[Row], bool] | None = None


@dataclass(frozen=True, slots=True)
class BulkAction:
    """What can be done with chosen rows: a POST to ``path`` with their keys as ``id``.

    With ``all`` set it concerns every row that matches ``query``, the list's state as in the URL (``Table.chosen``).
    """

    label: str
    path: str
    icon: str = ""
    danger: bool = False


class Source(Protocol):
    """Where a table's rows come from; it must keep to ``query.account_id``."""

    async def page(self, query: TableQuery) -> Page:
        """One page of rows."""

    def stream(self, query: TableQuery) -> AsyncIterator[list[Row]]:
        """All rows in batches, for exports."""


@dataclass(frozen=True, slots=True)
class Table:
    """A list of the console. ``name`` is unique and names saved views and files; ``sort`` is a column's key, "-" first
    for descending, or empty for the source's own key, newest first. ``row_href`` opens a row as a whole.
    ``bulk`` lets rows be chosen, by ``bulk_key``.
    """

    name: str
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    search: str = ""
    sort: str = ""
    empty: Empty = Empty("Nothing here yet", "")
    row_href: Callable[[Row], str | None] | None = None
    row_actions: Sequence[RowAction] = ()
    live_topic: str = ""
    bulk: Sequence[BulkAction] = ()
    bulk_key: str = "id"

    def query(self, request: AnyRequest, visitor: Visitor, now: datetime) -> TableQuery:
        """The table's state from a URL; what cannot be read is left out."""
        params = {name: request.query_params.getall(name) for name in request.query_params}
        return self.query_of(params, visitor, now)

    def chosen(self, text: str, visitor: Visitor, now: datetime) -> TableQuery:
        """The state that a query string (with or without "?") describes: a saved one, or that of a bulk action."""
        return self.query_of(parse_qs(text.removeprefix("?")[:MAX_STATE], max_num_fields=200), visitor, now)

    def query_of(self, params: Params, visitor: Visitor, now: datetime) -> TableQuery:
        """The table's state from parameters; what cannot be read is left out."""

        def first(name: str) -> str:
            return next(iter(params.get(name, ())), "").strip()

        sort, descending = self._sort(first("sort") or self.sort)
        chosen = {name for value in params.get("cols", ()) for name in value.split(",")}
        columns = tuple(c.key for c in self.columns if (c.key in chosen if chosen else c.shown))
        size = int(first("size")) if first("size").isdecimal() and int(first("size")) in SIZES else DEFAULT_SIZE
        values = {item.key: read_filter(item, params, visitor, now) for item in self.filters}
        return TableQuery(
            visitor.account_id,
            first("q")[:200].replace("\0", ""),
            {k: v for k, v in values.items() if v is not None},
            sort,
            descending,
            unpack_cursor(first("after")),
            unpack_cursor(first("before")),
            size,
            columns or tuple(c.key for c in self.columns if c.shown),
        )

    def _sort(self, text: str) -> tuple[str, bool]:
        name = text.removeprefix("-")
        if any(column.key == name and column.sort for column in self.columns):
            return name, text.startswith("-")
        return ("", True) if text in {self.sort, "-"} or not self.sort else self._sort(self.sort)

    def fields(self, query: TableQuery) -> list[Field]:
        """Label and reader of each chosen column, for an export."""
        return [(column.label, column.words) for column in self.columns if column.key in query.columns]

    async def respond(
        self,
        request: AnyRequest,
        visitor: Visitor,
        source: Source,
        *,
        title: str,
        template: str = "console/list.html",
        actions: Sequence[Action] = (),
        crumbs: list[Crumb] | None = None,
        **variables: Any,
    ) -> Response[Any]:
        """The answer to a GET of the list's page: the page, the part that htmx asks for, or an export (?export=csv|xlsx).

        A template of one's own extends "console/list.html" or puts ``{{ table_block(table) }}`` where the list belongs.
        """
        from strowger.console.respond import context_of, is_partial, render  # a worker knows lists, but no web server

        context = context_of(request)
        now = context.clock.now()
        query = self.query(request, visitor, now)
        kind = request.query_params.get("export", "")
        if kind in FORMATS:
            return export(kind, f"{self.name}-{now:%Y%m%d-%H%M}", self.fields(query), source.stream(query), visitor)
        page = await source.page(query)
        part = is_partial(request)
        views = (
            ()
            if part
            else await repository.list_views(context.database, visitor.account_id, visitor.user_id, self.name)
        )
        view = TableView(self, query, page, request.url.path, visitor, views)
        headers = {"Vary": "HX-Request"}
        if part:
            headers["HX-Push-Url"] = view.here
        name = "console/table_part.html" if part else template
        return await render(
            request, name, title=title, actions=actions, crumbs=crumbs, headers=headers, table=view, **variables
        )
