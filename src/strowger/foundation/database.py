"""PostgreSQL: the pool for the hot path and the session factory of the ORM for everything else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from strowger.foundation.errors import Unavailable
from strowger.foundation.tenancy import ACCOUNTS, ROLE, SETTING, accounts_text

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
# The request on whose behalf this task writes: triggers note what it changes (migration 0016). Empty: nobody asks.
ACTING: ContextVar[str] = ContextVar("acting", default="")
MARK = "SELECT set_config('strowger.request', $1, true)"
ORM_MARK = text("SELECT set_config('strowger.request', :request, true)")
ORM_TENANT = text(
    f"SELECT set_config('role', '{ROLE}', true), set_config('{SETTING}', :accounts, true),"
    " set_config('strowger.request', :request, true)"
)
# What tells that the database is away or refuses to write, not that a statement is wrong.
OUTAGES = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection cut in the middle of a statement may leave the driver's own state confused
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DiskFullError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
)
CLASHES = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # not an escaped backslash before the letters u0000
T = TypeVar("T")
Connection: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any]"
Queryable: TypeAlias = "Connection | asyncpg.Pool[Any]"  # for queries that need no transaction


async def change_row(
    connection: Connection, table: str, changeable: Collection[str], account_id: int, row_id: object, values: Mapping[str, Any]
) -> None:  # fmt: skip
    """Set columns of an account's row. Raises ValueError for a column that may not be changed this way."""
    if unknown := values.keys() - changeable:
        raise ValueError(f"not to be changed: {sorted(unknown)}")
    sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, 3))
    query = f"UPDATE {table} SET {sets} WHERE account_id = $1 AND id = $2"  # noqa: S608 - names of our own
    await connection.execute(query, account_id, row_id, *values.values())


class _Connection(asyncpg.Connection):
    """Nothing on the pool leaves state behind (LISTEN and advisory locks have connections of their own), so giving a
    connection back costs no round trip."""

    def get_reset_query(self) -> str:
        """No statement."""
        return ""


# Statements of a message's path reach rows by key, a few hundred at a time. A plan that was made while a day's partition was
# still empty would scan all of it later: connections keep their plans, and the server knows no better until it has looked.
BY_KEY = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "enable_material": "off"}
COPIED_AT_ONCE = 10_000
# Without the length of a type: character(2) would be cut to one character as an array's element.
COLUMN_TYPES = """
SELECT attname, format_type(atttypid, -1) FROM pg_attribute
WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped
"""


class _TenantConnection(_Connection):
    """A connection that took the tenants' role when it was made; ``accounts`` is what its setting says now."""

    accounts = ""

    async def copy_records_to_table(self, table_name: str, *, records: Any, columns: Any = None, **options: Any) -> str:
        """COPY is not possible under row security: the same rows by INSERT, thousands at a time, all or none."""
        rows = list(records)
        if options.get("where") or options.get("schema_name") or not columns:
            raise NotImplementedError("name the columns, and neither schema nor condition")
        types: dict[str, str] = {row[0]: row[1] for row in await self.fetch(COLUMN_TYPES, table_name)}
        names = ", ".join(f'"{column}"' for column in columns)
        if any(types[column].endswith("[]") for column in columns):  # unnest would take these apart
            places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
            statement = f'INSERT INTO "{table_name}" ({names}) VALUES ({places})'  # noqa: S608
            await self.executemany(statement, rows, timeout=options.get("timeout"))
            return f"COPY {len(rows)}"
        arrays = ", ".join(f"${n}::{types[column]}[]" for n, column in enumerate(columns, 1))
        statement = f'INSERT INTO "{table_name}" ({names}) SELECT * FROM unnest({arrays})'  # noqa: S608
        async with self.transaction():
            for start in range(0, len(rows), COPIED_AT_ONCE):
                part = rows[start : start + COPIED_AT_ONCE]
                await self.execute(statement, *map(list, zip(*part, strict=True)), timeout=options.get("timeout"))
        return f"COPY {len(rows)}"


async def _enter(connection: Any) -> None:
    """Before a connection of the tenants' pool is used: the accounts it serves. Costs a round trip when they change."""
    wanted = accounts_text(ACCOUNTS.get() or ())
    inner: _TenantConnection = connection._con  # the pool hands out proxies
    if inner.accounts != wanted:
        await inner.execute(f"SET {SETTING} = '{wanted}'")
        inner.accounts = wanted


class Base(DeclarativeBase):
    """The base of every table; one metadata for the whole product."""

    metadata = MetaData(naming_convention=NAMING)


def driver_url(url: str) -> str:
    """The URL in the form asyncpg reads (``postgresql://``)."""
    return "postgresql://" + url.split("://", 1)[1]


def orm_url(url: str) -> str:
    """The URL in the form SQLAlchemy reads."""
    return "postgresql+asyncpg://" + url.split("://", 1)[1]


async def _prepare_connection(connection: asyncpg.Connection[Any]) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=lambda v: msgspec.json.encode(v).decode(), decoder=msgspec.json.decode
        )


class Database:
    """One process's way to the database: ``pool`` (asyncpg, hot path), ``session()`` (ORM).

    Row-returning hot queries live in repositories and take a connection; ORM queries take a session.
    """

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.url = url
        self.outages = 0  # how often work ended in doubt: its commit may have been the last thing done
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[Any] | None = None
        self._by_key: asyncpg.Pool[Any] | None = None
        self._tenants: asyncpg.Pool[Any] | None = None
        self.engine: AsyncEngine = create_async_engine(orm_url(url), pool_size=pool_size, pool_pre_ping=True)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @property
    def pool(self) -> asyncpg.Pool[Any]:
        """The asyncpg pool: that of the tenants while this task acts for accounts. open() must have been awaited."""
        return self._choose(by_key=False)

    def _choose(self, by_key: bool) -> asyncpg.Pool[Any]:
        own = self._by_key if by_key else self._pool
        chosen = own if ACCOUNTS.get() is None else self._tenants
        assert chosen is not None, "Database.open() was not awaited"
        return chosen

    async def open(self) -> None:
        """Open the pools. Raises OSError when the server cannot be reached."""
        self._pool = await self._make_pool(1, _Connection)
        self._by_key = await self._make_pool(1, _Connection, **BY_KEY)
        self._tenants = await self._make_pool(0, _TenantConnection, setup=_enter, role=ROLE)

    async def _make_pool(
        self, least: int, kind: type[_Connection], setup: Any = None, **settings: str
    ) -> asyncpg.Pool[Any]:
        return await asyncpg.create_pool(
            driver_url(self.url),
            min_size=least,
            max_size=self._pool_size,
            init=_prepare_connection,
            setup=setup,
            command_timeout=30,
            connection_class=kind,
            server_settings={"application_name": "strowger", "jit": "off", **settings},
        )

    async def close(self) -> None:
        """Close pools and engine."""
        pools = [pool for pool in (self._tenants, self._by_key, self._pool) if pool is not None]
        ends = await asyncio.gather(*(asyncio.wait_for(pool.close(), 10) for pool in pools), return_exceptions=True)
        await self.engine.dispose()
        for end in ends:
            if end is not None:
                raise end

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A unit of work: commits when the block ends, rolls back when it raises."""
        async with self._sessions() as session, session.begin():
            acting, accounts = ACTING.get(), ACCOUNTS.get()
            if accounts is not None:
                await session.execute(ORM_TENANT, {"request": acting, "accounts": accounts_text(accounts)})
            elif acting:
                await session.execute(ORM_MARK, {"request": acting})
            yield session

    async def connect(self) -> asyncpg.Connection[Any]:
        """A connection of its own, outside the pool: for LISTEN and for advisory locks."""
        connection: asyncpg.Connection[Any] = await asyncpg.connect(driver_url(self.url), timeout=10)
        await _prepare_connection(connection)
        return connection

    @asynccontextmanager
    async def acquire(self, seconds: float = 5.0, by_key: bool = False) -> AsyncIterator[asyncpg.Connection[Any]]:
        """A connection of the pool. It is cut, not waited for, when the block ends by an outage, a time-out or a cancel.

        ``by_key``: for the path of a message, whose statements are planned as look-ups by key, unless a task acts for accounts.
        Raises TimeoutError when none is free within ``seconds``.
        """
        pool = self._choose(by_key)
        connection = await pool.acquire(timeout=seconds)
        try:
            yield connection  # type: ignore[misc]
        except (*OUTAGES, asyncio.CancelledError):
            connection.terminate()
            raise
        finally:
            await pool.release(connection)

    async def run(
        self, work: Callable[[asyncpg.Connection[Any]], Awaitable[T]], tries: int = 3, by_key: bool = False
    ) -> T:
        """Run ``work`` in one transaction; repeat it when it lost against a parallel one. ``by_key`` as in ``acquire``.

        Raises Unavailable when the database cannot be reached or cannot write.
        """
        for left in range(tries - 1, -1, -1):
            try:
                async with self.acquire(10, by_key) as connection:
                    return await _in_transaction(connection, work)
            except CLASHES:
                if not left:
                    raise
            except OUTAGES as problem:
                self.outages += 1
                raise Unavailable from problem
        raise AssertionError("unreachable")


async def _in_transaction(
    connection: asyncpg.Connection[Any], work: Callable[[asyncpg.Connection[Any]], Awaitable[T]]
) -> T:
    """As ``connection.transaction()``, but a server that does not answer is not asked to roll back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        if acting := ACTING.get():
            await connection.execute(MARK, acting)
        result = await work(connection)
    except (*OUTAGES, asyncio.CancelledError):
        raise
    except BaseException:
        await transaction.rollback()
        raise
    await transaction.commit()
    return result


def json_text(value: object, strict: bool = False) -> str:
    """Rows as one JSON parameter, for ``json_to_recordset``: far cheaper for the driver than an array for each column.

    NUL, which PostgreSQL's texts cannot hold, is left out; when ``strict``, the statement fails on it.
    """
    text = msgspec.json.encode(value).decode()
    return text if strict or "\\u0000" not in text else _ESCAPED_NUL.sub(r"\1", text)


def columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Turn rows into the columns that ``unnest`` takes; ``width`` empty ones when there are no rows."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
