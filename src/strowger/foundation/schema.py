"""Bringing a database to the schema of this version."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from strowger.foundation.database import Connection

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def import_models() -> None:
    """Import every ``models`` module, so that the metadata knows all tables."""
    root = Path(__file__).parent.parent
    for module in pkgutil.walk_packages([str(root)], "strowger."):
        if module.name.endswith(".models"):
            importlib.import_module(module.name)


def alembic_config(url: str) -> Config:
    """Alembic's configuration for a database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def head_revision() -> str:
    """The revision that this version of the product needs."""
    return ScriptDirectory.from_config(alembic_config("")).get_current_head() or ""


def known_revisions() -> set[str]:
    """Every revision from which this version can go on."""
    return {script.revision for script in ScriptDirectory.from_config(alembic_config("")).walk_revisions()}


async def migrate(url: str) -> None:
    """Run the missing migrations; parallel callers wait for one another."""
    await asyncio.to_thread(command.upgrade, alembic_config(url), "head")


async def current_revision(connection: Connection) -> str:
    """The revision at which a database stands."""
    return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
