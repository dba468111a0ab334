"""Fixtures of every tier: one embedded PostgreSQL for the run, a fresh database for each test that asks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
import pytest
from argon2 import PasswordHasher

from strowger.foundation.database import Database, driver_url
from strowger.foundation.embedded import EmbeddedPostgres
from strowger.foundation.schema import migrate
from strowger.platform.accounts import passwords

TIERS = ("unit", "database", "system", "browser", "compat", "chaos")
MEMORY, ROOM = Path("/dev/shm"), 2 << 30  # a file system in memory, and what must be free there to be used


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test names its tier: by marker, or by the folder it stands in."""
    for item in items:
        if not any(item.get_closest_marker(tier) for tier in TIERS):
            folder = item.path.relative_to(Path(__file__).parent).parts[0]
            if folder not in TIERS:
                raise pytest.UsageError(f"{item.nodeid} names no tier")
            item.add_marker(folder)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[PasswordHasher]:
    """Passwords are hashed at the least cost while tests run; gives the product's own hasher."""
    real, passwords._hasher = passwords._hasher, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield real
    passwords._hasher = real


def database_folder() -> Path:
    """A new folder for a test's PostgreSQL: in memory where there is room, for each database is a thousand small files.

    Its name holds the id of this process, so that the next run ends and removes what a killed one has left in memory.
    """
    for old in MEMORY.glob("strowger-pg-*-*"):
        if not psutil.pid_exists(int(old.name.split("-")[2])):
            left = EmbeddedPostgres(old / "pg", durable=False)
            with contextlib.suppress(OSError, psutil.Error):
                server = psutil.Process(left.pid() or 0)  # its number may be another's by now
                if "postgres" in server.name() and Path(server.cwd()).is_relative_to(old):
                    left.stop()
            shutil.rmtree(old, ignore_errors=True)
    roomy = MEMORY.is_dir() and min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > ROOM
    return Path(tempfile.mkdtemp(prefix=f"strowger-pg-{os.getpid()}-", dir=MEMORY if roomy else None))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server's maintenance database; STROWGER_TEST_DATABASE_URL names an outside one."""
    outside = os.environ.get("STROWGER_TEST_DATABASE_URL")
    if outside:
        yield outside
        return
    folder = database_folder()
    server = EmbeddedPostgres(folder / "pg", durable=False)
    try:
        yield server.start()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def url_of(postgres: str, name: str) -> str:
    head, _, query = postgres.partition("?")
    return head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")


async def _admin(postgres: str, *statements: str) -> None:
    connection = await asyncpg.connect(driver_url(postgres))
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest.fixture(scope="session")
def template(postgres: str) -> Iterator[str]:
    """The name of a migrated database from which tests are cloned."""
    name = f"template_{uuid4().hex[:8]}"
    asyncio.run(_admin(postgres, f"CREATE DATABASE {name}"))
    asyncio.run(migrate(url_of(postgres, name)))
    yield name
    asyncio.run(_admin(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture
def database_url(postgres: str, template: str) -> Iterator[str]:
    """The URL of a fresh, migrated database of this test's own."""
    name = f"test_{uuid4().hex[:12]}"
    asyncio_run(_admin(postgres, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
    yield url_of(postgres, name)
    asyncio_run(_admin(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def asyncio_run(coroutine) -> None:  # type: ignore[no-untyped-def]
    """Run a coroutine from a fixture, whether or not a loop runs in this thread."""
    import threading

    problem: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(coroutine)
        except BaseException as error:
            problem.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if problem:
        raise problem[0]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open Database on a fresh schema."""
    database = Database(database_url, pool_size=5)
    await database.open()
    try:
        yield database
    finally:
        with contextlib.suppress(Exception):
            await database.close()
