"""Commands that run processes: up, serve, migrate."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import click

from strowger.cli.output import emit, json_option
from strowger.foundation.logs import configure
from strowger.foundation.settings import Settings, read_settings


def resolved_settings() -> Settings:
    """Settings with the database URL of a running ``strowger up`` filled in."""
    settings = read_settings()
    if settings.database_url:
        return settings
    try:
        url = (settings.data_dir / "database.url").read_text().strip()
    except OSError as problem:
        raise click.ClickException(
            f"No database: set STROWGER_DATABASE_URL, or start `strowger up` with the data directory {settings.data_dir}"
        ) from problem
    return replace(settings, database_url=url)


@click.command()
def up() -> None:
    """Run everything: database, web, worker and, when they are on, the simulators."""
    from strowger.cli.supervisor import Supervisor

    settings = read_settings()
    # The terminal is for the one line that says that everything is ready, and for what goes wrong.
    configure(settings.log_level, settings.log_format, settings.log_file or str(settings.data_dir / "logs" / "up.log"))
    try:
        asyncio.run(Supervisor(settings).run())
    except (RuntimeError, OSError) as problem:
        raise click.ClickException(str(problem) or type(problem).__name__) from problem


@click.group()
def serve() -> None:
    """Run one kind of process."""


def _run(work: Coroutine[Any, Any, None]) -> None:
    import uvloop

    uvloop.run(work)


def _prepare() -> Settings:
    settings = resolved_settings()
    configure(settings.log_level, settings.log_format, settings.log_file)
    supervisor = os.environ.get("STROWGER_SUPERVISOR")
    if supervisor:
        threading.Thread(target=_die_with, args=(int(supervisor),), daemon=True).start()
    return settings


def _die_with(supervisor: int) -> None:
    """End this process when its supervisor was killed, so that nothing is left behind."""
    while os.getppid() == supervisor:
        time.sleep(0.5)
    os.kill(os.getpid(), 15)


@serve.command("web")
def serve_web() -> None:
    """API and console."""
    from strowger.app import serve_web as run

    _run(run(_prepare()))


@serve.command("worker")
def serve_worker() -> None:
    """Pipeline, carriers and callbacks."""
    from strowger.worker import serve_worker as run

    _run(run(_prepare()))


@serve.command("smpp")
def serve_smpp() -> None:
    """Server for customers' SMPP clients."""
    from strowger.smpp import serve_smpp as run

    _run(run(_prepare()))


@serve.command("simulators")
def serve_simulators() -> None:
    """Simulated SMSC with handsets, mail server, HTTP gateway and OpenID Connect provider."""
    from strowger.simulators.main import run

    settings = read_settings()
    _prepare()
    run(
        settings.simulator_smpp_port,
        settings.simulator_http_port,
        mail_port=settings.simulator_mail_port,
        gateway_port=settings.simulator_gateway_port,
        openid_port=settings.simulator_openid_port,
    )


@click.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the database to the schema of this version."""
    from strowger.foundation.schema import head_revision
    from strowger.foundation.schema import migrate as run_migrations

    settings = resolved_settings()
    asyncio.run(run_migrations(settings.database_url))
    emit(as_json, {"revision": head_revision()}, f"The schema is at {head_revision()}.")


@click.command(hidden=True)
def prepare() -> None:
    """What ``up`` does before it starts the processes: the schema, and what a fresh database lacks."""
    from strowger.cli.first_start import first_start
    from strowger.foundation.database import OUTAGES
    from strowger.foundation.schema import migrate as run_migrations

    async def work(settings: Settings) -> None:
        await run_migrations(settings.database_url)
        await first_start(settings)

    try:
        asyncio.run(work(_prepare()))
    except (RuntimeError, *OUTAGES) as problem:
        raise click.ClickException(str(problem) or type(problem).__name__) from problem
