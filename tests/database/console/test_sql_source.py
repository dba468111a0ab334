"""Keyset paging over real rows: nothing twice, nothing left out, nothing of another account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from litestar.exceptions import ClientException
from sqlalchemy import BigInteger, DateTime, Numeric, Text, column, select, table

from strowger.console.sql_source import SqlSource, contains, equals
from strowger.console.table_query import NumberRange, TableQuery, TimeRange, pack_cursor, unpack_cursor
from strowger.foundation.database import Database

THING = table(
    "thing", column("account_id", BigInteger), column("id", BigInteger), column("name", Text), column("price", Numeric),
    column("at", DateTime(timezone=True)),
)  # fmt: skip
START = datetime(2026, 1, 1, tzinfo=UTC)
COUNT = 103


@pytest.fixture
async def source(database: Database) -> SqlSource:
    await database.pool.execute(
        "CREATE TABLE thing (account_id bigint, id bigint, name text, price numeric, at timestamptz)"
    )
    rows = [
        (account, i, f"Name {i % 10}%", None if i % 4 == 0 else Decimal(i % 7), START + timedelta(minutes=i))
        for account in (1, 2)
        for i in range(COUNT)
    ]
    await database.pool.copy_records_to_table("thing", records=rows)
    return SqlSource(
        database, select(*[THING.c[name] for name in ("id", "name", "price", "at")]), THING.c.account_id, ("id",),
        search=lambda text: contains(THING.c.name, text) if text != "nothing" else None,
        filters={"exact": equals(THING.c.name)}, nullable=frozenset({"price"}),
    )  # fmt: skip


async def walk(source: SqlSource, query: TableQuery) -> tuple[list[int], list[int]]:
    """All ids by Next from the start, and by Previous from the end; cursors travel as text."""
    forward: list[int] = []
    page = await source.page(query)
    assert page.before is None
    while True:
        forward += [row["id"] for row in page.rows]
        if page.after is None:
            break
        page = await source.page(replace(query, after=unpack_cursor(pack_cursor(page.after))))
    backward = [row["id"] for row in page.rows]
    while page.before is not None:
        page = await source.page(replace(query, before=unpack_cursor(pack_cursor(page.before))))
        backward = [row["id"] for row in page.rows] + backward
    return forward, backward


@pytest.mark.parametrize("sort", ["", "name", "price", "at"])
@pytest.mark.parametrize("descending", [True, False])
async def test_every_row_once_in_both_directions(source: SqlSource, sort: str, descending: bool) -> None:
    query = TableQuery(1, sort=sort, descending=descending, size=10)
    forward, backward = await walk(source, query)
    assert sorted(forward) == list(range(COUNT))
    assert backward == forward
    streamed = [row["id"] async for batch in source.stream(query) for row in batch]
    assert streamed == forward


async def test_no_value_stands_last(source: SqlSource) -> None:
    rows = [row async for batch in source.stream(TableQuery(1, sort="price")) for row in batch]
    prices = [row["price"] for row in rows]
    filled = [price for price in prices if price is not None]
    assert prices == sorted(filled, reverse=True) + [None] * (COUNT - len(filled))


async def test_other_account_sees_its_own_only(source: SqlSource, database: Database) -> None:
    await database.pool.execute("DELETE FROM thing WHERE account_id = 2 AND id > 4")
    page = await source.page(TableQuery(2))
    assert [row["id"] for row in page.rows] == [4, 3, 2, 1, 0]
    assert (await source.page(TableQuery(3))).rows == []


async def test_filters_narrow(source: SqlSource) -> None:
    async def ids(**values: object) -> list[int]:
        query = TableQuery(1, filters=values, descending=False, size=200)  # type: ignore[arg-type]
        return [row["id"] for row in (await source.page(query)).rows]

    assert await ids(name="NAME 3%") == list(range(3, COUNT, 10))
    assert await ids(exact=["Name 3%", "Name 4%"]) == sorted([*range(3, COUNT, 10), *range(4, COUNT, 10)])
    assert await ids(at=TimeRange(START + timedelta(minutes=5), START + timedelta(minutes=8))) == [5, 6, 7]
    assert all(i % 7 in (2, 3) and i % 4 for i in await ids(price=NumberRange(Decimal(2), Decimal(3))))
    assert await ids(name="100_") == []


async def test_search_takes_wildcards_literally(source: SqlSource) -> None:
    assert len((await source.page(TableQuery(1, search="3%", size=200))).rows) == len(range(3, COUNT, 10))
    assert (await source.page(TableQuery(1, search="_ame 3%"))).rows == []
    assert (await source.page(TableQuery(1, search="nothing"))).rows == []


async def test_cursor_that_no_column_holds_is_a_mistake_of_the_caller(source: SqlSource) -> None:
    for cursor in (["text"], [2**80]):
        with pytest.raises(ClientException):
            await source.page(TableQuery(1, after=cursor))


async def test_columns_without_a_type_page_as_well(source: SqlSource) -> None:
    bare = table("thing", column("account_id"), column("id"), column("at"))
    plain = replace(source, select=select(bare.c.id, bare.c.at), tenant=bare.c.account_id, search=None, filters={})
    forward, backward = await walk(plain, TableQuery(1, sort="at", size=10))
    assert forward == backward == list(range(COUNT))[::-1]


async def test_cursor_of_another_shape_is_ignored(source: SqlSource) -> None:
    assert (await source.page(TableQuery(1, after=[1, 2, 3]))).rows
