"""Migrations make exactly the tables that the models describe, and can be undone."""

import asyncio

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from strowger.foundation.database import Base, Database, orm_url
from strowger.foundation.partitions import create_partitions, drop_old_partitions
from strowger.foundation.schema import alembic_config, import_models

PARTITION_SUFFIX = ("_default",)


def _ours(object_, name: str | None, kind: str, _reflected: bool, _other) -> bool:  # type: ignore[no-untyped-def]
    table = name if kind == "table" else getattr(getattr(object_, "table", None), "name", "")
    return not str(table).endswith(PARTITION_SUFFIX) and str(table) != "alembic_version"


async def test_models_and_migrations_agree(database_url: str) -> None:
    import_models()
    engine = create_async_engine(orm_url(database_url))

    def compare(connection: Connection) -> list[object]:
        options = {"compare_type": True, "include_object": _ours}
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)

    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)
    await engine.dispose()
    assert differences == []


async def test_the_schema_can_be_taken_back_and_made_again(database_url: str) -> None:
    config = alembic_config(database_url)
    await asyncio.to_thread(command.downgrade, config, "base")
    await asyncio.to_thread(command.upgrade, config, "head")


async def test_partitions_are_made_ahead_and_dropped_past_retention(database: Database) -> None:
    from datetime import UTC, datetime, timedelta

    day = datetime(2026, 3, 1, 12, tzinfo=UTC)
    async with database.pool.acquire() as connection:
        made = await create_partitions(connection, day, days_ahead=2)  # type: ignore[arg-type]
        assert "message_20260301" in made
        assert "callback_attempt_20260303" in made
        assert await create_partitions(connection, day, days_ahead=2) == []  # type: ignore[arg-type]
        dropped = await drop_old_partitions(connection, day + timedelta(days=31), keep_days=30)  # type: ignore[arg-type]
        assert sorted(dropped) == ["callback_attempt_20260301", "message_20260301", "message_event_20260301"]
