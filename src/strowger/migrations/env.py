"""Alembic's environment: the URL comes from the caller, the metadata from every module's models."""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from strowger.foundation.database import Base, orm_url
from strowger.foundation.schema import import_models
from strowger.foundation.tenancy import secure

import_models()


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.execute("SET LOCAL lock_timeout = '5s'")
        context.execute("SELECT pg_advisory_xact_lock(727865)")
        context.run_migrations()
        if context.get_context().get_current_revision() == context.script.get_current_head():
            secure(connection)  # the policies are written for the tables of this version


async def _run() -> None:
    engine = create_async_engine(orm_url(context.config.get_main_option("sqlalchemy.url") or ""), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
        await connection.commit()
    await engine.dispose()


asyncio.run(_run())
