"""Lists as a visitor may see them: a source whose rows are changed before anything shows or exports them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, replace

from strowger.console.sql_source import Page, Row
from strowger.console.table import Source
from strowger.console.table_query import TableQuery
from strowger.foundation.phone import is_part_of_number


@dataclass(frozen=True, slots=True)
class SeenSource:
    """The rows of ``source``, each as ``seen`` gives it; the columns ``hidden`` hold what is not to be read.

    Nothing is sorted by them, for links to the next page tell the value at which it begins, and part of a number finds nothing,
    else its digits could be guessed one by one.
    """

    source: Source
    seen: Callable[[Row], Row]
    hidden: Collection[str]

    async def page(self, query: TableQuery) -> Page:
        """One page of rows."""
        if self._guesses(query):
            return Page([])
        page = await self.source.page(self._unsorted(query))
        return replace(page, rows=[self.seen(row) for row in page.rows])

    async def stream(self, query: TableQuery) -> AsyncIterator[list[Row]]:
        """All rows in batches, for exports."""
        if self._guesses(query):
            return
        async for batch in self.source.stream(self._unsorted(query)):
            yield [self.seen(row) for row in batch]

    def _unsorted(self, query: TableQuery) -> TableQuery:
        if query.sort not in self.hidden:
            return query
        return replace(query, sort="", descending=True, after=None, before=None)

    def _guesses(self, query: TableQuery) -> bool:
        asked = [query.search, *(query.filters[name] for name in self.hidden if name in query.filters)]
        return any(isinstance(text, str) and is_part_of_number(text) for text in asked)
