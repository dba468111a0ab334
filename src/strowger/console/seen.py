"""Lists as a visitor may see them: a source whose rows are changed before anything shows or exports them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from strowger.console.sql_source import Page, Row
from strowger.console.table import Source
from strowger.console.table_query import TableQuery


@dataclass(frozen=True, slots=True)
class SeenSource:
    """The rows of ``source``, each as ``seen`` gives it."""

    source: Source
    seen: Callable[[Row], Row]

    async def page(self, query: TableQuery) -> Page:
        """One page of rows."""
        page = await self.source.page(query)
        return replace(page, rows=[self.seen(row) for row in page.rows])

    async def stream(self, query: TableQuery) -> AsyncIterator[list[Row]]:
        """All rows in batches, for exports."""
        async for batch in self.source.stream(query):
            yield [self.seen(row) for row in batch]
