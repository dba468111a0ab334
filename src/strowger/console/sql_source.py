"""A table's rows from a SQLAlchemy Core select: scope, search, filters, sort and keyset paging."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy import ColumnElement, Select, String, and_, cast, func, literal, or_, true, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from strowger.console.table_query import FilterValue, NumberRange, TableQuery, TimeRange
from strowger.foundation.database import Database

Row = dict[str, Any]
Column = ColumnElement[Any]
BATCH = 2000


@dataclass(slots=True)
class Page:
    """Rows in the order to show, and the cursors of the neighbouring pages (None: there is none)."""

    rows: list[Row]
    after: list[Any] | None = None
    before: list[Any] | None = None


def contains(column: Column, text: str) -> Column:
    """Whether a column contains a text, without regard to case; the text is taken literally."""
    return func.lower(cast(column, String)).contains(text.lower(), autoescape=True)


@dataclass(slots=True)
class SqlSource:
    """Rows of ``select``, always narrowed to one account by the ``tenant`` column.

    ``key`` names selected columns that together are unique: the default order and the tie-break of every other order.
    ``columns`` maps the names that filters and sorts use to expressions; names of selected columns need no entry.
    ``search`` makes a condition from the search text, or None to match nothing; ``filters`` overrides the condition of
    single filters. ``adapt`` turns a database row into the row the table shows.
    """

    database: Database
    select: Select[Any]
    tenant: Column
    key: Sequence[str]
    columns: Mapping[str, Column] = field(default_factory=dict)
    search: Callable[[str], Column | None] | None = None
    filters: Mapping[str, Callable[[Any], Column]] = field(default_factory=dict)
    nullable: frozenset[str] = frozenset()
    adapt: Callable[[Row], Row] | None = None

    async def page(self, query: TableQuery) -> Page:
        """The rows after or before a cursor, or the first ones."""
        backwards = query.before is not None
        statement = self._statement(query, query.before if backwards else query.after, backwards)
        found = await self._fetch(statement.limit(query.size + 1))
        more, rows = len(found) > query.size, found[: query.size]
        if backwards:
            rows.reverse()
        first = self._cursor(query, rows[0]) if rows else None
        last = self._cursor(query, rows[-1]) if rows else None
        has_next, has_previous = (True, more) if backwards else (more, query.after is not None)
        return Page(self._adapted(rows), last if has_next else None, first if has_previous else None)

    async def stream(self, query: TableQuery) -> AsyncIterator[list[Row]]:
        """All rows of the query in batches, each read by its own short statement."""
        cursor: list[Any] | None = None
        while True:
            statement = self._statement(query, cursor, backwards=False).limit(BATCH)
            rows = await self._fetch(statement)
            if rows:
                cursor = self._cursor(query, rows[-1])
                yield self._adapted(rows)
            if len(rows) < BATCH:
                return

    def matching(self, query: TableQuery) -> Column:
        """The condition of a query's search and filters, within its account: for changes of all that a list shows."""
        return and_(self.tenant == query.account_id, *self._conditions(query))

    async def _fetch(self, statement: Select[Any]) -> list[Row]:
        """Rows of a statement. Raises ClientException for a cursor or filter that no column can hold."""
        try:
            async with self.database.session() as session:
                return [dict(row) for row in (await session.execute(statement)).mappings()]
        except DBAPIError as problem:
            if problem.orig is not None and isinstance(problem.orig.__cause__, asyncpg.DataError):
                from litestar.exceptions import ClientException  # only where there is a web server to say it

                raise ClientException("This place in the list, or a filter, cannot be read.") from problem
            raise

    def _adapted(self, rows: list[Row]) -> list[Row]:
        return [self.adapt(row) for row in rows] if self.adapt else rows

    def _expression(self, name: str) -> Column:
        if name in self.columns:
            return self.columns[name]
        return self.select.exported_columns[name]

    def _order(self, query: TableQuery) -> list[str]:
        keys = list(self.key)
        return keys if not query.sort or query.sort in keys[:1] else [query.sort, *(k for k in keys if k != query.sort)]

    def _cursor(self, query: TableQuery, row: Row) -> list[Any]:
        return [row[name] for name in self._order(query)]

    def _statement(self, query: TableQuery, cursor: list[Any] | None, backwards: bool) -> Select[Any]:
        order = self._order(query)
        down = query.descending != backwards
        conditions = [self.tenant == query.account_id, *self._conditions(query)]
        if cursor is not None and len(cursor) == len(order):
            conditions.append(self._beyond(order, cursor, down, backwards))
        columns = [self._expression(name) for name in order]
        terms = [column.desc() if down else column.asc() for column in columns]
        if order[0] in self.nullable:
            terms[0] = terms[0].nulls_first() if backwards else terms[0].nulls_last()
        return self.select.where(and_(*conditions)).order_by(*terms)

    def _beyond(self, order: list[str], cursor: list[Any], down: bool, backwards: bool) -> Column:
        columns = [self._expression(name) for name in order]
        if order[0] not in self.nullable:
            left, right = tuple_(*columns), tuple_(*_typed(columns, cursor))
            return left < right if down else left > right
        head, value = columns[0], cursor[0]
        left, right = tuple_(*columns[1:]), tuple_(*_typed(columns[1:], cursor[1:]))
        rest = left < right if down else left > right
        if value is None:
            same = and_(head.is_(None), rest)
            return or_(head.is_not(None), same) if backwards else same
        further = head < value if down else head > value
        found = or_(further, and_(head == value, rest))
        return found if backwards else or_(found, head.is_(None))

    def _conditions(self, query: TableQuery) -> list[Column]:
        found = [self._condition(name, value) for name, value in query.filters.items()]
        if query.search and self.search is not None:
            condition = self.search(query.search)
            found.append(~true() if condition is None else condition)
        return found

    def _condition(self, name: str, value: FilterValue) -> Column:
        if name in self.filters:
            return self.filters[name](value)
        column = self._expression(name)
        if isinstance(value, TimeRange):
            return _between(column, value.start, value.end, closed=False)
        if isinstance(value, NumberRange):
            return _between(column, value.least, value.most, closed=True)
        return column.in_(value) if isinstance(value, list) else contains(column, value)


def equals(column: Column) -> Callable[[Any], Column]:
    """A filter condition: exactly the chosen value, or one of them."""
    return lambda value: column.in_(value) if isinstance(value, list) else column == value


def _typed(columns: Sequence[Column], values: Sequence[Any]) -> list[Column]:
    pairs = zip(columns, values, strict=True)
    return [literal(value) if isinstance(c.type, NullType) else cast(value, c.type) for c, value in pairs]


def _between(column: Column, least: Any, most: Any, closed: bool) -> Column:
    ends: list[Column] = [] if least is None else [column >= least]
    if most is not None:
        ends.append(column <= most if closed else column < most)
    return and_(true(), *ends)
