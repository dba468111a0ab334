"""``strowger up``: the embedded database and all processes, in order, watched, and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import click

from strowger.cli.ports import problem_with
from strowger.foundation.embedded import EmbeddedPostgres
from strowger.foundation.settings import Settings

COMMAND = (sys.executable, "-m", "strowger.cli")
READY_SECONDS = 60
STOP_SECONDS = 30
MAX_PAUSE = 5.0
STEADY_SECONDS = 30


@dataclass
class Child:
    """One supervised process."""

    name: str
    process: asyncio.subprocess.Process | None = None
    started: float = 0.0
    pause: float = 0.2
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Supervisor:
    """Starts, watches and stops everything that one installation runs on this machine."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        names = ["web", *(["smpp"] if settings.smpp_access else []), "worker"]
        names += ["simulators"] if settings.simulators else []
        self.children = [Child(name) for name in names]
        self.postgres = None if settings.database_url else EmbeddedPostgres(settings.data_dir / "postgres")
        self._stopping = asyncio.Event()
        self._lock: IO[str] | None = None

    async def run(self) -> None:
        """Run until SIGINT or SIGTERM."""
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        check_port(self.settings.http_host, self.settings.http_port)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stopping.set)
        watcher = None
        try:
            await self._start_database()
            for child in self.children:
                child.task = asyncio.create_task(self._keep(child))
            if self.postgres is not None:
                watcher = asyncio.create_task(self._keep_database())
            await self._announce()
            await self._stopping.wait()
        finally:
            if watcher is not None:
                watcher.cancel()
            await self._stop()

    def _take_lock(self) -> None:
        self._lock = (self.settings.data_dir / "up.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise click.ClickException(f"strowger already runs in {self.settings.data_dir}") from problem

    async def _start_database(self) -> None:
        if self.postgres is not None:
            url = await asyncio.to_thread(self.postgres.start)
            self.settings = replace(self.settings, database_url=url)
            (self.settings.data_dir / "database.url").write_text(url + "\n")
        await self._prepare()

    async def _prepare(self) -> None:
        """In a process of its own, whose memory ends with it: this one stays small for as long as the installation runs."""
        preparing = await asyncio.create_subprocess_exec(
            *COMMAND, "prepare", env=self._environment("up"), start_new_session=True
        )
        if await preparing.wait():
            raise click.exceptions.Exit(1)  # it has said why

    def _environment(self, name: str) -> dict[str, str]:
        own = {"STROWGER_DATABASE_URL": self.settings.database_url, "STROWGER_DATA_DIR": str(self.settings.data_dir)}
        if not self.settings.log_file:
            own["STROWGER_LOG_FILE"] = str(self.settings.data_dir / "logs" / f"{name}.log")
        return {**os.environ, **own, "STROWGER_SUPERVISOR": str(os.getpid())}

    async def _keep(self, child: Child) -> None:
        """Start a child and start it again whenever it ends, after a growing pause."""
        while not self._stopping.is_set():
            child.started = time.monotonic()
            # Its own session: Ctrl-C reaches the supervisor alone, which stops the children in order.
            child.process = await asyncio.create_subprocess_exec(
                *COMMAND, "serve", child.name, env=self._environment(child.name), start_new_session=True
            )
            code = await child.process.wait()
            if self._stopping.is_set():
                return
            lived = time.monotonic() - child.started
            child.pause = 0.2 if lived > STEADY_SECONDS else min(MAX_PAUSE, child.pause * 2)
            click.echo(f"{child.name} ended with {code}; starting it again", err=True)
            await asyncio.sleep(child.pause)

    async def _keep_database(self) -> None:
        assert self.postgres is not None
        while True:
            await asyncio.sleep(0.3)
            if not self.postgres.is_running() and not self._stopping.is_set():
                click.echo("PostgreSQL ended; starting it again", err=True)
                try:
                    await asyncio.to_thread(self.postgres.start)
                except RuntimeError as problem:
                    click.echo(str(problem), err=True)

    async def _announce(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not await self._ready():
            if self._stopping.is_set():
                return
            if time.monotonic() > deadline:
                click.echo(f"Not ready after {READY_SECONDS} s; see {self.settings.data_dir / 'logs'}", err=True)
                return
            await asyncio.sleep(0.1)
        where = self.settings.data_dir / "credentials.json"
        hint = f"  (sign in with {_short(where)})" if where.exists() else ""
        click.echo(f"Strowger is ready: {self.settings.base_url}{hint}")

    async def _ready(self) -> bool:
        """Whether the web process answers /readyz with 200: database there, a worker alive, the carriers' links up."""
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(_probe_host(self.settings.http_host), self.settings.http_port), 2
            )
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            status = await asyncio.wait_for(reader.readline(), 5)
            writer.close()
        except (TimeoutError, OSError):
            return False
        return b" 200 " in status

    async def _stop(self) -> None:
        """Web and SMPP first (nothing new comes in), then the worker (drains), then the simulators, then the database."""
        self._stopping.set()
        for child in self.children:
            await _end(child)
        if self.postgres is not None:
            await asyncio.to_thread(self.postgres.stop)


def check_port(host: str, port: int) -> None:
    """Say at once when another program has the port of the console, instead of answering to its name and starting for ever."""
    problem = problem_with(host, port)
    if problem is not None and problem.errno == errno.EADDRINUSE:
        raise click.ClickException(f"Port {port} is in use by another program. Set STROWGER_HTTP_PORT to a free one.")


async def _end(child: Child) -> None:
    if child.process is not None and child.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.process.terminate()
        try:
            await asyncio.wait_for(child.process.wait(), STOP_SECONDS)
        except TimeoutError:
            child.process.kill()
            await child.process.wait()
    if child.task is not None:
        child.task.cancel()


def _probe_host(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104


def _short(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
